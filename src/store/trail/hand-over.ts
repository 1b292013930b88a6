import { createHash } from 'node:crypto';
import type pg from 'pg';
import { statement } from '../pool.ts';
import { type HeadRow, toHead } from './head-row.ts';

const PAGE = 100;
const LAST = 'coalesce((SELECT serial FROM trail_handed WHERE witness = $1), 0)';

const waiting = statement<[string, number], HeadRow & { serial: string; public_key: string }>(
  'heads-to-hand-over',
  `SELECT h.serial, h.stream, h.size, h.root, h.link, h.signed_at, h.key_id, h.signature, k.public_key
     FROM trail_head h JOIN trail_key k ON k.id = h.key_id WHERE h.serial > ${LAST} ORDER BY h.serial LIMIT $2`,
);
const count = statement<[string], { waiting: string }>(
  'count-heads-to-hand-over',
  `SELECT count(*) AS waiting FROM trail_head WHERE serial > ${LAST}`,
);
const accepted = statement<[string, string], never>(
  'head-handed-over',
  // Another process may be further.
  'SELECT trail_handed_over($1, $2)',
);

/** Brings one head, a line of JSON, to the second owner. Throws where it was not accepted. */
export type Post = (line: string) => Promise<void>;

/** A second owner behind an address. */
export interface Witness {
  /**
   * Hands over, in the order in which they were signed, the heads that were not yet accepted. Throws at the first that is not: it and those after it
   * come next time. One that was accepted just before the process died, or by another process, comes twice.
   */
  handOver(): Promise<void>;
  /** How many heads were not yet accepted. */
  waiting(): Promise<number>;
}

/** The second owner at an address; what it has accepted is kept in the database, so that a stop or a crash loses no head. */
export const openWitness = (pool: pg.Pool, url: string, post: Post): Witness => {
  const witness = createHash('sha256').update(url).digest('hex');
  return {
    handOver: async () => {
      for (;;) {
        const rows = await waiting(pool, witness, PAGE);
        for (const row of rows) {
          await post(JSON.stringify({ ...toHead(row), publicKey: row.public_key }));
          await accepted(pool, witness, row.serial);
        }
        // Those that were signed meanwhile go at once.
        if (rows.length === 0) return;
      }
    },
    waiting: async () => Number((await count(pool, witness))[0]?.waiting ?? 0),
  };
};
