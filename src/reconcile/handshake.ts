import { randomUUID } from 'node:crypto';
import { PLAN_TOPIC } from '../../profiles/canonicals.ts';
import { toNotification } from '../../mappings/notification/to-notification.ts';
import type { Handshake } from '../store/subscriptions.ts';
import { handshakesOf, setSubscription } from '../store/subscriptions.ts';
import { eventsSoFar } from '../store/subscription-events.ts';
import { notifySubscriber } from './notify-subscriber.ts';
import type { World } from './ports-on.ts';

/** Milliseconds beyond the exchange after which a handshake counts as abandoned by whoever began it. */
const GRACE = 5_000;

/** Makes the handshakes that a recipient's Subscriptions wait for: 2xx makes one active, anything else an error that only its owner ends. */
export async function shakeHands(world: World, recipientId: string): Promise<boolean> {
  const waiting = await handshakesOf(world.pool, recipientId, world.sendTimeout + GRACE);
  await Promise.all(waiting.map((one) => shakeHand(world, one)));
  return waiting.length > 0;
}

async function shakeHand(world: World, { destination, subscription, version }: Handshake): Promise<void> {
  const { pool, sender } = world;
  const id = randomUUID();
  const bytes = JSON.stringify(
    toNotification({
      id,
      base: sender.endpoint,
      subscriptionId: destination.id,
      topic: PLAN_TOPIC,
      type: 'handshake',
      status: 'requested',
      eventNumber: null,
      eventsSinceStart: await eventsSoFar(pool, destination.id),
      focus: null,
      change: 'changed',
      content: subscription.content === 'empty' ? 'empty' : 'id-only',
      at: Date.now(),
    }),
  );
  const outcome = await notifySubscriber(world, destination, subscription, { id, bytes });
  await setSubscription(pool, destination.id, ['requested'], outcome.kind === 'accepted' ? 'active' : 'error', version);
}
