import { settledUnknown } from '../decide/attempt.ts';
import type { Ledger } from '../model/ledger.ts';
import { type Sql, statement } from './pool.ts';

/** A key that this worker has claimed; the fence goes with each of its writes. */
export interface ClaimedKey {
  readonly keyId: string;
  readonly recipientId: string;
  readonly fence: number;
}

const claimDue = statement<
  [string, number, number],
  { id: string; fence: string; version: string; open_delivery: string | null; state: Ledger }
>(
  'claim-due',
  `WITH due AS (
     SELECT id FROM ledger_key
      WHERE recipient_id = $1 AND look_at <= clock_timestamp() AND (lease_until IS NULL OR lease_until <= clock_timestamp())
      ORDER BY rank, look_at LIMIT $2 FOR UPDATE SKIP LOCKED)
   UPDATE ledger_key k SET lease_until = clock_timestamp() + $3 * interval '1 millisecond', fence = k.fence + 1
     FROM due WHERE k.id = due.id
   RETURNING k.id, k.fence, k.version, k.open_delivery, CASE WHEN k.open_delivery IS NULL THEN NULL ELSE k.state END AS state`,
);

const settleExpired = statement<[string, string, string, string, Ledger], { id: string }>(
  'settle-expired',
  `WITH kept AS (UPDATE ledger_key SET state = $5, version = version + 1, open_delivery = NULL
                  WHERE id = $1 AND fence = $2 AND version = $3 RETURNING id)
   UPDATE delivery SET outcome = 'unknown', because = 'lease-expired', settled_at = clock_timestamp()
    WHERE id = $4 AND outcome = 'open' AND EXISTS (SELECT FROM kept) RETURNING id`,
);

/**
 * Claims up to `most` due keys of a recipient for `lease` milliseconds: recalls first, then oldest. A claim of an expired lease
 * first settles the open delivery as unknown; where that is not done any more (its state has changed), the key is left for the next look.
 */
export async function claim(sql: Sql, recipientId: string, most: number, lease: number, settleOpen = true): Promise<readonly ClaimedKey[]> {
  const rows = await claimDue(sql, recipientId, most, lease);
  const claimed: ClaimedKey[] = [];
  for (const row of rows) {
    if (row.open_delivery !== null && settleOpen) {
      const after = settledUnknown(row.state, row.open_delivery);
      if ((await settleExpired(sql, row.id, row.fence, row.version, row.open_delivery, after)).length === 0) continue;
    }
    claimed.push({ keyId: row.id, recipientId, fence: Number(row.fence) });
  }
  return claimed;
}
