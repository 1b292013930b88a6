import { setSubscription } from '../store/subscriptions.ts';
import { noteShaken, socketHandshakes } from '../store/websocket-bindings.ts';
import { notifySubscriber } from './notify-subscriber.ts';
import type { World } from './ports-on.ts';

/** Handshakes of a process. The first of a binding is the door's to order, once it has let the socket stay: a look makes those that it left. */
export interface Handshakes {
  /** Ids of bindings whose first handshake is over, and may not have been answered. */
  readonly bindings: Set<string>;
  /** Subscriptions of which one is made now. */
  readonly underWay: Set<string>;
}

/**
 * Makes handshakes on this process's sockets: of Subscriptions that were bound a moment ago, whatever their status; with null of all that still wait for one, of
 * the bindings that are left to whoever looks. One that was requested is active once the pong is here. Without it nothing is changed: it was the subscriber that
 * came, and it comes again.
 */
export async function shakeSockets(world: World, subscriptionIds: readonly string[] | null, left: Handshakes): Promise<readonly string[]> {
  const { pool, channels } = world;
  // As it was before it was looked: what is left to others meanwhile was read as it stood before its first handshake.
  const bindings = new Set(left.bindings);
  const { underWay } = left;
  const found = await socketHandshakes(pool, channels.sockets.processId, subscriptionIds);
  const isLeft = ({ bindingId, destination }: (typeof found)[number]): boolean => bindings.has(bindingId) && !underWay.has(destination.id);
  const waiting = subscriptionIds === null ? found.filter(isLeft) : found;
  const shaken = await Promise.all(
    waiting.map(async ({ destination, subscription, version, status }) => {
      underWay.add(destination.id);
      try {
        const { kind } = await notifySubscriber(world, destination, subscription, { type: 'handshake', status });
        if (kind !== 'accepted') return [];
        await noteShaken(pool, channels.sockets.processId, destination.id);
        if (status !== 'requested') return [];
        await setSubscription(pool, destination.id, ['requested'], 'active', { version });
        return [destination.recipientId];
      } finally {
        underWay.delete(destination.id);
      }
    }),
  );
  return shaken.flat();
}
