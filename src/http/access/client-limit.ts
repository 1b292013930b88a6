import type pg from 'pg';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { Line } from '../../log.ts';
import type { Log } from '../../log.ts';
import { tooMany } from './too-many.ts';

/** Portions of a minute's requests that a process takes at once: one write for each, and what the limit may be missed by. */
const PORTIONS = 20;
/** How long PostgreSQL may take to say whether there is a portion left, and how long nothing is counted after it did not. */
const PATIENCE_MS = 500;
const UNCOUNTED_MS = 1_000;
/** Clients that are remembered; those whose minute is over give way. */
const MOST = 10_000;

/** What this process holds of one client's minute. Times are of the monotonic clock, in milliseconds. */
interface Purse {
  left: number;
  /** Until when `left` may be spent. */
  until: number;
  /** Until when the client has none left, in any process. */
  shutUntil: number;
  /** Until when nothing is counted, for nobody can say what is left. */
  uncountedUntil: number;
  taking: Promise<void> | null;
}

/** Takes one request of a client from what it may ask in this minute. Throws Refusal 429; never fails for a fault of its own. */
export type Spend = (clientId: string) => Promise<void>;

/** What the limit is, and who is told. */
export interface ClientLimit {
  readonly perMinute: number;
  readonly minuteMs: number;
  readonly log: Log;
  /** Called for each request that is turned away. */
  readonly throttled: () => void;
}

const SPENT = Promise.resolve();

const within = async <T>(work: Promise<T>): Promise<T> => {
  let late: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    late = setTimeout(() => reject(new Error('the rate limit was not told in time')), PATIENCE_MS);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(late);
  }
};

/**
 * Limits the requests of each client in a minute over all processes of a database. A write for each request would cost more than most requests do, so
 * a process takes a portion of twenty from PostgreSQL and spends it from memory: accuracy in docs/decisions/0023. Where PostgreSQL does not
 * answer, nothing is counted: the request goes on, to fail where it must.
 */
export const createClientLimit = (pool: pg.Pool, { perMinute, minuteMs, log, throttled }: ClientLimit): Spend => {
  const portions = Math.min(PORTIONS, perMinute);
  // Of unequal size where twenty does not divide the limit, so that all together are exactly it.
  const upTo = (count: number): number => Math.floor((perMinute * count) / portions);
  const store = new RateLimiterPostgres({
    storeClient: pool,
    points: portions,
    duration: minuteMs / 1_000,
    keyPrefix: 'client',
    tableName: 'rate_limit',
    tableCreated: true,
  });
  const purses = new Map<string, Purse>();

  const forgetOld = (): void => {
    const now = performance.now();
    for (const [client, { until, shutUntil, taking }] of purses)
      if (taking === null && until <= now && shutUntil <= now) purses.delete(client);
  };
  const purseOf = (client: string): Purse => {
    const known = purses.get(client);
    if (known !== undefined) return known;
    if (purses.size >= MOST) forgetOld();
    const purse = { left: 0, until: 0, shutUntil: 0, uncountedUntil: 0, taking: null };
    purses.set(client, purse);
    return purse;
  };
  const take = async (client: string, purse: Purse): Promise<void> => {
    try {
      const { msBeforeNext, consumedPoints } = await within(store.consume(client));
      purse.left = upTo(consumedPoints) - upTo(consumedPoints - 1);
      purse.until = performance.now() + msBeforeNext;
    } catch (answer) {
      const now = performance.now();
      if (answer instanceof RateLimiterRes) {
        purse.shutUntil = now + answer.msBeforeNext;
        return;
      }
      log(Line.limiterFailed, { fault: answer });
      purse.uncountedUntil = now + UNCOUNTED_MS;
    } finally {
      purse.taking = null;
    }
  };
  const spendOf = async (client: string, purse: Purse): Promise<void> => {
    for (;;) {
      const now = performance.now();
      if (now < purse.shutUntil) {
        throttled();
        throw tooMany('a client', perMinute, purse.shutUntil - now);
      }
      if (now < purse.uncountedUntil) return;
      if (purse.left > 0 && now < purse.until) {
        purse.left -= 1;
        return;
      }
      // All who wait take from the portion of the first.
      purse.taking ??= take(client, purse);
      await purse.taking;
    }
  };
  return (client) => {
    const purse = purseOf(client);
    if (purse.left > 0 && performance.now() < purse.until) {
      purse.left -= 1;
      return SPENT;
    }
    return spendOf(client, purse);
  };
};
