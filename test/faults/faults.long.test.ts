import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chance } from '../simulate/chance.ts';
import { HELD_BACK } from '../support/fault-proxy.ts';
import type { AnyFault, FaultWorld } from './fault-world.ts';
import { AT_LAST, openFaultWorld } from './fault-world.ts';
import type { FaultLane, Road } from './lane.ts';

/** Seeds: each is one recipient of a road, whose troubles and facts follow one another by chance. */
const SEEDS = Array.from({ length: 16 }, (_, index) => index + 1);
const TURNS = 14;
const ROADS: readonly Road[] = ['fhir-messaging', 'fhir-rest', 'fhir-rest, read back', 'hl7v2-mllp', 'subscription'];
const FAULTS: readonly AnyFault[] = [
  'none',
  'drop',
  'drop-answer',
  'delay',
  'double',
  'reorder',
  'truncate',
  'truncate-answer',
  'reset',
  'reset-after',
  'half-close',
  'slow-loris',
  'wrong-answer',
  'dns-private',
  'dns-gone',
];

/** What was done to one recipient, and what lay there once all was quiet. */
interface Played {
  readonly lane: FaultLane;
  readonly words: string;
  readonly isPermitted: boolean;
  /** Spans in which nothing may be begun, by the database's clock. */
  readonly forbidden: readonly (readonly [from: number, to: number])[];
  readonly holds: readonly string[];
}

describe.each(ROADS)('%s: faults, versions and consents by chance', (road) => {
  const played = new Map<number, Played | Error>();
  let world: FaultWorld;

  const play = async (seed: number, lane: FaultLane): Promise<Played> => {
    const dice = chance(seed);
    let version = 1;
    let isPermitted = true;
    let since = 0;
    const forbidden: [number, number][] = [];
    const approve = async (): Promise<void> => lane.approve(version, `words of version ${version}!`, 'one');
    world.put(lane, dice.of(FAULTS));
    await approve();
    for (let turn = 0; turn < TURNS; turn += 1) {
      await sleep(dice.below(700));
      if (dice.is(0.5)) world.put(lane, dice.of(FAULTS));
      if (dice.is(0.35)) {
        version += 1;
        await approve();
      }
      if (dice.is(0.4)) {
        if (!isPermitted) forbidden.push([since, await world.now()]);
        isPermitted = !isPermitted;
        await lane.consent(isPermitted ? 'active' : 'inactive');
        since = await world.now();
      }
    }
    world.put(lane, 'none');
    await world.rested(lane, isPermitted ? 1 : 0);
    await sleep(HELD_BACK * 2);
    const holds = await world.rested(lane, isPermitted ? 1 : 0);
    if (!isPermitted) forbidden.push([since, await world.now()]);
    return { lane, words: `words of version ${version}!`, isPermitted, forbidden, holds };
  };

  beforeAll(async () => {
    world = await openFaultWorld(road);
    const lanes = await Promise.all(SEEDS.map(async (seed) => [seed, await world.open(`lane${seed}`, false)] as const));
    await world.listening(lanes.map(([, lane]) => lane));
    await Promise.all(
      lanes.map(([seed, lane]) =>
        play(seed, lane).then(
          (it) => played.set(seed, it),
          (error: Error) => played.set(seed, error),
        ),
      ),
    );
  }, AT_LAST * 4);
  afterAll(() => world?.stop());

  test.each(SEEDS)('I1 I2 I3 I4: seed %i ends as it should, and nothing was begun meanwhile that a fact forbade', async (seed) => {
    const it = played.get(seed);
    if (it === undefined || it instanceof Error) throw it ?? new Error('it was not played');
    const { lane, words, isPermitted, forbidden, holds } = it;
    expect(holds).toHaveLength(isPermitted ? 1 : 0);
    if (isPermitted) expect(holds[0]).toContain(words);
    const updates = (await lane.deliveries()).filter(({ action }) => action === 'update');
    for (const [from, to] of forbidden) expect(updates.filter(({ begunAt }) => begunAt > from && begunAt < to)).toEqual([]);
    const begun = new Set(updates.map(({ sequence }) => sequence));
    for (const sequence of lane.store.updates()) expect(begun).toContain(sequence);
    for (const other of [...played.values(), { lane: world.clean }]) {
      if (other instanceof Error) continue;
      const heard = other.lane.store.heard().join('\n');
      expect(heard).not.toContain(lane.hidden);
      if (other.lane !== lane) for (const word of [lane.shown, lane.number]) expect(heard).not.toContain(word);
    }
    expect(world.broken).toEqual([]);
  });
});
