import { setSubscription } from '../store/subscriptions.ts';
import { noteShaken, socketHandshakes } from '../store/websocket-bindings.ts';
import { notifySubscriber } from './notify-subscriber.ts';
import type { World } from './ports-on.ts';

/**
 * Makes handshakes on this process's sockets: of Subscriptions that were bound a moment ago, whatever their status; with null of all that wait for one. One that
 * was requested is active once the pong is here. Without it nothing is changed: it was the subscriber that came, and it comes again. What is `underWay` is not made
 * once more because it waits.
 */
export async function shakeSockets(
  world: World,
  subscriptionIds: readonly string[] | null,
  underWay: Set<string>,
): Promise<readonly string[]> {
  const { pool, channels } = world;
  const found = await socketHandshakes(pool, channels.sockets.processId, subscriptionIds);
  const waiting = found.filter(({ destination }) => subscriptionIds !== null || !underWay.has(destination.id));
  const shaken = await Promise.all(
    waiting.map(async ({ destination, subscription, version, status }) => {
      underWay.add(destination.id);
      const { kind } = await notifySubscriber(world, destination, subscription, { type: 'handshake', status }).finally(() =>
        underWay.delete(destination.id),
      );
      if (kind !== 'accepted') return [];
      await noteShaken(pool, channels.sockets.processId, destination.id);
      if (status !== 'requested') return [];
      await setSubscription(pool, destination.id, ['requested'], 'active', { version });
      return [destination.recipientId];
    }),
  );
  return shaken.flat();
}
