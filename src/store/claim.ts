import { settledUnknown } from '../decide/attempt.ts';
import type { Ledger } from '../model/ledger.ts';
import { type Sql, statement } from './pool.ts';

/** A key that this worker has claimed; the fence goes with each of its writes. */
export interface ClaimedKey {
  readonly keyId: string;
  readonly recipientId: string;
  readonly fence: number;
  /** What may be done with it now: anything; nothing but a recall; or nothing at all, for it is only looked at. */
  readonly may: 'send' | 'recall' | 'look';
}

// Rank by rank, each along (recipient_id, rank, look_at), and by the time of the statement, which an index can be asked for: with
// clock_timestamp() and one order over both ranks every claim read all the keys that rest (measured: 10 ms over 2,000).
const OF_RANK = (rank: 0 | 1 | 2): string => `SELECT id FROM ledger_key
      WHERE recipient_id = $1 AND rank = ${rank} AND look_at <= statement_timestamp() AND (lease_until IS NULL OR lease_until <= statement_timestamp())
      ORDER BY look_at`;
// As an array: of a LIMIT that is no constant the planner expects a tenth of all rows, and joined the whole table to it once it held 100,000
// (measured: 60 ms a claim).
// A claim that is lost in a crash of PostgreSQL is a key that is due again, and what its worker still writes is held back by the row's
// version: it need not wait for the disk.
const claimDue = statement<[string, number, number], { id: string; fence: string; open_delivery: string | null }>(
  'claim-due',
  `WITH room AS MATERIALIZED (SELECT CASE WHEN EXISTS (SELECT FROM pace WHERE recipient_id = $1 AND is_paced) THEN 0 ELSE $2::bigint END AS most),
   recalls AS MATERIALIZED (${OF_RANK(0)} LIMIT (SELECT most FROM room) FOR UPDATE SKIP LOCKED),
   in_contact AS MATERIALIZED (${OF_RANK(1)} LIMIT (SELECT most FROM room) - (SELECT count(*) FROM recalls) FOR UPDATE SKIP LOCKED),
   first AS MATERIALIZED (SELECT id FROM recalls UNION ALL SELECT id FROM in_contact),
   waiting AS MATERIALIZED (
     SELECT id FROM ledger_key WHERE recipient_id = $1 AND held AND (lease_until IS NULL OR lease_until <= statement_timestamp())
      ORDER BY rank, look_at LIMIT (SELECT most FROM room) - (SELECT count(*) FROM first) FOR UPDATE SKIP LOCKED),
   others AS MATERIALIZED (${OF_RANK(2)}
     LIMIT (SELECT most FROM room) - (SELECT count(*) FROM first) - (SELECT count(*) FROM waiting) FOR UPDATE SKIP LOCKED)
   UPDATE ledger_key k SET lease_until = clock_timestamp() + $3 * interval '1 millisecond', fence = k.fence + 1, held = false
    WHERE k.id = ANY(ARRAY(SELECT id FROM first UNION ALL SELECT id FROM waiting UNION ALL SELECT id FROM others))
   RETURNING k.id, k.fence, k.open_delivery, set_config('synchronous_commit', 'off', true)`,
);

const settleExpired = statement<[string, string, string, string, Ledger], { id: string }>(
  'settle-expired',
  `WITH kept AS (UPDATE ledger_key SET state = $5, version = version + 1, open_delivery = NULL
                  WHERE id = $1 AND fence = $2 AND version = $3 RETURNING id)
   UPDATE delivery SET outcome = 'unknown', because = 'lease-expired', settled_at = clock_timestamp()
    WHERE id = $4 AND outcome = 'open' AND EXISTS (SELECT FROM kept) RETURNING id`,
);

const openState = statement<[string, string], { version: string; open_delivery: string | null; state: Ledger }>(
  'open-state',
  'SELECT version, open_delivery, state FROM ledger_key WHERE id = $1 AND fence = $2',
);

/**
 * Claims up to `most` due keys of a recipient for `lease` milliseconds: recalls first, then persons in an open crisis contact, then oldest. None of
 * one that is paced: of those `claimWithinPace` claims.
 */
export async function claim(sql: Sql, recipientId: string, most: number, lease: number, settleOpen = true): Promise<readonly ClaimedKey[]> {
  const rows = await claimDue(sql, recipientId, most, lease);
  for (const row of rows) if (settleOpen && row.open_delivery !== null) await settleOpenDelivery(sql, row);
  return rows.map((row) => ({ keyId: row.id, recipientId, fence: Number(row.fence), may: 'send' }));
}

/** Whoever held the lease before never said how its delivery ended: unknown. A read may change the state meanwhile; then it is worked into that. */
export async function settleOpenDelivery(sql: Sql, { id, fence }: { readonly id: string; readonly fence: string }): Promise<void> {
  for (;;) {
    const [now] = await openState(sql, id, fence);
    if (now === undefined || now.open_delivery === null) return;
    await settleExpired(sql, id, fence, now.version, now.open_delivery, settledUnknown(now.state, now.open_delivery));
  }
}
