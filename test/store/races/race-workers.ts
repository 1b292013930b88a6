import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { alterFunction } from '../altered-function.ts';
import type { Aim, Arena } from './arena.ts';
import { FROZEN, report } from './arena.ts';

interface Tally {
  /** Rounds in which both began. */
  both: number;
  /** Rounds in which the one that had lost its lease began. */
  stale: number;
  /** Begins that the index on open deliveries threw out. */
  thrown: number;
}

async function race({ ground, run, renew, aim }: Arena, rounds: number): Promise<Tally> {
  const ledger = ground.ledger();
  const tally: Tally = { both: 0, stale: 0, thrown: 0 };
  const begin = async ({ claim, look, want, attempt }: Aim): Promise<boolean> => {
    await wait(Math.random() * 2);
    try {
      return (await ledger.begin(claim, look, want, attempt, FROZEN)) !== null;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === '23505')) throw error;
      tally.thrown++;
      return false;
    }
  };
  await run(rounds, async (lane) => {
    await renew(lane);
    const first = await aim(ledger, lane);
    await ground.database.pool.query('UPDATE ledger_key SET lease_until = clock_timestamp() WHERE id = $1', [first.claim.keyId]);
    const second = await aim(ledger, lane);
    const [stale, current] = await Promise.all([begin(first), begin(second)]);
    if (stale) tally.stale++;
    if (stale && current) tally.both++;
    if (!stale && !current) throw new Error('neither began');
  });
  return tally;
}

const FENCE = [['AND k.fence = expected_fence', '']] as const;
const FENCE_AND_VERSION = [['AND k.fence = expected_fence AND k.version = expected_version', '']] as const;

/** Two workers on one key: the fence lets the one begin that holds the lease; version and index stand behind it. */
export function raceWorkers(arena: () => Arena, rounds: number, timeout: number): void {
  const without = async (passages: typeof FENCE | typeof FENCE_AND_VERSION, work: () => Promise<void>): Promise<void> => {
    const putBack = await alterFunction(arena().ground.database.owner, 'begin_delivery', passages);
    try {
      await work();
    } finally {
      await putBack();
    }
  };

  describe('two workers on one key', () => {
    test(
      `of ${rounds} only the one that holds the lease begins`,
      async () => {
        expect(await race(arena(), rounds)).toEqual({ both: 0, stale: 0, thrown: 0 });
      },
      timeout,
    );
    test(
      `of ${rounds} claims at the same time one is given`,
      async () => {
        const { ground, run, renew } = arena();
        const ledger = ground.ledger();
        await run(rounds, async (lane) => {
          await renew(lane);
          const claims = await Promise.all([ledger.claim(lane.service, 1), ledger.claim(lane.service, 1), ledger.claim(lane.service, 1)]);
          expect(claims.flat()).toHaveLength(1);
        });
      },
      timeout,
    );
    test(
      'without the fence the one that has lost its lease begins too; the version of the row still lets only one begin',
      () =>
        without(FENCE, async () => {
          const tally = await race(arena(), rounds);
          report(`two workers on one key, without the fence: of ${rounds} ${tally.stale} begin after their lease, ${tally.both} twice`);
          expect(tally.stale).toBeGreaterThan(0);
          expect(tally).toMatchObject({ both: 0, thrown: 0 });
        }),
      timeout,
    );
    test(
      'without fence and version the index on open deliveries lets one begin; without it too, both do',
      () =>
        without(FENCE_AND_VERSION, async () => {
          const { owner: pool } = arena().ground.database;
          const indexed = await race(arena(), rounds);
          expect(indexed.both).toBe(0);
          expect(indexed.thrown).toBeGreaterThan(0);
          await pool.query('DROP INDEX delivery_one_open');
          try {
            const bare = await race(arena(), rounds);
            report(
              `two workers on one key, without fence, version and index: of ${rounds} ${bare.both} begin twice; the index throws out ${indexed.thrown}`,
            );
            expect(bare.both).toBeGreaterThan(0);
          } finally {
            await pool.query(`UPDATE delivery SET outcome = 'unknown' WHERE outcome = 'open'`);
            await pool.query(`CREATE UNIQUE INDEX delivery_one_open ON delivery (key_id) WHERE outcome = 'open'`);
          }
        }),
      timeout,
    );
  });
}
