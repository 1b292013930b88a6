import type { Sequence } from './copy.ts';
import type { Heading } from './heading.ts';
import type { Instant } from './instant.ts';
import type { Purpose, RecipientKind } from './kind.ts';
import type { Refusal } from './refusal.ts';

/** The words of one heading, as the plan's authors wrote them: XHTML `div`, already sanitised at the door. */
export interface Section {
  readonly heading: Heading;
  readonly div: string;
}

/** One action of the plan: `CarePlan.activity.detail`, shown under the heading that it belongs to. */
export interface PlanAction {
  readonly heading: Heading;
  readonly description: string;
}

/** The least of the person that a kind needs. Null is "not disclosed to this kind, or not known". */
export interface DisclosedPerson {
  readonly nhsNumber: string | null;
  readonly family: string;
  readonly given: readonly string[];
  readonly preferredName: string | null;
  readonly birthDate: string;
  readonly gender: 'male' | 'female' | 'other' | 'unknown' | null;
  readonly address: { readonly line: readonly string[]; readonly city: string | null; readonly postalCode: string | null } | null;
  readonly telecom: readonly { readonly system: 'phone' | 'email' | 'sms'; readonly value: string }[];
}

/** What one recipient sees now, before it has a shape. Everything in it has passed the gates. */
export interface Disclosure {
  /** The id under which this recipient knows the plan, its Flag and its words: opaque, its own. */
  readonly id: string;
  readonly kind: RecipientKind;
  readonly purpose: Purpose;
  readonly publisher: { readonly ods: string; readonly name: string };
  readonly recipient: { readonly ods: string };
  readonly person: DisclosedPerson;
  readonly sections: readonly Section[];
  readonly actions: readonly PlanAction[];
  /** Refusals of treatment and legal proxies, where the heading that holds them passed; left out where there are none. */
  readonly refusals?: readonly Refusal[];
  readonly reviewDate: string;
  /** Shown as a banner: the plan is past its review date. */
  readonly reviewOverdue: boolean;
  /** Past hard expiry: only whom to ring is disclosed. */
  readonly contactCardOnly: boolean;
  /** The disclosure's own version and date: the plan's would tell of hidden changes (I4, I5). The same version is the same content. */
  readonly version: string;
  readonly issuedAt: Instant;
  /** Set on what emergency access shows: when it ends. It is a view, and nobody holds it. */
  readonly viewUntil?: Instant;
}

/** The ids that one document or message carries. A retry repeats them; a new sequence has new ones. */
export interface Envelope {
  readonly documentId: string;
  readonly sequence: Sequence;
  /** MessageHeader.id, or the seed of MSH-10. */
  readonly messageId: string;
  /** Bundle.id of the message. */
  readonly bundleId: string;
  /** `X-Request-ID`; the same for a retry. */
  readonly requestId: string;
  /** `X-Correlation-ID`; the same for all that concerns this key. */
  readonly correlationId: string;
  readonly sentAt: Instant;
}
