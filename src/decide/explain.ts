import type { Facts } from '../model/facts.ts';
import type { Heading } from '../model/heading.ts';
import { HEADINGS, kindMaySee } from '../model/heading.ts';
import type { Instant } from '../model/instant.ts';
import type { Purpose } from '../model/kind.ts';
import { PURPOSES_OF_KIND } from '../model/kind.ts';
import type { Because, Desired } from '../model/ledger.ts';
import { holds } from '../model/ledger.ts';
import { agreed } from './agreed.ts';
import { consented } from './consented.ts';
import { desired } from './desired.ts';

/** The gates of design section 4, in the order in which `desired` asks them. */
export const GATES = ['person', 'plan', 'number', 'reach', 'agreement', 'consent', 'kind'] as const;
export type Gate = (typeof GATES)[number];

const GATE_OF: Readonly<Record<Because, Gate>> = {
  'not-alive': 'person',
  restricted: 'person',
  withdrawn: 'plan',
  'no-approved-version': 'plan',
  'not-traced': 'number',
  'out-of-reach': 'reach',
  'no-agreement': 'agreement',
  'no-consent': 'consent',
  'consent-undecidable': 'consent',
  'ruled-out': 'consent',
  'nothing-to-disclose': 'kind',
};

/** One decision, with where it was taken and what was left out of what is shown. */
export interface Explained {
  readonly want: Desired;
  readonly gates: readonly {
    readonly gate: Gate;
    readonly outcome: 'passed' | 'failed' | 'not-reached';
    readonly because: Because | null;
  }[];
  /** Headings of the signed projection that are not shown, each by the first gate that leaves it out. Empty where a gate failed before. */
  readonly withheld: readonly { readonly heading: Heading; readonly by: 'agreement' | 'consent' | 'kind' | 'shown-together' | 'expired' }[];
}

/** Says how `desired` came to its answer. It asks `desired` itself: there is no second reading of the rules. */
export function explain(facts: Facts, now: Instant): Explained {
  const want = desired(facts, now);
  const because = holds(want) ? null : want.because;
  const failed = because === null ? GATES.length : GATES.indexOf(GATE_OF[because]);
  return {
    want,
    gates: GATES.map((gate, index) => ({
      gate,
      outcome: index < failed ? 'passed' : index === failed ? 'failed' : 'not-reached',
      because: index === failed ? because : null,
    })),
    withheld: failed < GATES.indexOf('consent') ? [] : withheldOf(facts, want, now),
  };
}

function withheldOf(facts: Facts, want: Desired, now: Instant): Explained['withheld'] {
  const { plan, recipient, agreements, consents } = facts;
  const shown = holds(want) ? want.headings : [];
  const purpose: Purpose = (holds(want) ? want.purpose : PURPOSES_OF_KIND[recipient.kind][0]) ?? 'TREAT';
  const agreedHeadings = agreed(agreements, purpose, now);
  const { headings: consentedHeadings } = consented(consents, { publisher: plan.publisher, recipient, purpose }, now);
  const signed = HEADINGS.filter((heading) => plan.version?.projections[recipient.kind].headings[heading] !== undefined);
  return signed
    .filter((heading) => !shown.includes(heading))
    .map((heading) => {
      if (!agreedHeadings.has(heading)) return { heading, by: 'agreement' };
      if (!consentedHeadings.has(heading)) return { heading, by: 'consent' };
      if (!kindMaySee(recipient.kind, heading)) return { heading, by: 'kind' };
      return { heading, by: plan.version?.expiresAt != null && plan.version.expiresAt <= now ? 'expired' : 'shown-together' };
    });
}
