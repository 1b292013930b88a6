import type pg from 'pg';
import { doorKey } from './door-key.ts';
import { statement } from './pool.ts';

/** By what confirmations of matches are sealed, and how each is spent once: the same for every process of a database. */
export interface Confirming {
  /** 32 bytes, made of the broker's own secret. */
  readonly key: Uint8Array;
  /** Spends one, for so many milliseconds; false where somebody has already. */
  spend(nonce: string, within: number): Promise<boolean>;
}

const spend = statement<[string, number], { nonce: string }>(
  'spend-confirmation',
  // One that ran out gives its place up; of two that come at once one is too late.
  `WITH over AS (DELETE FROM spent_confirmation WHERE nonce IN (
     SELECT nonce FROM spent_confirmation WHERE ends_at < clock_timestamp() ORDER BY ends_at LIMIT 100 FOR UPDATE SKIP LOCKED))
   INSERT INTO spent_confirmation (nonce, ends_at) VALUES ($1, clock_timestamp() + $2 * interval '1 millisecond')
   ON CONFLICT (nonce) DO NOTHING RETURNING nonce`,
);

/** What the doors of a database share about confirmations. */
export const openConfirming = (pool: pg.Pool): Confirming => ({
  get key() {
    return doorKey(pool, 'match confirmation');
  },
  spend: async (nonce, within) => (await spend(pool, nonce, within)).length === 1,
});
