import type { Subscription } from '@medplum/fhirtypes';
import type { Instant } from '../model/instant.ts';
import type { Principal } from '../model/principal.ts';
import { type BodyRow, bodyColumns, openRows } from './keys/sealed-body.ts';
import { type Sql, statement } from './pool.ts';

/** One event of a Subscription, as it was numbered when it was begun. */
export interface StoredEvent {
  readonly number: number;
  readonly at: Instant;
  /** Under which the subscriber knows the plan. */
  readonly plan: string;
  readonly action: 'update' | 'recall';
}

/** How far a Subscription is. */
export interface SubscriptionNow {
  readonly id: string;
  readonly status: Subscription['status'];
  readonly content: 'empty' | 'id-only' | 'full-resource';
  readonly events: number;
}

/** What the door asks of Subscriptions. */
export interface SubscriptionQueries {
  /** The caller's own, all or those of some ids, by id. */
  ownSubscriptions(principal: Principal, ids: readonly string[] | null): Promise<readonly SubscriptionNow[]>;
  /** Events of one that the caller has read, by number, both ends included, the first `most`. */
  eventsBetween(id: string, since: number, until: number, most: number): Promise<readonly StoredEvent[]>;
  /** Makes one that the caller has read another secret by which its notifications are signed; it is told this once. */
  rotateSecret(id: string): Promise<string>;
}

/** Subscriptions in one answer to `$status` at most. */
const MOST_SUBSCRIPTIONS = 500;

interface OwnRow extends BodyRow {
  readonly content: SubscriptionNow['content'];
  readonly events: string;
}
const own = statement<[string, string, readonly string[] | null, number], OwnRow>(
  'own-subscriptions',
  `SELECT ${bodyColumns('r')}, d.subscription->>'content' AS content, d.events
     FROM resource r JOIN destination d ON d.id = r.id
    WHERE r.type = 'Subscription' AND r.owner = $1 AND (r.service IS NULL OR r.service = $2) AND ($3::text[] IS NULL OR r.id = ANY($3)) ORDER BY d.id LIMIT $4`,
);
// A number that was proved not taken was given back, and is the next event's: the later delivery has it. Above the last number there is none.
const between = statement<[string, number, number, number], { number: string; at: string; plan: string; action: StoredEvent['action'] }>(
  'events-of-subscription',
  `SELECT DISTINCT ON (e.event_number) e.event_number AS number, floor(extract(epoch FROM e.since) * 1000) AS at, k.disclosure_id AS plan, e.action
     FROM destination d JOIN ledger_key k ON k.destination_id = d.id JOIN delivery e ON e.key_id = k.id
    WHERE d.id = $1 AND e.event_number BETWEEN $2 AND least($3, d.events) ORDER BY e.event_number, e.serial DESC LIMIT $4`,
);

/** The caller's own Subscriptions, all or those of some ids, by id; what is another's is left out as what is not there. */
export const ownSubscriptions = async (
  sql: Sql,
  { organization, kind }: Principal,
  ids: readonly string[] | null,
): Promise<readonly SubscriptionNow[]> => {
  const rows = await own(sql, organization, kind, ids, MOST_SUBSCRIPTIONS);
  const bodies = new Map((await openRows(sql, rows)).map(({ id, body }) => [id, body as Subscription]));
  return rows.flatMap(({ id, content, events }) => {
    const status = bodies.get(id)?.status;
    return status === undefined ? [] : [{ id, status, content, events: Number(events) }];
  });
};

/** Events of a Subscription by number, both ends included, the first `most` of them. Nothing is decided here: who asks looks each plan up. */
export const eventsBetween = async (sql: Sql, id: string, since: number, until: number, most: number): Promise<readonly StoredEvent[]> =>
  (await between(sql, id, since, until, most)).map(({ number, at, ...one }) => ({ ...one, number: Number(number), at: Number(at) }));
