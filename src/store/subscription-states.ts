import type { Principal } from '../model/principal.ts';
import type { EventRange, SubscriptionEvent, SubscriptionState } from '../model/subscription-event.ts';
import { type Sql, statement } from './pool.ts';
import { readReferences } from './search/related.ts';

/** The most Subscriptions of one service that are told of at once. */
const MOST = 1_000;

/** Which Subscriptions of the caller's own; null is any. */
export interface StatesAsked {
  readonly ids: readonly string[] | null;
  readonly statuses: readonly string[] | null;
}

interface StateRow {
  readonly id: string;
  readonly events: string;
  readonly content: SubscriptionState['content'];
}
const states = statement<[string, string, readonly string[] | null, number], StateRow>(
  'subscription-states',
  `SELECT r.id, d.events, d.subscription->>'content' AS content FROM resource r JOIN destination d ON d.id = r.id
    WHERE r.type = 'Subscription' AND r.owner = $1 AND (r.service IS NULL OR r.service = $2) AND ($3::text[] IS NULL OR r.id = ANY ($3))
    ORDER BY r.id LIMIT $4`,
);

/** How the caller's own Subscriptions stand; another's is left out as one that is not there (I6). */
export async function subscriptionStates(
  sql: Sql,
  { organization, kind }: Pick<Principal, 'organization' | 'kind'>,
  { ids, statuses }: StatesAsked,
): Promise<readonly SubscriptionState[]> {
  const rows = await states(sql, organization, kind, ids, MOST);
  // Their bodies are sealed: the status is read from them.
  const bodies = new Map(
    (
      await readReferences(
        sql,
        rows.map(({ id }) => `Subscription/${id}`),
      )
    ).map(({ id, body }) => [id, body]),
  );
  return rows.flatMap(({ id, events, content }) => {
    const body = bodies.get(id);
    if (body?.resourceType !== 'Subscription' || !(statuses?.includes(body.status) ?? true)) return [];
    return [
      {
        id,
        topic: body.criteria,
        status: body.status,
        wrong: body.status === 'error' ? (body.error ?? null) : null,
        events: Number(events),
        content,
      },
    ];
  });
}

interface EventRow {
  readonly number: string;
  readonly at: string;
  readonly disclosure_id: string;
  readonly is_told: boolean;
}
type Bounds = [string, number | null, number | null, number | null, number | null];
/** Events `e` of $1 within $2 to $5. */
export const WITHIN = `e.subscription_id = $1 AND ($2::bigint IS NULL OR e.number >= $2) AND ($3::bigint IS NULL OR e.number <= $3)
      AND ($4::double precision IS NULL OR e.at >= to_timestamp($4 / 1000)) AND ($5::double precision IS NULL OR e.at <= to_timestamp($5 / 1000))`;
/** Whether the subscriber was told of `e`, whose delivery is `d`. */
export const TOLD = `(e.resent OR coalesce(d.outcome <> 'refused', false))`;
const events = statement<[...Bounds, number], EventRow>(
  'subscription-events',
  `SELECT e.number, extract(epoch FROM e.at) * 1000 AS at, k.disclosure_id, ${TOLD} AS is_told
     FROM subscription_event e JOIN ledger_key k ON k.id = e.key_id LEFT JOIN delivery d ON d.id = e.delivery_id
    WHERE ${WITHIN} ORDER BY e.number LIMIT $6`,
);

/** Events of one Subscription within a range, oldest first, `most` at most. The caller has read the Subscription. */
export const subscriptionEvents = async (
  sql: Sql,
  id: string,
  { sinceNumber, untilNumber, since, until }: EventRange,
  most: number,
): Promise<readonly SubscriptionEvent[]> =>
  (await events(sql, id, sinceNumber, untilNumber, since, until, most)).map(({ number, at, disclosure_id, is_told }) => ({
    number: Number(number),
    at: Math.trunc(Number(at)),
    disclosureId: disclosure_id,
    isTold: is_told,
  }));
