import type { Facts } from '../model/facts.ts';
import type { Instant } from '../model/instant.ts';
import { holds } from '../model/ledger.ts';
import { desired } from './desired.ts';

/** Whether a destination may hold the plan now and, as far as time alone can change that, at every moment before `end`. */
export const holdsUntil = (facts: Facts, now: Instant, end: Instant): boolean => {
  let at: Instant | null = now;
  while (at !== null && at < end) {
    const want = desired(facts, at);
    if (!holds(want)) return false;
    at = want.until;
  }
  return true;
};
