import type { Breaker } from '../../decide/breaker.ts';
import type { Instant } from '../../model/instant.ts';
import { type Sql, statement } from '../pool.ts';

/** What a slice has to know of its recipient. */
export interface Pace {
  /** Exchanges at once when nothing is wrong: over all workers where it is paced, in each slice otherwise. */
  readonly places: number;
  /** Whether it takes one message after another: HL7 v2 has one in flight, notifications are numbered. */
  readonly isOrdered: boolean;
  /** Whether keys are claimed within a pace, and not as many as one likes. */
  readonly isPaced: boolean;
  /** Whether it is, whatever its breaker says. */
  readonly isBound: boolean;
  readonly breaker: Breaker;
}

/** Exchanges with one recipient at once, where it declares no other limit. */
const IN_FLIGHT = 16;

/** A row of `pace`, its breaker only; every column null where there is no row. */
export interface BreakerRow {
  readonly breaker: Breaker['state'] | null;
  readonly since: string | null;
  readonly troubles: number | null;
  readonly trouble_at: string | null;
  readonly trouble_keys: string[] | null;
  readonly because: string | null;
  readonly ramp: number | null;
  readonly probe_at: string | null;
}
const MS = (column: string): string => `floor(extract(epoch FROM p.${column}) * 1000) AS ${column}`;
export const BREAKER_COLUMNS = `p.breaker, ${MS('since')}, p.troubles, ${MS('trouble_at')}, p.trouble_keys, p.because, p.ramp, ${MS('probe_at')}`;
const ORDERED = `EXISTS (SELECT FROM destination d WHERE d.recipient_id = $1 AND d.facts->>'channel' IN ('hl7v2-mllp', 'subscription'))`;

interface PaceRow extends BreakerRow {
  readonly ordered: boolean;
  readonly in_flight: number | null;
  /** By what it declares, or by a pause: whatever its breaker says. */
  readonly bound: boolean;
}
const COLUMNS = `${ORDERED} AS ordered, p.in_flight, (p.rate IS NOT NULL OR p.in_flight IS NOT NULL OR p.paused_at IS NOT NULL) AS bound, ${BREAKER_COLUMNS}`;
const readPace = statement<[string], PaceRow>(
  'pace-of-recipient',
  `SELECT ${COLUMNS} FROM (SELECT 1) one LEFT JOIN pace p ON p.recipient_id = $1`,
);
const lockRow = statement<[string], PaceRow & { readonly now: string }>(
  'lock-pace',
  `SELECT ${COLUMNS}, extract(epoch FROM clock_timestamp()) * 1000 AS now FROM pace p WHERE p.recipient_id = $1 FOR UPDATE`,
);
const makeRow = statement<[string], never>('make-pace', 'INSERT INTO pace (recipient_id) VALUES ($1) ON CONFLICT DO NOTHING');
const putRow = statement<
  [string, string, Instant | null, number, Instant | null, readonly string[], string | null, number, Instant | null],
  never
>(
  'put-breaker',
  `UPDATE pace SET breaker = $2, since = to_timestamp($3::double precision / 1000), troubles = $4,
          trouble_at = to_timestamp($5::double precision / 1000), trouble_keys = $6, because = $7, ramp = $8,
          probe_at = to_timestamp($9::double precision / 1000), recall_at = CASE WHEN $2 = 'open' THEN recall_at END
    WHERE recipient_id = $1`,
);

const at = (value: string | null): Instant | null => (value === null ? null : Number(value));

/** The breaker of a row; the one of a recipient that has none. */
export const breakerOf = (row: BreakerRow): Breaker => ({
  state: row.breaker ?? 'closed',
  since: at(row.since),
  troubles: row.troubles ?? 0,
  troubleAt: at(row.trouble_at),
  keys: row.trouble_keys ?? [],
  because: row.because,
  ramp: row.ramp ?? 1,
  probeAt: at(row.probe_at),
});

const toPace = (row: PaceRow): Pace => ({
  places: row.ordered ? 1 : (row.in_flight ?? IN_FLIGHT),
  isOrdered: row.ordered,
  isPaced: row.ordered || row.bound || breakerOf(row).state !== 'closed',
  isBound: row.ordered || row.bound,
  breaker: breakerOf(row),
});

/** The pace of a recipient, in one look. */
export async function paceOf(sql: Sql, recipientId: string): Promise<Pace> {
  const [row] = await readPace(sql, recipientId);
  if (row === undefined) throw new Error('a row was asked for');
  return toPace(row);
}

/** The same inside a transaction, its row locked until that ends, and PostgreSQL's clock. */
export async function lockPace(tx: Sql, recipientId: string): Promise<{ readonly pace: Pace; readonly now: Instant }> {
  let [row] = await lockRow(tx, recipientId);
  if (row === undefined) {
    await makeRow(tx, recipientId);
    [row] = await lockRow(tx, recipientId);
  }
  if (row === undefined) throw new Error('the row was made a moment ago');
  return { pace: toPace(row), now: Number(row.now) };
}

/** Writes the breaker of a row that is locked. */
export async function putBreaker(tx: Sql, recipientId: string, it: Breaker): Promise<void> {
  await putRow(tx, recipientId, it.state, it.since, it.troubles, it.troubleAt, it.keys, it.because, it.ramp, it.probeAt);
}
