import { setTimeout as sleep } from 'node:timers/promises';
import { IS_WHOLE } from '../support/breadth.ts';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { HELD_BACK } from '../support/fault-proxy.ts';
import type { AnyFault, FaultWorld } from './fault-world.ts';
import { AT_LAST, openFaultWorld } from './fault-world.ts';
import type { Delivery, FaultLane, Road } from './lane.ts';

interface Case {
  readonly fault: AnyFault;
  /** Nothing arrives while it lasts. */
  readonly stops: boolean;
  readonly secure?: true;
  /** Only these; all where it is left out. */
  readonly roads?: readonly Road[];
  /** Why attempts failed while it lasted, on every road. */
  readonly because?: string;
}

const ALL_CASES: readonly Case[] = [
  { fault: 'drop', stops: true },
  { fault: 'drop-answer', stops: false },
  { fault: 'delay', stops: false },
  { fault: 'double', stops: false },
  { fault: 'reorder', stops: false },
  { fault: 'truncate', stops: true },
  { fault: 'truncate-answer', stops: false },
  { fault: 'reset', stops: true },
  { fault: 'reset-after', stops: false },
  { fault: 'half-close', stops: false },
  { fault: 'slow-loris', stops: false },
  { fault: 'wrong-answer', stops: false },
  // Where an answer names what it answers. Elsewhere whoever can put words into the connection is believed: TLS is what keeps them out.
  { fault: 'false-answer', stops: true, roads: ['fhir-messaging', 'fhir-rest, read back', 'hl7v2-mllp', 'mesh'] },
  { fault: 'tls-stranger', stops: true, secure: true, because: 'not-connected' },
  { fault: 'tls-garbage', stops: true, secure: true, because: 'not-connected' },
  { fault: 'dns-private', stops: true, because: 'address-forbidden' },
  { fault: 'dns-gone', stops: true, because: 'not-connected' },
];

/** The lines of the checklists (delivery.md section 3) that a fault on a road shows. */
const SHOWS: Partial<Readonly<Record<Road, Partial<Readonly<Record<AnyFault, string>>>>>> = {
  'fhir-messaging': { drop: '3a.9.1', 'drop-answer': '3a.9.2', delay: '3a.9.3', 'false-answer': '3a.9.5' },
  'hl7v2-mllp': { 'drop-answer': '3b.10.1', delay: '3b.10.2', 'truncate-answer': '3b.10.6' },
};
const tagOf = (road: Road, fault: AnyFault): string => {
  const line = SHOWS[road]?.[fault];
  return line === undefined ? '' : `[${line}] `;
};

/** What was seen of one lane at the moments that matter. */
interface Seen {
  readonly lane: FaultLane;
  atFirst: {
    readonly holds: readonly string[];
    readonly isTold: boolean;
    readonly isAccepted: boolean;
    readonly because: readonly (string | null)[];
  };
  revokedAt: number;
  regivenAt: number;
  revoked: readonly string[];
  regiven: readonly string[];
  heardBefore: number;
  heardAfter: number;
}

/**
 * A road under each fault: a plan is approved, replaced by one of other words, and consent is taken back, all while the fault lasts. Then it stops; later
 * consent is given again, and a version is approved of which nothing new may be seen. What is asked is what lies in the recipient's own store.
 */
export const describeFaults = (road: Road): void => {
  // Every other one in the suite, each time the others; those that name a line of a checklist always.
  const turn = Math.floor(Math.random() * 2);
  const cases = ALL_CASES.filter(({ roads }) => roads?.includes(road) ?? true).filter(
    ({ fault }, at) => IS_WHOLE || at % 2 === turn || tagOf(road, fault) !== '',
  );
  const seen = new Map<Case, Seen>();
  const failed = new Map<Case, unknown>();
  let world: FaultWorld;
  let lanes: readonly (readonly [Case, FaultLane])[] = [];

  const attempts = async (lane: FaultLane): Promise<number> => (await lane.deliveries()).length;
  const update = (list: readonly Delivery[]) => list.filter(({ action }) => action === 'update');

  const play = async (lane: FaultLane, of: Case): Promise<Seen> => {
    const it: Seen = {
      lane,
      atFirst: { holds: [], isTold: false, isAccepted: false, because: [] },
      revokedAt: 0,
      regivenAt: 0,
      revoked: [],
      regiven: [],
      heardBefore: 0,
      heardAfter: 0,
    };
    world.put(lane, of.fault);
    await lane.approve(1, 'first words', 'one');
    await eventually(async () => {
      const deliveries = await lane.deliveries();
      const isAccepted = deliveries.some(({ outcome }) => outcome === 'accepted');
      const isTold = await lane.isTold();
      const holds = lane.store.holds();
      // Said to have arrived, it is to lie there: a subscriber reads a moment after it was told.
      expect((isAccepted && holds.length > 0) || isTold).toBe(true);
      it.atFirst = {
        holds,
        isTold,
        isAccepted,
        because: deliveries.flatMap(({ outcome, because }) => (outcome === 'open' ? [] : [because])),
      };
    }, AT_LAST);
    const before = await attempts(lane);
    await lane.approve(2, 'second words', 'one');
    await eventually(async () => expect((await attempts(lane)) > before || !(await lane.isOpen())).toBe(true), AT_LAST);
    await lane.consent('inactive');
    it.revokedAt = await world.now();
    const sent = await attempts(lane);
    // The recall is tried under the fault too, where anything may lie there.
    await eventually(async () => expect((await attempts(lane)) > sent || (await lane.isAtRest())).toBe(true), AT_LAST);
    world.put(lane, 'none');
    await world.rested(lane, 0);
    // Past the time in which anything that was held back may still come.
    await sleep(HELD_BACK * 2);
    it.revoked = await world.rested(lane, 0);
    it.regivenAt = await world.now();
    await lane.consent('active');
    it.regiven = await world.rested(lane, 1);
    it.heardBefore = lane.store.heard().length;
    await lane.approve(3, 'second words', 'another');
    it.regiven = await world.rested(lane, 1);
    it.heardAfter = lane.store.heard().length;
    return it;
  };

  beforeAll(async () => {
    world = await openFaultWorld(road);
    lanes = await Promise.all(cases.map(async (of, index) => [of, await world.open(`lane${index + 1}`, of.secure === true)] as const));
    await world.listening(lanes.map(([, lane]) => lane));
    // One that does not come to its end fails its own tests, and no other's.
    await Promise.all(
      lanes.map(async ([of, lane]) => {
        await play(lane, of).then(
          (it) => seen.set(of, it),
          (error: unknown) => failed.set(of, error),
        );
      }),
    );
  }, AT_LAST * 3);

  afterAll(() => world?.stop());

  const of = (it: Case): Seen => {
    const found = seen.get(it);
    if (found === undefined) throw failed.get(it) ?? new Error('it was not played');
    return found;
  };

  describe.each(cases)(`${road} under $fault`, (it) => {
    test('I12: while it lasted, what did not arrive was told of; what stops everything let nothing through', () => {
      const { atFirst } = of(it);
      if (it.stops) expect(atFirst).toMatchObject({ holds: [], isAccepted: false });
      if (it.because !== undefined) expect(atFirst.because).toContain(it.because);
      if (atFirst.holds.length === 0) expect(atFirst.isTold).toBe(true);
      expect(atFirst.isAccepted || atFirst.isTold).toBe(true);
    });

    test('I2: once it stopped, nothing lies there that was to be given up, also not what came late', () =>
      expect(of(it).revoked).toEqual([]));

    test(`${tagOf(road, it.fault)}I3: consent given again, it holds the words in force, once`, () => {
      const { regiven, lane } = of(it);
      expect(regiven).toHaveLength(1);
      expect(regiven[0]).toContain(`${lane.shown} second words`);
      expect(regiven[0]).not.toContain('first words');
    });

    test('I1: nothing was begun between the revocation and the new consent', async () => {
      const { lane, revokedAt, regivenAt } = of(it);
      const deliveries = update(await lane.deliveries());
      expect(deliveries.length).toBeGreaterThan(1);
      expect(deliveries.filter(({ begunAt }) => begunAt > revokedAt && begunAt < regivenAt)).toEqual([]);
      // What came in was begun by the ledger, all of it.
      const begun = new Set(deliveries.map(({ sequence }) => sequence));
      for (const sequence of lane.store.updates()) expect(begun).toContain(sequence);
    });

    test('I4: nothing that was not consented to ever came, and nobody else heard of this person', () => {
      const { lane } = of(it);
      for (const other of [...lanes.map(([, each]) => each), world.clean]) {
        const heard = other.store.heard().join('\n');
        expect(heard).not.toContain(lane.hidden);
        if (other !== lane || road === 'subscription') for (const word of [lane.shown, lane.number]) expect(heard).not.toContain(word);
        if (other !== lane) expect(other.store.holds().join('\n')).not.toContain(lane.shown);
      }
    });

    test('I5: a version of which nothing new may be seen is told to nobody', () => {
      const { heardBefore, heardAfter } = of(it);
      expect(heardAfter).toBe(heardBefore);
    });
  });

  test('the broker itself did not fail', () => expect(world.broken).toEqual([]));
};
