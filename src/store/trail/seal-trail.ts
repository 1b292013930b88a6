import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { type Frontier, leafOf, linkOf, originOf, withLeaf } from '../../decide/trail/merkle.ts';
import { type Sql, statement, transaction } from '../pool.ts';

/** Rows that one transaction seals at most. */
const MOST = 2_000;

interface Cursor {
  readonly mine: boolean;
  readonly is_over: boolean;
  readonly watched_id: string;
}
const look = statement<[], Cursor>(
  'look-at-trail',
  // One process at a time. What is watched is over when every transaction that ran then has ended: no row up to it can still come. Two seconds
  // besides: a row has its number a moment before its transaction has one.
  `SELECT pg_try_advisory_xact_lock(9, 0) AS mine, watched_id,
          pg_snapshot_xmin(pg_current_snapshot()) >= watched_xid AND watched_at < clock_timestamp() - interval '2 seconds' AS is_over
     FROM trail_cursor`,
);
const unsealed = statement<[number], { id: string; stream: string; content: string; is_erased: boolean }>(
  'unsealed-rows',
  `SELECT a.id, coalesce('publisher ' || p.publisher, 'asker ' || a.organization) AS stream, trail_content(a) AS content,
          coalesce(a.at < k.destroyed_at AND a.event <> 'erase', false) AS is_erased
     FROM audit a LEFT JOIN plan p ON p.id = a.plan_id LEFT JOIN person_key k ON k.id = p.patient_id
    WHERE a.id > (SELECT final_id FROM trail_cursor) AND NOT EXISTS (SELECT FROM trail_link l WHERE l.audit_id = a.id) ORDER BY a.id LIMIT $1`,
);
const streamsOf = statement<[readonly string[]], { stream: string; size: string; link: Buffer; frontier: Buffer[] }>(
  'streams-of-trail',
  'SELECT stream, size, link, frontier FROM trail_stream WHERE stream = ANY($1::text[])',
);
const addLinks = statement<
  [readonly string[], readonly number[], readonly string[], readonly Buffer[], readonly Buffer[], readonly (Buffer | null)[]],
  never
>(
  'add-links',
  // Of a row whose person was erased before it was sealed no salt is kept.
  `WITH one AS (SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bytea[], $6::bytea[]) AS one(stream, number, audit_id, leaf, link, salt)),
   salted AS (INSERT INTO trail_salt (audit_id, salt) SELECT audit_id, salt FROM one WHERE salt IS NOT NULL)
   INSERT INTO trail_link (stream, number, audit_id, leaf, link) SELECT stream, number, audit_id, leaf, link FROM one`,
);
const putStream = statement<[string, number, Buffer, readonly Buffer[]], never>('put-stream', 'SELECT trail_put_stream($1, $2, $3, $4)');
const moveOn = statement<[string], never>('move-trail-cursor', 'SELECT trail_move_on($1)');

interface Stream {
  size: number;
  link: Buffer;
  frontier: Frontier;
}

/** Seals the rows of the trail that were committed since, in order of their number; answers how many, or null where another process does. */
export const sealTrail = (pool: pg.Pool): Promise<number | null> =>
  transaction(pool, async (tx) => {
    const [at] = await look(tx);
    if (at === undefined) throw new Error('the trail has a cursor');
    if (!at.mine) return null;
    const rows = await unsealed(tx, MOST);
    if (rows.length > 0) await sealRows(tx, rows);
    // What was not read to its end is watched on.
    if (rows.length < MOST && at.is_over) await moveOn(tx, at.watched_id);
    return rows.length;
  });

async function sealRows(
  sql: Sql,
  rows: readonly { readonly id: string; readonly stream: string; readonly content: string; readonly is_erased: boolean }[],
): Promise<void> {
  const names = [...new Set(rows.map(({ stream }) => stream))].sort();
  const streams = new Map<string, Stream>(names.map((name) => [name, { size: 0, link: originOf(name), frontier: [] }]));
  for (const { stream, size, link, frontier } of await streamsOf(sql, names)) streams.set(stream, { size: Number(size), link, frontier });
  const links = rows.map(({ id, stream: name, content, is_erased: isErased }) => {
    const stream = streams.get(name);
    if (stream === undefined) throw new Error('every stream is there');
    const salt = randomBytes(32);
    const leaf = leafOf(salt, content);
    stream.frontier = withLeaf(stream.frontier, stream.size, leaf);
    stream.link = linkOf(stream.link, leaf);
    stream.size += 1;
    return { id, name, number: stream.size, salt: isErased ? null : salt, leaf, link: stream.link };
  });
  await addLinks(
    sql,
    links.map(({ name }) => name),
    links.map(({ number }) => number),
    links.map(({ id }) => id),
    links.map(({ leaf }) => leaf),
    links.map(({ link }) => link),
    links.map(({ salt }) => salt),
  );
  for (const [name, { size, link, frontier }] of streams) await putStream(sql, name, size, link, frontier);
}
