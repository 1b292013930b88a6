import { randomUUID } from 'node:crypto';
import { toNotification } from '../../mappings/notification/to-notification.ts';
import { PLAN_TOPIC } from '../../profiles/canonicals.ts';
import { eventsSoFar } from '../store/subscription-events.ts';
import { heartbeatsDue, type Heartbeat } from '../store/subscriptions.ts';
import { notifySubscriber } from './notify-subscriber.ts';
import type { World } from './ports-on.ts';

/** Heartbeats at once. */
const AT_ONCE = 50;

/**
 * Sends the heartbeats that are due: of active Subscriptions that asked for them, and were told nothing for their period. Each is one process's, and is
 * no delivery: whether it is answered changes nothing.
 */
export async function sendHeartbeats(world: World): Promise<void> {
  const due = await heartbeatsDue(world.pool, AT_ONCE);
  await Promise.all(due.map((one) => beat(world, one)));
}

async function beat(world: World, { destination, subscription }: Heartbeat): Promise<void> {
  const id = randomUUID();
  const bytes = JSON.stringify(
    toNotification({
      id,
      base: world.sender.endpoint,
      subscriptionId: destination.id,
      topic: PLAN_TOPIC,
      type: 'heartbeat',
      status: 'active',
      eventNumber: null,
      eventsSinceStart: await eventsSoFar(world.pool, destination.id),
      focus: null,
      change: 'changed',
      content: subscription.content,
      at: Date.now(),
    }),
  );
  await notifySubscriber(world, destination, subscription, { id, bytes });
}
