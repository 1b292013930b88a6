import type { Subscription } from '@medplum/fhirtypes';
import type pg from 'pg';
import type { PayloadContent } from '../model/payload-content.ts';
import type { Destination } from '../model/recipient.ts';
import { openHeaders, type SealedSubscribed } from './keys/sealed-headers.ts';
import { markChanged, NO_LOCKS, takePolicyLocks } from './policy-locks.ts';
import { type Sql, statement, transaction } from './pool.ts';
import { lockResource, putNext, readResource } from './resources.ts';

/** How a subscriber asked to be told. */
export interface Subscribed {
  readonly content: PayloadContent;
  /** Header lines; secret. */
  readonly headers: readonly string[];
}

type Stored = SealedSubscribed<Subscribed['content']>;
const subscribed = statement<[string], { subscription: Stored | null }>('subscribed', 'SELECT subscription FROM destination WHERE id = $1');
const claimHandshakes = statement<[string, number, number], Omit<Handshake, 'subscription'> & { readonly subscription: Stored }>(
  'claim-handshakes',
  `UPDATE destination d SET handshake_until = clock_timestamp() + $2 * interval '1 millisecond' FROM resource r
    WHERE r.type = 'Subscription' AND r.id = d.id
      AND d.id IN (SELECT due.id FROM destination due WHERE due.recipient_id = $1 AND due.handshake_due AND due.facts->>'address' NOT LIKE 'websocket:%'
                      AND (due.handshake_until IS NULL OR due.handshake_until <= clock_timestamp()) LIMIT $3 FOR UPDATE SKIP LOCKED)
   RETURNING d.facts AS destination, d.subscription, r.version`,
);
const ended = statement<[], { id: string }>(
  'ended-subscriptions',
  // Whatever its status: one in error, or one whose handshake nobody answered, has an end as well.
  'SELECT id FROM destination WHERE ends_at <= clock_timestamp() AND NOT is_off',
);

const opened = (sql: Sql, id: string, stored: Stored): Subscribed => ({ content: stored.content, headers: openHeaders(sql, id, stored) });

/** How a Subscription's notifications are addressed. */
export async function subscriptionOf(sql: Sql, id: string): Promise<Subscribed> {
  const [row] = await subscribed(sql, id);
  if (row?.subscription == null) throw new Error('a subscription is gone');
  return opened(sql, id, row.subscription);
}

/** A handshake to be made, for one version of a Subscription. */
export interface Handshake {
  readonly destination: Destination;
  readonly subscription: Subscribed;
  readonly version: number;
}

const claimHeartbeats = statement<[number, string | null], Omit<Heartbeat, 'subscription'> & { readonly subscription: Stored }>(
  'claim-heartbeats',
  `UPDATE destination d SET told_at = clock_timestamp()
    WHERE d.id IN (SELECT due.id FROM destination due WHERE due.facts->'asks' ? 'heartbeat'
                      AND (NOT due.waits_for_socket OR EXISTS (SELECT FROM websocket_binding b WHERE b.destination_id = due.id AND b.process_id = $2::uuid AND b.is_shaken)) AND (due.facts->>'open')::boolean
                      AND coalesce(due.told_at, '-infinity') + (due.facts->'asks'->>'heartbeat')::double precision * interval '1 millisecond' <= clock_timestamp()
                    LIMIT $1 FOR UPDATE SKIP LOCKED)
   RETURNING d.facts AS destination, d.subscription`,
);

/** A heartbeat that is due. */
export interface Heartbeat {
  readonly destination: Destination;
  readonly subscription: Subscribed;
}

/** Claims heartbeats that are due, at most `count`: they count as sent from here on, whatever becomes of them. Over websockets those of one process. */
export const heartbeatsDue = async (sql: Sql, count: number, processId: string | null = null): Promise<readonly Heartbeat[]> =>
  (await claimHeartbeats(sql, count, processId)).map(({ destination, subscription }) => ({
    destination,
    subscription: opened(sql, destination.id, subscription),
  }));

const told = statement<[string], never>(
  'subscriber-told',
  `UPDATE destination SET told_at = clock_timestamp() WHERE id = $1 AND facts->'asks' ? 'heartbeat'`,
);

/** A subscriber was told something: its next heartbeat is due a period after this. */
export const noteTold = async (sql: Sql, id: string): Promise<void> => void (await told(sql, id));

/** Handshakes of one recipient at a time. */
const AT_ONCE = 8;

/** Claims, for `lease` milliseconds, at most `count` handshakes of a recipient that are still to be made. */
export const handshakesOf = async (sql: Sql, recipientId: string, lease: number, count = AT_ONCE): Promise<readonly Handshake[]> =>
  (await claimHandshakes(sql, recipientId, lease, count)).map(({ subscription, ...one }) => ({
    ...one,
    subscription: opened(sql, one.destination.id, subscription),
  }));

/**
 * Sets the status of a Subscription, as a fact under its recipient's lock: `active` after its handshake, `error` when it cannot be
 * told any more, `off` at its end. Only its owner leads it out of `error` again (backport IG). A change by its owner meanwhile stands:
 * with `version`, nothing is set on any other. What is `wrong` stands in `Subscription.error` for as long as that is its status.
 */
export async function setSubscription(
  pool: pg.Pool,
  id: string,
  from: readonly Subscription['status'][],
  to: Subscription['status'],
  { version = null, wrong = null }: { readonly version?: number | null; readonly wrong?: string | null } = {},
): Promise<void> {
  await transaction(pool, async (tx) => {
    const { rows } = await tx.query<{ recipient_id: string }>('SELECT recipient_id FROM destination WHERE id = $1', [id]);
    const recipient = rows[0]?.recipient_id;
    if (recipient === undefined) return;
    const scope = { ...NO_LOCKS, recipients: [recipient] };
    await takePolicyLocks(tx, scope);
    const now = await lockResource(tx, 'Subscription', id);
    const stored = await readResource(tx, 'Subscription', id);
    if (stored === null || !from.includes((stored.body as Subscription).status)) return;
    if (version !== null && stored.version !== version) return;
    const { error: _, ...body } = stored.body as Subscription;
    await putNext(tx, { ...body, status: to, ...(wrong === null ? {} : { error: wrong }) }, id, stored.owner, stored, now);
    await tx.query(
      `UPDATE destination SET facts = jsonb_set(facts, '{open}', to_jsonb($2::boolean)), handshake_due = false, is_off = $3, told_at = clock_timestamp() WHERE id = $1`,
      [id, to === 'active', to === 'off'],
    );
    await markChanged(tx, scope);
  });
}

/** Switches off the Subscriptions whose end has come. */
export async function endSubscriptions(pool: pg.Pool): Promise<void> {
  // `off`, too: what an older broker switched off does not say so in its row.
  for (const { id } of await ended(pool)) await setSubscription(pool, id, ['active', 'requested', 'error', 'off'], 'off');
}
