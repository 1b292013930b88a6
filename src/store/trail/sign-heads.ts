import { sign } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import type pg from 'pg';
import { type Head, type SignedHead, signedBytes } from '../../decide/trail/head.ts';
import { rootOf } from '../../decide/trail/merkle.ts';
import { type Sql, statement, transaction } from '../pool.ts';
import type { TrailKey } from './trail-keys.ts';

const grown = statement<[string], { stream: string; size: string; link: Buffer; frontier: Buffer[] }>(
  'streams-that-grew',
  `SELECT s.stream, s.size, s.link, s.frontier FROM trail_stream s
    WHERE NOT EXISTS (SELECT FROM trail_head h WHERE h.stream = s.stream AND h.size = s.size AND h.key_id = $1) ORDER BY s.stream`,
);
const addHead = statement<[string, number, Buffer, Buffer, string, string, Buffer], never>(
  'add-head',
  `INSERT INTO trail_head (stream, size, root, link, signed_at, key_id, signature) VALUES ($1, $2, $3, $4, $5::timestamptz, $6, $7)
   ON CONFLICT DO NOTHING`,
);
const addKey = statement<[string, string], never>(
  'add-trail-key',
  'INSERT INTO trail_key (id, public_key) VALUES ($1, $2) ON CONFLICT DO NOTHING',
);

/** Tells whoever checks by which key heads were signed. */
export const noteTrailKey = async (sql: Sql, { id, publicKey }: TrailKey): Promise<void> => void (await addKey(sql, id, publicKey));

const mine = statement<[], { mine: boolean }>('sign-heads-alone', 'SELECT pg_try_advisory_xact_lock(9, 1) AS mine');

/**
 * Signs a head of each stream that grew since its last, and hands them to the second owner: a file that only grows, on a disk that whoever owns the
 * database does not own. It is written before the database: a head that is there and not here is a fork, and one that is here and not there is none.
 * One process at a time: heads are numbered in the order in which they are committed.
 */
export const signHeads = (pool: pg.Pool, key: TrailKey, witness: string, now: Date): Promise<number> =>
  transaction(pool, async (tx) => {
    if ((await mine(tx))[0]?.mine !== true) return 0;
    const heads = (await grown(tx, key.id)).map(({ stream, size, link, frontier }): readonly [SignedHead, Buffer, Buffer] => {
      const root = rootOf(frontier);
      const head: Head = {
        stream,
        size: Number(size),
        root: root.toString('base64'),
        link: link.toString('base64'),
        at: now.toISOString(),
      };
      return [{ ...head, key: key.id, signature: sign(null, signedBytes(head), key.privateKey).toString('base64') }, root, link];
    });
    if (heads.length === 0) return 0;
    const lines = heads.map(([head]) => JSON.stringify({ ...head, publicKey: key.publicKey }));
    await appendFile(witness, `${lines.join('\n')}\n`, { mode: 0o600, flush: true });
    for (const [{ stream, size, at, signature }, root, link] of heads)
      await addHead(tx, stream, size, root, link, at, key.id, Buffer.from(signature, 'base64'));
    return heads.length;
  });
