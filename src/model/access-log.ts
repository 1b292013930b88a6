import type { Heading } from './heading.ts';
import type { Instant } from './instant.ts';
import type { Kind, Purpose } from './kind.ts';

/** What of the trail is told to the person: what was disclosed, and emergency access whatever it was answered. Nothing else that was refused. */
export const TOLD_EVENTS = ['disclose', 'read', 'confirm', 'flag', 'flag-list', 'match', 'inspect', 'emergency'] as const;
export type ToldEvent = (typeof TOLD_EVENTS)[number];

/** One look at a person's plans. */
export interface Access {
  /** Id of its AuditEvent. */
  readonly id: string;
  readonly at: Instant;
  readonly event: ToldEvent;
  /** Whether anything was shown; only emergency access is told where nothing was. */
  readonly shown: boolean;
  /** ODS code of who looked, or was sent it, and its name where it is registered. */
  readonly organization: string;
  readonly name: string | null;
  readonly kind: Kind;
  readonly purpose: Purpose | null;
  /** Code of the reason that was given for emergency access. */
  readonly reason: string | null;
  readonly headings: readonly Heading[];
}

/** A page of it: newest first, after the entry with this id. */
export interface AccessPage {
  readonly after: string | null;
  readonly count: number;
}
