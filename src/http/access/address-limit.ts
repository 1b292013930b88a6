import { tooMany } from './too-many.ts';

const MINUTE_MS = 60_000;
/** Addresses that are remembered: about 10 MB. Beyond, the one whose minute began first gives way. */
const MOST = 50_000;

/** Counts the refused requests of each address in this process, from the first of a minute on. */
export interface AddressLimit {
  /** Counts one. Null is an address that nobody knows, and is not counted. */
  refused(address: string | null): void;
  /** Throws Refusal 429 where an address has had its refusals of this minute. */
  checkAddress(address: string | null): void;
}

/** Limits how often an address may be refused in a minute. `now` is a monotonic clock, in milliseconds. */
export const createAddressLimit = (perMinute: number, throttled: () => void, now: () => number = () => performance.now()): AddressLimit => {
  // In the order in which their minutes began: those at the front are over first.
  const counts = new Map<string, { since: number; count: number }>();
  const forgetOld = (at: number): void => {
    for (const [address, { since }] of counts) {
      if (since > at - MINUTE_MS && counts.size < MOST) return;
      counts.delete(address);
    }
  };
  const current = (address: string): { since: number; count: number } | null => {
    const known = counts.get(address);
    return known === undefined || known.since <= now() - MINUTE_MS ? null : known;
  };
  return {
    refused: (address) => {
      if (address === null) return;
      const known = current(address);
      if (known !== null) {
        known.count += 1;
        return;
      }
      const at = now();
      counts.delete(address);
      forgetOld(at);
      counts.set(address, { since: at, count: 1 });
    },
    checkAddress: (address) => {
      const known = address === null ? null : current(address);
      if (known === null || known.count < perMinute) return;
      throttled();
      throw tooMany('an address that was refused', perMinute, known.since + MINUTE_MS - now());
    },
  };
};
