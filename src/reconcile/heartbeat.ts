import { heartbeatsDue } from '../store/subscriptions.ts';
import { notifySubscriber } from './notify-subscriber.ts';
import type { World } from './ports-on.ts';

/** Heartbeats at once. */
const AT_ONCE = 50;
const HEARTBEAT = { type: 'heartbeat', status: 'active' } as const;

/**
 * Sends the heartbeats that are due: of active Subscriptions that asked for them, and were told nothing for their period. Each is one process's, and is
 * no delivery: whether it is answered changes nothing.
 */
export async function sendHeartbeats(world: World): Promise<void> {
  const due = await heartbeatsDue(world.pool, AT_ONCE, world.channels.sockets.processId);
  await Promise.all(due.map(({ destination, subscription }) => notifySubscriber(world, destination, subscription, HEARTBEAT)));
}
