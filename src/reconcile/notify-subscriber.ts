import { randomUUID } from 'node:crypto';
import { type Notification, toNotification } from '../../mappings/notification/to-notification.ts';
import { PLAN_TOPIC } from '../../profiles/canonicals.ts';
import { toChannelHeaders } from '../channel/channel-headers.ts';
import { webhookHeaders } from '../channel/webhook-signature.ts';
import type { Outcome } from '../model/ledger.ts';
import type { Destination } from '../model/recipient.ts';
import { eventsSoFar } from '../store/subscription-events.ts';
import { secretsOf } from '../store/subscription-secrets.ts';
import type { Subscribed } from '../store/subscriptions.ts';
import type { World } from './ports-on.ts';

/** Headers of a notification: the subscriber's own, and the broker's signature over exactly these bytes. */
export const subscriberHeaders = async (
  { pool }: Pick<World, 'pool'>,
  subscriptionId: string,
  { headers }: Pick<Subscribed, 'headers'>,
  { id, bytes }: { readonly id: string; readonly bytes: string },
): Promise<Readonly<Record<string, string>>> => ({
  ...toChannelHeaders(headers),
  ...webhookHeaders(await secretsOf(pool, subscriptionId), { id, bytes, at: Date.now() }),
});

/** Sends what is no delivery, a handshake or a heartbeat: it carries nothing of anybody. */
export async function notifySubscriber(
  world: World,
  destination: Destination,
  subscription: Subscribed,
  what: Pick<Notification, 'type' | 'status'>,
): Promise<Outcome> {
  const id = randomUUID();
  const bytes = JSON.stringify(
    toNotification({
      ...what,
      id,
      base: world.base,
      subscriptionId: destination.id,
      topic: PLAN_TOPIC,
      eventNumber: null,
      eventsSinceStart: await eventsSoFar(world.pool, destination.id),
      focus: null,
      change: 'changed',
      content: subscription.content,
      at: Date.now(),
    }),
  );
  const startedAt = performance.now();
  const timeoutMs = Math.min(destination.asks?.timeout ?? world.sendTimeout, world.sendTimeout);
  return world.channels.subscription.send(
    {
      address: destination.address,
      headers: await subscriberHeaders(world, destination.id, subscription, { id, bytes }),
      acknowledgements: [],
    },
    {
      kind: 'update',
      bytes,
      contentType: 'application/fhir+json',
      messageId: id,
      bundleId: id,
      requestId: id,
      correlationId: randomUUID(),
    },
    { msLeft: () => startedAt + timeoutMs - performance.now(), timeoutMs },
  );
}
