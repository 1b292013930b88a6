import type { Heading } from './heading.ts';
import type { Instant } from './instant.ts';
import type { Purpose, RecipientKind } from './kind.ts';
import type { Period } from './period.ts';

/** Who a provision speaks of. An actor that cannot be resolved is kept, so that it never becomes a permit. */
export type Actor =
  | { readonly is: 'kind'; readonly kind: RecipientKind }
  | { readonly is: 'organization'; readonly ods: string }
  | { readonly is: 'service'; readonly recipientId: string }
  | { readonly is: 'unresolved' };

/** One nested provision. An empty list speaks of everyone, every purpose or every heading. */
export interface Provision {
  readonly type: 'permit' | 'deny';
  readonly actors: readonly Actor[];
  readonly purposes: readonly Purpose[];
  readonly headings: readonly Heading[];
  readonly period: Period;
}

/** A person's sharing consent as the broker computes it: design section 4 gate 3, consent.md section 1.4. */
export interface Consent {
  readonly id: string;
  /** ODS code of the publisher whose plans it binds; null binds all publishers' plans. */
  readonly binds: string | null;
  /** `inactive` is a revocation: it no longer permits. Only `active` consents speak. */
  readonly active: boolean;
  /** Of a basis other than consent it ends with that. */
  readonly period: Period;
  readonly provisions: readonly Provision[];
  /** Ids of the consents that this one supersedes. */
  readonly supersedes: readonly string[];
  /** Why it cannot be computed; null when it can. */
  readonly undecidable: string | null;
  /** When the broker stored it: a freeze is counted from here. */
  readonly recordedAt: Instant;
  /** The version that says so, and its hash as the trail has it; missing where an older broker stored it and the trail does not tell. */
  readonly version?: string;
  readonly hash?: string;
}
