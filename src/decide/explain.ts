import type { Facts } from '../model/facts.ts';
import type { Heading } from '../model/heading.ts';
import { HEADINGS, kindMaySee } from '../model/heading.ts';
import { isFlagOnly } from '../model/hl7v2-ways.ts';
import type { Instant } from '../model/instant.ts';
import type { Purpose } from '../model/kind.ts';
import { PURPOSES_OF_KIND } from '../model/kind.ts';
import type { Because, Desired } from '../model/ledger.ts';
import { holds } from '../model/ledger.ts';
import { tellsEverybody } from '../model/recipient.ts';
import type { WithheldBy } from '../model/trail.ts';
import { agreed } from './agreed.ts';
import { consented, type Spoke } from './consented.ts';
import { agreementsFor, desired, isExpired } from './desired.ts';
import { everyConsumer } from './every-consumer.ts';

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
  readonly withheld: readonly { readonly heading: Heading; readonly by: WithheldBy }[];
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
    withheld: reading(facts, want, now).withheld,
  };
}

/** What the consent gate read of an answer that is there already: what was said, and what that left out. Nothing where a gate before refused. */
export interface Reading {
  /** The gate that refused; null where all were passed. */
  readonly gate: Gate | null;
  readonly spoke: readonly Spoke[];
  readonly withheld: Explained['withheld'];
}

/** `emergency`: an answer of emergency access, where a missing consent does not stand in the way and a deny does. */
export function reading(facts: Facts, want: Desired, now: Instant, emergency = false): Reading {
  const gate = holds(want) ? null : GATE_OF[want.because];
  if (gate !== null && GATES.indexOf(gate) < GATES.indexOf('consent')) return { gate, spoke: [], withheld: [] };
  if (tellsEverybody(facts.destination) && !emergency) return { gate, spoke: spokenToConsumers(facts, now), withheld: [] };
  const { plan, recipient, consents } = facts;
  const shown = holds(want) ? want.headings : [];
  const purpose = holds(want) ? want.purpose : emergency ? 'BTG' : purposeAgreed(facts, now);
  // Emergency access asks for a person, wherever they are.
  const agreedHeadings = agreed(emergency ? facts.agreements : agreementsFor(facts, now), purpose, now);
  const { headings: permitted, denied, spoke } = consented(consents, { publisher: plan.publisher, recipient, purpose }, now);
  const isConsented = (heading: Heading): boolean => (emergency ? !denied.has(heading) : permitted.has(heading));
  const signed = HEADINGS.filter((heading) => plan.version?.projections[recipient.kind].headings[heading] !== undefined);
  const withheld = signed
    .filter((heading) => !shown.includes(heading))
    .flatMap((heading) => {
      if (!agreedHeadings.has(heading)) return { heading, by: 'agreement' as const };
      if (!isConsented(heading)) return { heading, by: 'consent' as const };
      if (!kindMaySee(recipient.kind, heading)) return { heading, by: 'kind' as const };
      // No gate keeps it back: the address asked for the flag alone.
      if (isFlagOnly(facts.destination.hl7v2)) return [];
      return { heading, by: plan.version !== null && isExpired(plan.version, now) ? ('expired' as const) : ('shown-together' as const) };
    });
  return { gate, spoke, withheld };
}

/** What was said that counted for anybody who would be told, each once. */
const spokenToConsumers = (facts: Facts, now: Instant): readonly Spoke[] => {
  const found = everyConsumer(facts).flatMap(
    ({ facts: { consents, plan, recipient }, purpose }) =>
      consented(consents, { publisher: plan.publisher, recipient, purpose }, now).spoke,
  );
  return [...new Map(found.map((one) => [`${one.consent.id} ${one.provision} ${one.says}`, one])).values()];
};

/** Of what is refused for every purpose, the first for which there is an agreement. */
const purposeAgreed = (facts: Facts, now: Instant): Purpose => {
  const purposes = PURPOSES_OF_KIND[facts.recipient.kind];
  return purposes.find((purpose) => agreed(agreementsFor(facts, now), purpose, now).size > 0) ?? purposes[0] ?? 'TREAT';
};
