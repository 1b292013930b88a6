import { Anomaly } from '../../../src/model/anomaly.ts';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { openStore } from '../../../src/store/store.ts';
import { alterFunction } from '../altered-function.ts';
import { caller } from '../ground.ts';
import type { Arena } from './arena.ts';
import { report } from './arena.ts';
import { REVOCATION } from './forbidding.ts';
import { testApproving } from '../../support/test-approving.ts';

/** What is busy for five seconds, as on a slow machine, is asked for again, as its caller is told to. */
const untilNotBusy = async <T>(ask: () => Promise<T>): Promise<T> => {
  for (let tried = 1; ; tried += 1) {
    try {
      return await ask();
    } catch (fault) {
      if (!(fault instanceof Anomaly) || fault.category !== 'busy' || tried === 5) throw fault;
    }
  }
};

interface Tally {
  shown: number;
  empty: number;
  /** Looked up after the revocation had answered, and shown. */
  afterwards: number;
  /** Shown after the revocation by the order of their commits. */
  late: number;
}

async function race({ ground, lanes, watch, run }: Arena, rounds: number): Promise<Tally> {
  const tally: Tally = { shown: 0, empty: 0, afterwards: 0, late: 0 };
  await watch.count();
  await run(rounds, async (lane, round) => {
    await REVOCATION.allow(ground, lane, round);
    let revokedAt = Number.POSITIVE_INFINITY;
    const reader = async (): Promise<void> => {
      for (;;) {
        const askedAt = performance.now();
        const plans = await ground.store.lookUp(caller(lane.ods, 'ed'), { nhsNumber: lane.number }, true);
        if (plans.length === 0) tally.empty++;
        else tally.shown++;
        if (askedAt <= revokedAt) continue;
        if (plans.length > 0) tally.afterwards++;
        return;
      }
    };
    const revoke = async (): Promise<void> => {
      await wait(Math.random() * 3);
      await REVOCATION.forbid(ground, lane, round);
      revokedAt = performance.now();
    };
    await Promise.all([reader(), revoke()]);
  });
  tally.late = await watch.count();
  for (const lane of lanes) await REVOCATION.allow(ground, lane, 0);
  return tally;
}

/** What widens the moment between the decision of a read and its commit. */
const SLOWER = ['END IF;\nEND', 'END IF;\n  PERFORM pg_sleep(0.002);\nEND'] as const;

/** A look-up against a revocation. */
export function raceRead(arena: () => Arena, rounds: number, timeout: number): void {
  describe('a look-up against a revocation', () => {
    test(
      `I1: of ${rounds} none shows content after it has committed`,
      async () => {
        const tally = await race(arena(), rounds);
        expect(tally).toMatchObject({ afterwards: 0, late: 0 });
        expect(tally.shown).toBeGreaterThan(rounds / 4);
        expect(tally.empty).toBeGreaterThanOrEqual(rounds);
      },
      timeout,
    );
    test(
      'forty who look at one person at the same time, from four processes, are all shown it',
      async () => {
        const { ground, lanes } = arena();
        const [lane] = lanes;
        if (lane === undefined) throw new Error('there is no lane');
        const options = { epoch: 1, messageLifetime: 60_000, approving: testApproving, changed: () => {}, queueAnswers: async () => {} };
        const stores = Array.from({ length: 4 }, () => openStore(ground.database.pool, options));
        const looks = stores.flatMap((store) =>
          Array.from({ length: 10 }, () => untilNotBusy(() => store.lookUp(caller(lane.ods, 'ed'), { nhsNumber: lane.number }, true))),
        );
        expect((await Promise.all(looks)).map((plans) => plans.length)).toEqual(looks.map(() => 1));
      },
      timeout,
    );
    test.each([
      [
        'the policy lock',
        [
          ['PERFORM pg_advisory_xact_lock_shared(1, hashtext(person_id::text))', 'PERFORM pg_advisory_xact_lock_shared(1, 0)'],
          ['pg_try_advisory_xact_lock_shared(1, hashtext(person_id::text))', 'pg_try_advisory_xact_lock_shared(1, 0)'],
          SLOWER,
        ],
      ],
      ['the second decision', [['(SELECT p.epoch FROM person p WHERE p.id = person_id), 0) = person_epoch', '0, 0) = 0']]],
    ] as const)(
      'without %s some do',
      async (protection, passages) => {
        const putBack = await alterFunction(arena().ground.database.owner, 'begin_read_of_one', passages);
        try {
          const tally = await arena().runUntilLost(rounds, async (some) => (await race(arena(), some)).late);
          report(`a look-up against ${REVOCATION.fact}, without ${protection}: of ${tally.rounds} ${tally.lost} show content too late`);
          expect(tally.lost).toBeGreaterThan(0);
        } finally {
          await putBack();
        }
      },
      timeout,
    );
  });
}
