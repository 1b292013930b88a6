import type { Subscription } from '@medplum/fhirtypes';
import type pg from 'pg';
import type { Destination } from '../model/recipient.ts';
import { markChanged, NO_LOCKS, takePolicyLocks } from './policy-locks.ts';
import { type Sql, statement, transaction } from './pool.ts';
import { putNext, readResource } from './resources.ts';

/** How a subscriber asked to be told. */
export interface Subscribed {
  readonly content: 'empty' | 'id-only' | 'full-resource';
  /** Header lines; secret. */
  readonly headers: readonly string[];
}

const subscribed = statement<[string], { subscription: Subscribed | null }>(
  'subscribed',
  'SELECT subscription FROM destination WHERE id = $1',
);
const dueHandshakes = statement<[string], { destination: Destination; subscription: Subscribed }>(
  'due-handshakes',
  'SELECT facts AS destination, subscription FROM destination WHERE recipient_id = $1 AND handshake_due',
);
const ended = statement<[], { id: string }>(
  'ended-subscriptions',
  `SELECT id FROM destination WHERE ends_at <= clock_timestamp() AND (facts->>'open')::boolean`,
);

/** How a Subscription's notifications are addressed. */
export async function subscriptionOf(sql: Sql, id: string): Promise<Subscribed> {
  const [row] = await subscribed(sql, id);
  if (row?.subscription == null) throw new Error('a subscription is gone');
  return row.subscription;
}

/** Subscriptions of a recipient whose handshake is still to be made. */
export const handshakesOf = (sql: Sql, recipientId: string): Promise<readonly { destination: Destination; subscription: Subscribed }[]> =>
  dueHandshakes(sql, recipientId);

/**
 * Sets the status of a Subscription, as a fact under its recipient's lock: `active` after its handshake, `error` when it cannot be
 * told any more, `off` at its end. Only its owner leads it out of `error` again (backport IG). A change by its owner meanwhile stands.
 */
export async function setSubscription(
  pool: pg.Pool,
  id: string,
  from: readonly Subscription['status'][],
  to: Subscription['status'],
): Promise<void> {
  await transaction(pool, async (tx) => {
    const { rows } = await tx.query<{ recipient_id: string }>('SELECT recipient_id FROM destination WHERE id = $1', [id]);
    const recipient = rows[0]?.recipient_id;
    if (recipient === undefined) return;
    const scope = { ...NO_LOCKS, recipients: [recipient] };
    await takePolicyLocks(tx, scope);
    await tx.query("SELECT pg_advisory_xact_lock(5, hashtext('Subscription/' || $1))", [id]);
    const stored = await readResource(tx, 'Subscription', id);
    if (stored === null || !from.includes((stored.body as Subscription).status)) return;
    await putNext(tx, { ...(stored.body as Subscription), status: to }, id, stored.owner, stored, new Date());
    await tx.query(
      `UPDATE destination SET facts = jsonb_set(facts, '{open}', to_jsonb($2::boolean)), handshake_due = false WHERE id = $1`,
      [id, to === 'active'],
    );
    await markChanged(tx, scope);
  });
}

/** Switches off the Subscriptions whose end has come. */
export async function endSubscriptions(pool: pg.Pool): Promise<void> {
  for (const { id } of await ended(pool)) await setSubscription(pool, id, ['active', 'requested', 'error'], 'off');
}
