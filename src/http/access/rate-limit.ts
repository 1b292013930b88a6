import type pg from 'pg';
import { Counter } from 'prom-client';
import type { Registry } from 'prom-client';
import type { Log } from '../../log.ts';
import { createAddressLimit } from './address-limit.ts';
import type { AddressLimit } from './address-limit.ts';
import { createClientLimit } from './client-limit.ts';
import type { Spend } from './client-limit.ts';

/** How often who may ask. Each throws Refusal 429 with `Retry-After`. */
export interface RateLimit extends AddressLimit {
  /** Takes one request of a client that is known. */
  readonly spend: Spend;
}

/** What the limits are made of. */
export interface RateLimitParts {
  /** Requests of one client in a minute; 0 is no limit. */
  readonly perMinute: number;
  /** Refused requests of one address in a minute; 0 is no limit. */
  readonly refusedPerMinute: number;
  readonly log: Log;
  readonly metrics: Registry;
  /** Length of a client's minute. */
  readonly minuteMs?: number;
}

const UNLIMITED = Promise.resolve();

/** Makes the limits, and registers what they turned away: `broker_throttled_total` by `client` or `address`, and no name of either. */
export const createRateLimit = (
  pool: pg.Pool,
  { perMinute, refusedPerMinute, log, metrics, minuteMs = 60_000 }: RateLimitParts,
): RateLimit => {
  const throttled = new Counter({
    name: 'broker_throttled_total',
    help: 'Requests answered 429, by what had too many',
    labelNames: ['by'] as const,
    registers: [metrics],
  });
  const addresses = refusedPerMinute === 0 ? null : createAddressLimit(refusedPerMinute, () => throttled.inc({ by: 'address' }));
  return {
    spend:
      perMinute === 0
        ? () => UNLIMITED
        : createClientLimit(pool, { perMinute, minuteMs, log, throttled: () => throttled.inc({ by: 'client' }) }),
    refused: (address) => addresses?.refused(address),
    checkAddress: (address) => addresses?.checkAddress(address),
  };
};
