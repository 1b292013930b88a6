import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { TestDataDir } from '../support/data-dir.ts';
import { makeDataDir } from '../support/data-dir.ts';
import { hasRedis, startRedis } from '../support/redis.ts';
import { chance } from '../simulate/chance.ts';
import { difference, due, held, misdeliveries, numbersAtPolice } from './findings.ts';
import type { KilledRun } from './run-killed.ts';
import { runKilled, TIMES } from './run-killed.ts';
import { figures, untrailed } from './trail.ts';

let folder: TestDataDir;
let stops: (() => Promise<void>)[] = [];
const later = (stop: () => Promise<void>): void => void stops.unshift(stop);

beforeEach(async () => {
  folder = await makeDataDir();
});
afterEach(async () => {
  // In the reverse order: recipients before the broker that they ask.
  const ended: PromiseSettledResult<void>[] = [];
  for (const stop of stops) ended.push(...(await Promise.allSettled([stop()])));
  stops = [];
  await folder.remove();
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
}, 90_000);

/** What must hold after any run, asked of the recipients' own stores and of the trail. */
const look = async (killed: KilledRun, atLeast: number): Promise<void> => {
  const { people, town, processes, client } = killed;
  const counted = await figures(folder);
  const begun = Object.values(counted.deliveries).reduce((sum, n) => sum + n, 0);
  const { seen, wrong } = await untrailed(folder, town);
  console.info(
    JSON.stringify({
      persons: people.length,
      changes: people.reduce((sum, { states }) => sum + states.length, 0),
      ...counted,
      begun,
      received: {
        epr: town.epr.received().length,
        ed: town.ed.received().length,
        ambulance: town.ambulance.received().length,
        policeEvents: town.police.hook.events().length,
        policeReads: town.police.reads().length,
      },
      duplicates: town.epr.duplicates() + town.ed.duplicates() + town.ambulance.duplicates(),
      kills: processes.kills,
      retriedRequests: client.retries(),
      ready: killed.ready,
      seconds: killed.seconds,
      trailed: seen,
    }),
  );
  expect(processes.ended).toEqual([]);
  // With what the broker itself said of it.
  const logged = processes.logs().split('\n');
  const saidOf = (text: string): readonly string[] =>
    logged.filter((line) => text.includes(/"name":"([0-9a-f-]{36})"/.exec(line)?.[1] ?? '-none-'));
  expect(client.faults.map(({ status, text }) => [status, text, saidOf(text)])).toEqual([]);
  expect(difference(held(town), due(people))).toEqual({ tooMuch: [], missing: [], twice: [] });
  expect(misdeliveries(town, people, TIMES.sendBefore)).toEqual([]);
  expect(numbersAtPolice(town, people)).toBe(0);
  expect(wrong).toEqual([]);
  expect(counted).toMatchObject({ restless: 0, uncertain: 0, orphans: 0, lying: [] });
  expect(begun).toBeGreaterThanOrEqual(atLeast);
  expect(processes.kills.broker).toBeGreaterThan(0);
  expect(processes.kills.worker).toBeGreaterThan(0);
  expect(killed.ready).toMatchObject({ postgresAway: 503, postgresBack: 200 });
};

// The whole breadth is in `npm run test:long`. Forty at once starve the recipients of a slow machine, which live in this process: what they were sent
// in time they take in many seconds late.
const SIZE = process.env['KILL_BOTH'] === '1' ? { deliveries: 2_000, atOnce: 40 } : { deliveries: 250, atOnce: 12 };

describe('Processes are killed while plans are sent and revoked', () => {
  (hasRedis() ? test : test.skip)(
    'I1 I2 I3 I7: with the queue on Redis, emptied once, and PostgreSQL cut off once',
    async () => {
      const redis = await startRedis();
      later(redis.stop);
      const run = await runKilled({ folder, ...SIZE, redis, chance: chance(20_261_122), later });
      await look(run, SIZE.deliveries);
      expect(run.ready).toMatchObject({ queueAway: 503, queueBack: 200 });
    },
    400_000,
  );

  // Where there is Redis this is in `npm run test:long`.
  if (!hasRedis() || process.env['KILL_BOTH'] === '1')
    test('I1 I2 I3 I7: with the queue on PostgreSQL, cut off once', async () => {
      await look(await runKilled({ folder, deliveries: 500, atOnce: 12, redis: null, chance: chance(11), later }), 500);
    }, 300_000);
});
