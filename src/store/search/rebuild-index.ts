import { createHash } from 'node:crypto';
import type pg from 'pg';
import { SEARCH_PARAMETERS } from '../../../profiles/search-parameters.ts';
import { statement, transaction } from '../pool.ts';
import { type BodyRow, bodyColumns, openBody } from '../keys/sealed-body.ts';
import { blindedRows } from './blinded-rows.ts';
import type { IndexRows } from './index-rows.ts';
import { type IndexColumns, INDEX_SQL, indexColumns } from './write-index.ts';

/** Raised when the same parameters make other rows (token-text.ts, fold-text.ts, index-rows.ts, blinded-rows.ts). */
const ROWS = 2;
const BATCH = 200;

/** By which parameters, and in which shape, this build makes the rows of the index. */
export const indexVersion = (rows = ROWS): string =>
  createHash('sha256')
    .update(JSON.stringify([rows, ...SEARCH_PARAMETERS]))
    .digest('base64url');

const begun = statement<[string], { readonly made_by: string; readonly done_to: string }>(
  'begin-search-index',
  // What another version began is begun again from the first resource.
  `INSERT INTO search_index AS s (made_by, rebuilding) VALUES ('', $1)
   ON CONFLICT (single) DO UPDATE SET rebuilding = $1, done_to = CASE WHEN s.rebuilding = $1 THEN s.done_to ELSE 0 END RETURNING made_by, done_to`,
);
const reached = statement<[string], never>('reach-search-index', 'UPDATE search_index SET done_to = $1::bigint');
const ended = statement<[string], never>('end-search-index', 'UPDATE search_index SET made_by = $1, rebuilding = NULL, done_to = 0');
const nextBatch = statement<[string, number], BodyRow & { readonly serial: string }>(
  'read-search-batch',
  `SELECT ${bodyColumns('r')}, r.serial FROM resource r WHERE r.serial > $1::bigint ORDER BY r.serial LIMIT $2 FOR UPDATE OF r`,
);
const writeIndex = statement<[string, ...IndexColumns], never>(
  'write-search-index',
  `WITH again AS (SELECT type, serial FROM resource WHERE serial = $1::bigint), ${INDEX_SQL('again', 2)}`,
);

/** What nobody can read any more is found by nothing. */
const foundByNothing = (owner: string): IndexRows => ({ searcher: owner, tokens: [], strings: [], dates: [] });

/**
 * Makes the index anew where it was made by other search parameters, and answers how many resources that took. Resources that are being
 * written wait for their batch. A second process that starts meanwhile waits, and finds the work done; one that was ended goes on where it was.
 */
export async function rebuildIndex(pool: pg.Pool, version = indexVersion()): Promise<number> {
  const { rows } = await pool.query<{ made_by: string }>('SELECT made_by FROM search_index');
  if (rows[0]?.made_by === version) return 0;
  let count = 0;
  for (;;) {
    const done = await transaction(pool, async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock(6, 0)');
      const [state] = await begun(tx, version);
      if (state === undefined) throw new Error('the index has a state');
      if (state.made_by === version) return 0;
      const batch = await nextBatch(tx, state.done_to, BATCH);
      for (const row of batch) {
        const resource = await openBody(tx, row);
        const found = resource === null ? foundByNothing(row.owner) : blindedRows(tx, resource, row.owner);
        await writeIndex(tx, row.serial, ...indexColumns(found));
      }
      const last = batch.at(-1);
      if (last === undefined) await ended(tx, version);
      else await reached(tx, last.serial);
      return batch.length;
    });
    if (done === 0) return count;
    count += done;
  }
}
