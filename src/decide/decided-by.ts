import type { Facts } from '../model/facts.ts';
import type { Instant } from '../model/instant.ts';
import type { Desired } from '../model/ledger.ts';
import type { DecidedBy } from '../model/trail.ts';
import { reading } from './explain.ts';

/** What the trail keeps of a decision: by which gate, by what of which consents, and what was left out. It reads the answer, and decides nothing. */
export function decidedBy(facts: Facts, want: Desired, now: Instant, emergency = false): DecidedBy {
  const { gate, spoke, withheld } = reading(facts, want, now, emergency);
  return {
    gate,
    consents: spoke.map(({ consent: { id, version, hash }, provision, says }) => ({
      reference: version === undefined ? `Consent/${id}` : `Consent/${id}/_history/${version}`,
      hash: hash ?? null,
      says,
      provision,
    })),
    withheld: Object.fromEntries(withheld.map(({ heading, by }) => [heading, by])),
  };
}
