import type pg from 'pg';
import type { Digest } from '../model/copy.ts';
import type { Instant } from '../model/instant.ts';
import { DAY } from '../model/instant.ts';
import { type Sql, statement } from './pool.ts';
import { readResource } from './resources.ts';

/** Days for which events can be asked for again; the counter, which never goes back, goes on. */
export const EVENTS_KEPT = 30;

/** What a notification says of its event beside its number. */
export interface EventSaid {
  /** When it was first begun. */
  readonly at: Instant;
  /** Events since the Subscription began, this one included. */
  readonly sinceStart: number;
}

const said = statement<[string, number], { at: string; since_start: string }>(
  'event-said',
  `SELECT extract(epoch FROM at) * 1000 AS at, since_start FROM subscription_event WHERE subscription_id = $1 AND number = $2`,
);
/** What was written down of an event at `begin`; null where it is gone, or was begun before events were kept. */
export async function eventSaid(sql: Sql, subscriptionId: string, number: number): Promise<EventSaid | null> {
  const [row] = await said(sql, subscriptionId, number);
  return row === undefined ? null : { at: Math.trunc(Number(row.at)), sinceStart: Number(row.since_start) };
}

const soFar = statement<[string], { events: string }>('events-so-far', 'SELECT events FROM destination WHERE id = $1');
/** Events since a Subscription began: what handshakes, heartbeats and answers say, and do not change. */
export const eventsSoFar = async (sql: Sql, subscriptionId: string): Promise<number> =>
  Number((await soFar(sql, subscriptionId))[0]?.events ?? 0);

const countInError = statement<[string, string, Digest], { counted: boolean }>(
  'count-event-in-error',
  'SELECT count_event_in_error($1, $2, $3) AS counted',
);
/** Counts what is due at a Subscription that is in error, once for each effect; whether it was counted now. Nothing is sent by it. */
export async function countEventInError(sql: Sql, subscriptionId: string, keyId: string, effect: Digest): Promise<boolean> {
  // Its body is sealed: PostgreSQL cannot tell what its status is.
  const stored = await readResource(sql, 'Subscription', subscriptionId);
  if (stored?.body.resourceType !== 'Subscription' || stored.body.status !== 'error') return false;
  return (await countInError(sql, subscriptionId, keyId, effect))[0]?.counted === true;
}

const giveBack = statement<[string, string], never>('give-back-event', 'SELECT give_back_event($1, $2)');
/** What was proved not taken and is no longer due gives its number back, where no other event has come since. */
export const giveBackEvent = async (sql: Sql, subscriptionId: string, keyId: string): Promise<void> =>
  void (await giveBack(sql, subscriptionId, keyId));

const purge = statement<[number], never>(
  'purge-events',
  `DELETE FROM subscription_event WHERE at < clock_timestamp() - $1 * interval '1 millisecond'`,
);
/** Forgets events that are older than the horizon. */
export const purgeEvents = async (pool: pg.Pool): Promise<void> => void (await purge(pool, EVENTS_KEPT * DAY));

const restore = statement<[string, number, string, Digest | null], never>(
  'restore-event',
  // Nobody knows any more whether it was refused: it counts as told.
  `WITH counted AS (
     UPDATE destination d SET events = greatest(d.events, $2::bigint) FROM ledger_key k WHERE k.id = $1::uuid AND d.id = k.destination_id RETURNING d.id)
   INSERT INTO subscription_event (subscription_id, number, key_id, change, digest, since_start, resent)
   SELECT id, $2::bigint, $1::uuid, $3, $4, $2::bigint, true FROM counted ON CONFLICT DO NOTHING`,
);
/** An event that a database restored from a backup has forgotten, and that may have gone out: its number is given to no other. */
export const restoreEvent = async (
  sql: Sql,
  {
    key,
    number,
    action,
    digest,
  }: { readonly key: string; readonly number: number; readonly action: 'update' | 'recall'; readonly digest: Digest | null },
): Promise<void> => void (await restore(sql, key, number, action === 'recall' ? 'withdrawn' : 'changed', digest));
