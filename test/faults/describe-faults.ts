import { isIP } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Ground } from '../store/ground.ts';
import { layGround } from '../store/ground.ts';
import { AUTHORITY_PEM } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import type { Fault } from '../support/fault-proxy.ts';
import { HELD_BACK } from '../support/fault-proxy.ts';
import type { Sending } from '../support/sending.ts';
import { openSending } from '../support/sending.ts';
import type { Delivery, FaultLane, Road } from './lane.ts';
import { openLane } from './lane.ts';

/** Milliseconds. A message is held back for longer than the broker waits for an answer, and arrives while it lives. */
const SEND_TIMEOUT = 500;
const SEND_BEFORE = 1_000;
const LIFETIME = 2_000;
/** However slow the machine is, nothing takes longer. */
const AT_LAST = 90_000;

interface Case {
  readonly fault: Fault | 'dns-private' | 'dns-gone';
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
  { fault: 'false-answer', stops: true, roads: ['fhir-messaging', 'fhir-rest, read back', 'hl7v2-mllp'] },
  { fault: 'tls-stranger', stops: true, secure: true, because: 'not-connected' },
  { fault: 'tls-garbage', stops: true, secure: true, because: 'not-connected' },
  { fault: 'dns-private', stops: true, because: 'address-forbidden' },
  { fault: 'dns-gone', stops: true, because: 'not-connected' },
];

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
  const cases = ALL_CASES.filter(({ roads }) => roads?.includes(road) ?? true);
  const names = new Map<string, string>();
  const seen = new Map<Case, Seen>();
  const trusted = getCACertificates('default');
  const failed = new Map<Case, unknown>();
  const opened: FaultLane[] = [];
  const faults: unknown[] = [];
  let ground: Ground;
  let sending: Sending;
  let clean: FaultLane;
  let isOver = false;
  const loops: Promise<void>[] = [];

  /** The broker at work for one recipient, until all is over. */
  const work = async (service: string): Promise<void> => {
    while (!isOver) {
      await sending.all(service).catch((error: unknown) => void faults.push(error));
      await sleep(60);
    }
  };
  const nowOf = async (): Promise<number> => {
    const { rows } = await ground.database.pool.query('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now');
    return Number(rows[0]?.now);
  };
  const at = (lane: FaultLane, of: Case, on: boolean): void => {
    if (of.fault === 'dns-private') names.set(`${lane.name}.test`, on ? '10.1.2.3' : '127.0.0.1');
    if (of.fault === 'dns-gone') names.set(`${lane.name}.test`, on ? '' : '127.0.0.1');
    // Also where names change: connections that are kept would never ask again.
    lane.proxy.set(on && of.fault !== 'dns-private' && of.fault !== 'dns-gone' ? of.fault : 'none');
  };
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
    at(lane, of, true);
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
    it.revokedAt = await nowOf();
    const sent = await attempts(lane);
    // The recall is tried under the fault too, where anything may lie there.
    await eventually(async () => expect((await attempts(lane)) > sent || (await lane.isAtRest())).toBe(true), AT_LAST);
    at(lane, of, false);
    const rested = async (holds: number): Promise<readonly string[]> => {
      await eventually(async () => {
        if (!(await lane.isOpen())) await lane.store.subscribeAgain();
        await lane.store.tidyUp();
        expect(lane.store.holds()).toHaveLength(holds);
        expect(await lane.isAtRest()).toBe(true);
      }, AT_LAST);
      return lane.store.holds();
    };
    await rested(0);
    // Past the time in which anything that was held back may still come.
    await sleep(HELD_BACK * 2);
    it.revoked = await rested(0);
    it.regivenAt = await nowOf();
    await lane.consent('active');
    it.regiven = await rested(1);
    it.heardBefore = lane.store.heard().length;
    await lane.approve(3, 'second words', 'another');
    it.regiven = await rested(1);
    it.heardAfter = lane.store.heard().length;
    return it;
  };

  beforeAll(async () => {
    setDefaultCACertificates([...trusted, AUTHORITY_PEM]);
    ground = await layGround(null, 'lay', LIFETIME);
    sending = openSending(ground, SEND_BEFORE, {
      sendTimeout: SEND_TIMEOUT,
      tls: { ca: AUTHORITY_PEM },
      resolve: async (host) => {
        const address = isIP(host) === 0 ? (names.get(host) ?? '') : host;
        if (address === '') throw new Error('no such name');
        return [{ address, family: 4 }];
      },
    });
    const foreign = (): Buffer | null => clean.proxy.lastAnswer();
    const open = async (name: string, secure: boolean): Promise<FaultLane> => {
      names.set(`${name}.test`, '127.0.0.1');
      // A certificate names an address here.
      const lane = await openLane(ground, road, name, { secure, host: secure ? '127.0.0.1' : `${name}.test`, foreign });
      await lane.consent('active');
      loops.push(work(lane.service));
      return lane;
    };
    clean = await open('lane0', false);
    await clean.approve(1, 'first words', 'one');
    await eventually(() => expect(clean.store.holds()).toHaveLength(1), AT_LAST);
    const lanes = await Promise.all(cases.map(async (of, index) => [of, await open(`lane${index + 1}`, of.secure === true)] as const));
    if (road === 'subscription') {
      // Its handshake comes before any trouble.
      await eventually(async () => {
        for (const [, lane] of lanes) if (!(await lane.isOpen())) await lane.store.subscribeAgain();
        const { rows } = await ground.database.pool.query(`SELECT FROM destination WHERE handshake_due OR NOT (facts->>'open')::boolean`);
        expect(rows).toEqual([]);
      }, AT_LAST);
    }
    // One that does not come to its end fails its own tests, and no other's.
    await Promise.all(
      lanes.map(async ([of, lane]) => {
        opened.push(lane);
        await play(lane, of).then(
          (it) => seen.set(of, it),
          (error: unknown) => failed.set(of, error),
        );
      }),
    );
  }, AT_LAST * 3);

  afterAll(async () => {
    isOver = true;
    await Promise.all(loops);
    for (const lane of opened) await lane.stop();
    await clean?.stop();
    await sending?.close();
    await ground?.close();
    setDefaultCACertificates(trusted);
  });

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

    test('I3: consent given again, it holds the words in force, once', () => {
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
      for (const other of [...opened, clean]) {
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

  test('the broker itself did not fail', () => expect(faults).toEqual([]));
};
