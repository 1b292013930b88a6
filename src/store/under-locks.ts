import type pg from 'pg';
import { HeldLocks, NO_NAMES } from './held-locks.ts';
import { transaction } from './pool.ts';
import { withoutRaces } from './without-races.ts';

/** Where it runs, and who is told. */
export interface UnderLocks {
  readonly pool: pg.Pool;
  /** Called after a commit that wrote a fact: there is a fan-out to do. */
  readonly changed: () => void;
  /** What nobody else may decide at the same time. */
  readonly conditions?: readonly string[];
  /** How often it may start over. */
  readonly starts?: number;
}

/**
 * Runs work that writes facts in one transaction. What it says has changed is marked at the end of it. It runs again from the start where
 * it turned out to need more locks: those are then taken first.
 */
export const underLocks = async <T>(
  { pool, changed, conditions = [], starts }: UnderLocks,
  work: (tx: pg.PoolClient, locks: HeldLocks) => Promise<T>,
): Promise<T> => {
  const { answer, hasChanged } = await withoutRaces(
    (known) =>
      transaction(pool, async (tx) => {
        const locks = new HeldLocks(tx);
        await locks.take({ ...(known ?? NO_NAMES), conditions: [...new Set([...(known?.conditions ?? []), ...conditions])] });
        return { answer: await work(tx, locks), hasChanged: await locks.markChanged() };
      }),
    starts,
  );
  if (hasChanged) changed();
  return answer;
};
