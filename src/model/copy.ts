import type { Heading } from './heading.ts';
import type { Instant } from './instant.ts';

/** SHA-256 over what a recipient sees, in hex. */
export type Digest = string;

/** Where a copy lies: the address it went to and the identifier of the person that it carried. */
export interface Place {
  readonly address: string;
  /** NHS number as sent, or `-` where the kind is sent none. */
  readonly identity: string;
}

export const samePlace = (a: Place, b: Place): boolean => a.address === b.address && a.identity === b.identity;

/** Ledger epoch and count. A recipient that honours it refuses a lower one. */
export interface Sequence {
  readonly epoch: number;
  readonly count: number;
}

export const compareSequence = (a: Sequence, b: Sequence): number => a.epoch - b.epoch || a.count - b.count;

/** What one attempt may have left at a place. `effect` is null for a recall: it carried nothing, and may still arrive late. */
export interface Copy {
  /** Id of the attempt. */
  readonly id: string;
  readonly place: Place;
  readonly effect: Digest | null;
  readonly headings: readonly Heading[];
  /** Document id as sent (TXA-12, Bundle.identifier). */
  readonly documentId: string;
  readonly sequence: Sequence;
  /** `held`: acknowledged. `uncertain`: what cannot be disproved, they hold. */
  readonly state: 'held' | 'uncertain';
  /** Until then the attempt may still arrive, or be stored by a reader; null once it was answered. */
  readonly againAt: Instant | null;
  /** Whether anything was accepted at this place since. */
  readonly acceptedSince: boolean;
  /** When it has ended at the recipient by agreement at the latest, as it stood when it was sent; left out where nothing was agreed. */
  readonly endsAt?: Instant;
  /** Until when its answer is waited for, where the recipient answers by a message of its own. */
  readonly answerBy?: Instant;
  /** Something else was begun at this place since: an answer to this one no longer tells what lies there. */
  readonly overtaken?: true;
}

export const carriesContent = (copy: Copy): boolean => copy.effect !== null;
