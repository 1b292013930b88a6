import type { Instant } from '../../model/instant.ts';
import type { Destination } from '../../model/recipient.ts';
import { type Sql, statement } from '../pool.ts';

/** One address of a service, as far as a plan went at an instant. */
export interface AddressThen {
  /** Its channel never changes, and a decision reads nothing else of it. */
  readonly destination: Destination;
  /** When this service found the person by a confirmed match until then; none where the ledger does not say that it ever did without a verified number. */
  readonly confirmedAt: readonly Instant[];
  /** Whether it is known that it was one of the plan's then. */
  readonly isDated: boolean;
}

const keysThen = statement<
  [plan: string, recipient: string, at: Instant],
  { facts: Destination; is_dated: boolean; confirmed: readonly number[] | null }
>(
  'keys-then',
  // That a match was confirmed stands in the ledger without a time, and with one in the trail.
  `SELECT d.facts, k.made_at IS NOT NULL AS is_dated,
          (SELECT jsonb_agg(extract(epoch FROM a.at) * 1000) FROM audit a
            WHERE a.key_id = k.id AND a.event = 'confirm' AND a.because IS NULL AND a.at <= moment.at AND (k.state->>'matched')::boolean) AS confirmed
     FROM (SELECT to_timestamp($3::double precision / 1000) AS at) moment CROSS JOIN ledger_key k JOIN destination d ON d.id = k.destination_id
    WHERE k.plan_id = $1 AND k.recipient_id = $2 AND coalesce(k.made_at, '-infinity') <= moment.at ORDER BY k.id`,
);

/** The addresses of a service that the plan had at an instant; of those that were made before it was noted when, all. */
export const addressesThen = async (sql: Sql, planId: string, recipientId: string, at: Instant): Promise<readonly AddressThen[]> =>
  (await keysThen(sql, planId, recipientId, at)).map(({ facts, is_dated, confirmed }) => ({
    destination: facts,
    confirmedAt: confirmed ?? [],
    isDated: is_dated,
  }));
