import { type Sql, statement } from './pool.ts';

/** A key `k` that waits for no socket: that of its Subscription is on none that lives, and then it is due to nobody. */
const NOT_WAITING = `NOT EXISTS (SELECT FROM destination w WHERE w.id = k.destination_id AND w.waits_for_socket AND NOT EXISTS (
         SELECT FROM websocket_binding b JOIN websocket_process o ON o.id = b.process_id AND o.alive_until > statement_timestamp() WHERE b.destination_id = w.id AND b.is_shaken))`;
const dueRecipients = statement<[], { recipient_id: string }>(
  'due-recipients',
  // What a pause holds back, and recalls between the moments at which an open breaker lets one through, are due to nobody yet.
  `SELECT k.recipient_id FROM ledger_key k LEFT JOIN pace p ON p.recipient_id = k.recipient_id
    WHERE ${NOT_WAITING} AND k.look_at <= statement_timestamp() AND k.look_at < 'infinity' AND (k.lease_until IS NULL OR k.lease_until <= statement_timestamp())
      AND NOT coalesce(p.paused_at IS NOT NULL AND p.holds_recalls
                       OR p.breaker = 'open' AND k.rank = 0 AND least(p.recall_at, CASE WHEN p.paused_at IS NULL THEN p.probe_at END) > statement_timestamp(), false)
    GROUP BY k.recipient_id
   UNION SELECT recipient_id FROM destination WHERE handshake_due AND facts->>'address' NOT LIKE 'websocket:%'
   UNION SELECT recipient_id FROM recipient_check WHERE ended_at IS NULL AND (lease_until IS NULL OR lease_until <= statement_timestamp())
   UNION SELECT p.recipient_id FROM pace p
    WHERE (NOT p.holds OR p.paused_at IS NULL AND p.probe_at <= statement_timestamp())
      AND EXISTS (SELECT FROM ledger_key k WHERE k.recipient_id = p.recipient_id AND k.held AND ${NOT_WAITING}
                     AND (k.lease_until IS NULL OR k.lease_until <= statement_timestamp()))`,
);
const nextLook = statement<[], { at: string | null }>(
  'next-look',
  `SELECT extract(epoch FROM least(
     (SELECT min(greatest(look_at, coalesce(lease_until, look_at))) FROM (
        SELECT look_at, lease_until FROM ledger_key WHERE look_at > statement_timestamp() AND look_at < 'infinity' ORDER BY look_at LIMIT 100) soon),
     (SELECT min(probe_at) FROM pace WHERE breaker = 'open' AND paused_at IS NULL AND probe_at > statement_timestamp()))) * 1000 AS at`,
);
/** What waits for a socket that is not of process $2 is not due there. */
const REACHED = 'destination_id <> ALL ((SELECT out_of_reach($1, $2::uuid))::text[])';
// Rank by rank, along (recipient_id, rank, look_at): without `look_at < 'infinity'`, which would let the planner walk along everybody's.
const DUE = (
  rank: 0 | 1 | 2,
): string => `EXISTS (SELECT FROM ledger_key WHERE recipient_id = $1 AND rank = ${rank} AND look_at <= statement_timestamp()
                     AND (lease_until IS NULL OR lease_until <= statement_timestamp()) AND ${REACHED})`;
const NEXT = (
  rank: 0 | 1 | 2,
): string => `(SELECT nullif(look_at, 'infinity') FROM ledger_key WHERE recipient_id = $1 AND rank = ${rank} AND look_at > statement_timestamp()
             ORDER BY look_at LIMIT 1)`;
/** What was held back, and is no longer. */
const FREED = `EXISTS (SELECT FROM ledger_key WHERE recipient_id = $1 AND held AND (lease_until IS NULL OR lease_until <= statement_timestamp()) AND ${REACHED}
                  AND NOT EXISTS (SELECT FROM pace WHERE recipient_id = $1 AND holds))`;
const nextLookOf = statement<[string, string | null], { due: boolean; at: string | null }>(
  'next-look-of',
  `SELECT ${DUE(0)} OR ${DUE(1)} OR ${DUE(2)} OR ${FREED} AS due, extract(epoch FROM least(${NEXT(0)}, ${NEXT(1)}, ${NEXT(2)})) * 1000 AS at`,
);
const counts = statement<[], { due: string; open: string; fan_outs: string }>(
  'ledger-counts',
  // What waits for a socket is due to nobody.
  `SELECT (SELECT count(*) FROM ledger_key k WHERE k.look_at <= statement_timestamp() AND k.look_at < 'infinity' AND ${NOT_WAITING}) AS due,
          (SELECT count(*) FROM delivery WHERE outcome = 'open') AS open, (SELECT count(*) FROM fan_out) AS fan_outs`,
);

/** Recipients with keys that are due and claimable, with a handshake to make, or with a check that goes on. */
export const due = async (sql: Sql): Promise<readonly string[]> => (await dueRecipients(sql)).map((row) => row.recipient_id);

/** The next moment at which time alone makes a key due; null when there is none. */
export async function lookAhead(sql: Sql): Promise<number | null> {
  const at = (await nextLook(sql))[0]?.at ?? null;
  return at === null ? null : Number(at);
}

/** Whether a recipient has more that this process can claim now, and when next. */
export async function nextOf(
  sql: Sql,
  recipientId: string,
  processId: string | null = null,
): Promise<{ due: boolean; lookAt: number | null }> {
  const [row] = await nextLookOf(sql, recipientId, processId);
  return { due: row?.due ?? false, lookAt: row?.at == null ? null : Number(row.at) };
}

/** Figures for the metrics. */
export async function ledgerCounts(sql: Sql): Promise<{ due: number; open: number; fanOuts: number }> {
  const [row] = await counts(sql);
  return { due: Number(row?.due ?? 0), open: Number(row?.open ?? 0), fanOuts: Number(row?.fan_outs ?? 0) };
}
