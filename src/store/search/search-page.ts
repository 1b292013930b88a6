import { createHash, randomBytes } from 'node:crypto';
import type { Sorted } from '../door.ts';
import { type Sql, statement } from '../pool.ts';
import { readSerials, sortedSerials } from './run-search.ts';
import type { Search } from './search.ts';

// The id is in the URL of a page: who reads the table has no page.
const hashOf = (id: string): string => createHash('sha256').update(id).digest('base64url');

/** Pages of one caller: of 80 KB each at most, and an hour of a thousand sorted searches a second would fill a disk. The oldest go. */
const MOST_KEPT = 2_000;

const keep = statement<[string, string, readonly number[], string | null], never>(
  'keep-search-page',
  `WITH ended AS (DELETE FROM search_page WHERE ends_at < clock_timestamp()),
   many AS (DELETE FROM search_page WHERE id IN (
     SELECT id FROM search_page WHERE owner = $2 ORDER BY ends_at DESC OFFSET ${MOST_KEPT - 1}))
   INSERT INTO search_page (id, owner, serials, token, ends_at) VALUES ($1, $2, $3::bigint[], $4, clock_timestamp() + interval '1 hour')`,
);
const readToken = statement<[string, string], { readonly token: string | null }>(
  'read-search-token',
  'SELECT token FROM search_page WHERE id = $1 AND owner = $2 AND ends_at > clock_timestamp()',
);
const readKept = statement<[string, string, number, number], { readonly serials: string[]; readonly total: number }>(
  'read-search-page',
  `SELECT serials[$3::integer + 1:$3::integer + $4::integer] AS serials, cardinality(serials) AS total FROM search_page
    WHERE id = $1 AND owner = $2 AND ends_at > clock_timestamp()`,
);

const newId = (): string => randomBytes(18).toString('base64url');

/** Keeps a token for an hour, and answers a short id in its place. */
export async function keepToken(sql: Sql, token: string, owner: string): Promise<string> {
  const id = newId();
  await keep(sql, hashOf(id), owner, [], token);
  return id;
}

/** A token that was kept; null where it has ended, or is another's. */
export const keptToken = async (sql: Sql, id: string, owner: string): Promise<string | null> =>
  (await readToken(sql, hashOf(id), owner))[0]?.token ?? null;

/**
 * The first page of a sorted search. What matches now, in its order, is kept for an hour where there is more: pages of it lose and double
 * nothing, whatever is written meanwhile.
 */
export async function sortResources(sql: Sql, search: Search, owner: string): Promise<Sorted> {
  const serials = await sortedSerials(sql, search);
  const rows = await readSerials(sql, serials.slice(0, search.count));
  const total = serials.length;
  if (search.count === 0 || total <= search.count) return { id: null, rows, total };
  const id = newId();
  await keep(sql, hashOf(id), owner, serials, null);
  return { id, rows, total };
}

/** A part of kept matches, from the place given; null where they have ended, or are another's. What was deleted since is left out. */
export async function sortedPage(sql: Sql, id: string, owner: string, from: number, count: number): Promise<Omit<Sorted, 'id'> | null> {
  const [row] = await readKept(sql, hashOf(id), owner, from, count);
  return row === undefined ? null : { rows: await readSerials(sql, row.serials.map(Number)), total: row.total };
}
