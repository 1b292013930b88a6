import type { Heading } from './heading.ts';
import type { RecipientKind } from './kind.ts';

/** What a person no longer wants to be shared from one trust's plans. Empty lists: with everybody, everything. */
export interface RefusedSharing {
  readonly kinds: readonly RecipientKind[];
  /** ODS codes. */
  readonly organizations: readonly string[];
  readonly headings: readonly Heading[];
  /** Emergency access stays open: a clinician's look in an emergency, which is told to the person. */
  readonly keepsEmergencyAccess: boolean;
}
