import type { Heading } from './heading.ts';
import type { Instant } from './instant.ts';
import type { RecipientKind } from './kind.ts';

/** What a kind may see of an approved version, as its approvers signed it: a hash for each heading, and one over all of them. */
export interface Projection {
  readonly hash: string;
  readonly headings: Readonly<Partial<Record<Heading, string>>>;
}

/** An approved version, without its words. Immutable. */
export interface ApprovedVersion {
  readonly carePlanId: string;
  readonly projections: Readonly<Record<RecipientKind, Projection>>;
  /** Day of the planned review, `YYYY-MM-DD`; after it the plan is shown with a banner. */
  readonly reviewDate: string;
  /** After this instant only the contact card is disclosed; null where the plan has no hard expiry. */
  readonly expiresAt: Instant | null;
  /** A number that a person raises to have unchanged words issued again. */
  readonly reissue: number;
}

/** Who the plan's reach includes: named services and areas. */
export interface Reach {
  readonly recipientIds: readonly string[];
  readonly areas: readonly string[];
}

export interface Plan {
  readonly id: string;
  /** ODS code of the trust that wrote it. */
  readonly publisher: string;
  readonly withdrawn: boolean;
  readonly version: ApprovedVersion | null;
  readonly reach: Reach;
}
