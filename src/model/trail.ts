import type { Heading } from './heading.ts';
import type { Instant } from './instant.ts';

/**
 * What the trail tells of: content pushed or asked back, a plan read or flagged, a list of flags handed out, a person matched, a match confirmed, a person erased by law, an
 * approved version shown to an auditor; emergency access asked for; how a plan is shared shown, a decision explained, a change tried out; a plan approved or withdrawn, and a consent or an agreement written;
 * what a draft would change shown, and what is done in its review: submitted, commented, answered;
 * a reuse beyond a recipient's duty reported, how far an ended agreement has been given up shown, and who looked at a
 * person's plans; a correction or complaint that a person raised; a recipient paused, and resumed; an answer to a message of ours that came by a
 * message of its own, and a message that the operator had sent once more; a chase that a person ended by hand;
 * an address moved, and its credential given, rotated or taken away.
 */
export const TRAIL_EVENTS = [
  'disclose',
  'recall',
  'read',
  'flag',
  'flag-list',
  'match',
  'confirm',
  'erase',
  'inspect',
  'emergency',
  'sharing',
  'explain',
  'preview',
  'changes',
  'review',
  'approve',
  'withdraw',
  'consent',
  'agreement',
  'reuse',
  'ending',
  'access-log',
  'concern',
  'pause',
  'resume',
  'answer',
  'replay',
  'chase-end',
  'endpoint',
] as const;
export type TrailEvent = (typeof TRAIL_EVENTS)[number];

/** By what a heading of the signed projection was left out. */
export type WithheldBy = 'agreement' | 'consent' | 'kind' | 'shown-together' | 'expired';

/** What one consent said that counted. */
export interface ConsentCounted {
  /** `Consent/x/_history/2`; without the version where that is not known any more. */
  readonly reference: string;
  readonly hash: string | null;
  readonly says: 'permit' | 'deny' | 'undecidable';
  /** Which of its provisions, counted from 0; null of the consent as a whole. */
  readonly provision: number | null;
}

/** What decided, as the trail keeps it beside each disclosure and refusal. */
export interface DecidedBy {
  /** The gate that refused; null where all were passed. */
  readonly gate: string | null;
  readonly consents: readonly ConsentCounted[];
  /** What was not shown of what was signed for the kind. Empty where a gate before consent refused: then it is everything. */
  readonly withheld: Readonly<Partial<Record<Heading, WithheldBy>>>;
}

/** One row of the trail, as it may be shown. What its reader may not see of it is null or empty. */
export interface TrailEntry {
  /** Opaque: it does not tell how many there are. */
  readonly id: string;
  readonly at: Instant;
  readonly event: TrailEvent;
  /** Whether nothing was shown. */
  readonly refused: boolean;
  /** Why it was refused, asked back, erased or inspected; null where it was shown. */
  readonly because: string | null;
  /** The code of the reason that was given for emergency access, or of the reuse that was reported. */
  readonly reason: string | null;
  /** Who asked, or was sent it. */
  readonly organization: string;
  readonly kind: string;
  /** The person behind the call, where one is known. */
  readonly caller: string | null;
  readonly purpose: string | null;
  readonly headings: readonly string[];
  /** What was written, where it tells of a change: `Consent/x/_history/2`. */
  readonly about: string | null;
  /** Hash of what was shown, or written. */
  readonly digest: string | null;
  /** The publisher's own Patient. */
  readonly patientId: string | null;
  /** The version that was in force. */
  readonly plan: { readonly carePlanId: string; readonly version: number } | null;
  /** Missing where nothing was decided, or an older broker wrote it. */
  readonly decidedBy?: DecidedBy;
}
