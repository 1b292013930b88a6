import type { Instant } from './instant.ts';
import type { NamedRecipient } from './sharing.ts';

/** Keys of one service that an ended agreement covered: how far they have been given up. */
export interface EndingProgress {
  readonly recipient: NamedRecipient;
  /** Nothing was begun under the agreement after this. */
  readonly barrier: Instant;
  /** Keys that hold what they may no longer, or were asked to give it up since. */
  readonly covered: number;
  /** Not asked yet. */
  readonly waiting: number;
  readonly asked: number;
  /** Whose last recall was accepted. */
  readonly acknowledged: number;
  /** Asked more than once. */
  readonly chased: number;
  readonly refused: number;
  /** Asked, and not answered. */
  readonly unknown: number;
  /** No copy is believed to be held any more. */
  readonly ended: number;
  /** Held on under another agreement that is in force. */
  readonly kept: number;
  /** When the last of them was; null while any is not. */
  readonly completedAt: Instant | null;
}

/** One attempt to recall. Retries repeat the ids. */
export interface RecallAttempt {
  readonly document: string;
  readonly sequence: string;
  readonly askedAt: Instant;
  readonly outcome: 'open' | 'accepted' | 'refused' | 'unknown';
  readonly because: string | null;
  readonly answeredAt: Instant | null;
}

/** One key: what was sent, and how it was asked back since the agreement ended. */
export interface EndingItem {
  readonly recipient: NamedRecipient;
  readonly carePlanId: string | null;
  /** Under which the recipient knows the plan. */
  readonly disclosureId: string;
  /** The last document sent before the end, with its sequence; null for what was read. */
  readonly sent: { readonly document: string; readonly sequence: string; readonly at: Instant } | null;
  readonly recalls: readonly RecallAttempt[];
  readonly isHeld: boolean;
}
