import { type Heartbeat, heartbeatsDue } from '../store/subscriptions.ts';
import { notifySubscriber } from './notify-subscriber.ts';
import type { World } from './ports-on.ts';

/** Heartbeats under way at once in a process: each that is not answered stands for as long as an exchange may take. */
const AT_ONCE = 500;
const HEARTBEAT = { type: 'heartbeat', status: 'active' } as const;

/** Heartbeats of this process that are under way. */
export interface Heartbeats {
  /** Sends all that are due now, and waits for no answer: one who does not give any keeps nobody else waiting. */
  beat(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Heartbeats of active Subscriptions that asked for them, and were told nothing for their period. Each is one process's, and is no delivery: whether it is
 * answered changes nothing.
 */
export const openHeartbeats = (world: World, onError: (fault: unknown) => void): Heartbeats => {
  const running = new Set<Promise<void>>();
  const send = ({ destination, subscription }: Heartbeat): void => {
    const one: Promise<void> = notifySubscriber(world, destination, subscription, HEARTBEAT)
      .then(() => undefined, onError)
      .finally(() => running.delete(one));
    running.add(one);
  };
  return {
    beat: async () => {
      for (let room = AT_ONCE - running.size; room > 0; room = AT_ONCE - running.size) {
        const due = await heartbeatsDue(world.pool, room, world.channels.sockets.processId);
        if (due.length === 0) return;
        due.forEach(send);
      }
    },
    close: async () => {
      await Promise.all(running);
    },
  };
};
