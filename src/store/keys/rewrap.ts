import type pg from 'pg';
import { statement, transaction } from '../pool.ts';
import { keysOf } from './keys-of.ts';

const BATCH = 500;

const wrappedByOthers = statement<[string, number], { id: string; wrapped: string }>(
  'keys-to-rewrap',
  'SELECT id, wrapped FROM person_key WHERE wrapped IS NOT NULL AND kek_id <> $1 ORDER BY id LIMIT $2 FOR UPDATE',
);
const putWrapped = statement<[string], never>(
  'put-rewrapped-keys',
  `UPDATE person_key k SET wrapped = one.wrapped, kek_id = one."kekId"
     FROM jsonb_to_recordset($1) AS one(id text, wrapped text, "kekId" text) WHERE k.id = one.id AND k.wrapped IS NOT NULL`,
);

/** Wraps every data key by the newest key-encryption key, and answers how many that took. Nothing that they seal is touched. */
export async function rewrapKeys(pool: pg.Pool): Promise<number> {
  const keys = keysOf(pool);
  for (let count = 0; ; ) {
    const done = await transaction(pool, async (tx) => {
      const rows = await wrappedByOthers(tx, keys.kekId, BATCH);
      const again = await Promise.all(rows.map(async ({ id, wrapped }) => ({ id, ...(await keys.rewrap(wrapped)) })));
      await putWrapped(tx, JSON.stringify(again));
      return rows.length;
    });
    count += done;
    if (done < BATCH) return count;
  }
}
