import { randomUUID, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import type pg from 'pg';
import { FLAG_HASH } from '../../model/flag-list.ts';
import type { Instant } from '../../model/instant.ts';
import { keysOf } from '../keys/keys-of.ts';
import { statement } from '../pool.ts';

const derive = promisify<string, Buffer, number, object, Buffer>(scrypt);
const { cost: N, blockSize: r, parallelization: p, length } = FLAG_HASH;
const OPTIONS = { N, r, p, maxmem: 256 * N * r };

/** Of this process: one at a time, so that of the threads that also resolve names and read files the others stay free. */
let last: Promise<unknown> = Promise.resolve();
const hashOf = (nhsNumber: string, salt: Buffer): Promise<Buffer> => {
  const next = last.then(() => derive(nhsNumber, salt, length, OPTIONS));
  last = next.catch(() => {}); // told to the one who asked
  return next;
};

/** A builder that says nothing for so long is gone, and another takes over. */
const LEASE_MS = 10_000;
const take = statement<[string, string, number], { id: string }>(
  'take-flag-list',
  `UPDATE flag_list SET builder = $2::uuid, lease_until = clock_timestamp() + $3 * interval '1 millisecond'
    WHERE id = $1::uuid AND (builder IS NULL OR lease_until < clock_timestamp()) RETURNING id`,
);
const keep = statement<[string, string, string, Buffer, number, Instant], { id: string }>(
  'keep-flag-hash',
  `WITH mine AS (UPDATE flag_list SET lease_until = clock_timestamp() + $5 * interval '1 millisecond', hashed = hashed + 1
                  WHERE id = $1::uuid AND builder = $2::uuid RETURNING id)
   INSERT INTO flag_list_hash (list_id, number, hash, until) SELECT id, $3, $4, to_timestamp($6::double precision / 1000) FROM mine
   ON CONFLICT DO NOTHING RETURNING list_id AS id`,
);
const release = statement<[string, string], never>(
  'release-flag-list',
  'UPDATE flag_list SET builder = NULL, lease_until = NULL WHERE id = $1::uuid AND builder = $2::uuid',
);
const known = statement<[string], { number: string; hash: Buffer }>(
  'flag-hashes',
  'SELECT number, hash FROM flag_list_hash WHERE list_id = $1::uuid',
);

/** What was computed for a list, in hex, by the blind index of each number. */
export const hashesOf = async (pool: pg.Pool, list: string): Promise<ReadonlyMap<string, string>> =>
  new Map((await known(pool, list)).map(({ number, hash }) => [number, hash.toString('hex')]));

/** Computes the entries of some numbers, unless another process does. It goes on by itself, beside whatever else there is to do. */
export const buildHashes = async (
  pool: pg.Pool,
  list: { readonly id: string; readonly until: Instant; readonly salt: Buffer },
  numbers: readonly string[],
): Promise<void> => {
  const builder = randomUUID();
  if ((await take(pool, list.id, builder, LEASE_MS)).length === 0) return;
  const { index } = keysOf(pool);
  try {
    // Looked at under the lease: another builder may have ended between the look that found them missing and now.
    const done = await hashesOf(pool, list.id);
    for (const number of numbers.filter((each) => !done.has(index.number(each)))) {
      const hash = await hashOf(number, list.salt);
      // Whoever has lost the lease stops: the list has another builder, or has ended.
      if ((await keep(pool, list.id, builder, index.number(number), hash, LEASE_MS, list.until)).length === 0) return;
    }
  } finally {
    await release(pool, list.id, builder);
  }
};
