import { endSubscriptions } from '../store/subscriptions.ts';
import { openHeartbeats } from './heartbeat.ts';
import type { World } from './ports-on.ts';

/** A period is ten seconds at least, and an end is a moment: neither waits for a sweep, which may be a day away. */
const EVERY_MS = 1_000;

export interface SubscriptionClock {
  close(): Promise<void>;
}

/** What time alone does to Subscriptions, each second: heartbeats are sent, and whose end has come is off. */
export const startSubscriptionClock = (world: World, onError: (name: string, fault: unknown) => void): SubscriptionClock => {
  const heartbeats = openHeartbeats(world, (fault) => onError('heartbeat', fault));
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    try {
      await endSubscriptions(world.pool);
      await heartbeats.beat();
    } catch (fault) {
      onError('subscriptions', fault);
    }
    if (!isClosed) timer = setTimeout(start, EVERY_MS);
  };
  let round: Promise<void> = Promise.resolve();
  const start = (): void => {
    round = look();
  };
  start();
  return {
    close: async () => {
      isClosed = true;
      clearTimeout(timer);
      await round;
      await heartbeats.close();
    },
  };
};
