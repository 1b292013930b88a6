import type { ChaseEnd } from './chase-end.ts';
import type { Copy, Digest, Place, Sequence } from './copy.ts';
import type { Heading } from './heading.ts';
import type { Instant } from './instant.ts';
import type { Purpose } from './kind.ts';

/** The last attempt at a key: a retry straight after it repeats its ids and bytes. */
export interface LastAttempt {
  readonly id: string;
  readonly kind: 'update' | 'recall';
  readonly place: Place;
  readonly effect: Digest | null;
  /** When the first attempt with these ids began. */
  readonly since: Instant;
  readonly sequence: Sequence;
  readonly documentId: string;
  /** The document that an update replaces; left out where it replaces none, and in what an older broker wrote. */
  readonly parent?: string;
  /** Documents named by a recall. */
  readonly documents: readonly string[];
  readonly outcome: 'open' | 'accepted' | 'refused' | 'unknown';
}

/** What is believed of one key. */
export interface Ledger {
  readonly copies: readonly Copy[];
  readonly sequence: Sequence;
  readonly last: LastAttempt | null;
  /** When the recall of another identity or address was first begun and is not yet answered. */
  readonly recallSince: Instant | null;
  readonly failures: number;
  /** The disclosure as this recipient counts it: its version, and when it first became that. */
  readonly disclosed: { readonly digest: Digest; readonly version: number; readonly at: Instant } | null;
  /** Set once this recipient confirmed a match of the person while no number of theirs was traced. */
  readonly matched?: true;
  /** An operator has asked for the last action once more: no answer is waited for, and it goes under a new Bundle.id. */
  readonly replay?: true;
}

/** What should be held now. */
export type Desired =
  | {
      readonly hold: Digest;
      readonly place: Place;
      readonly headings: readonly Heading[];
      readonly purpose: Purpose;
      readonly until: Instant | null;
    }
  | { readonly nothing: true; readonly because: Because; readonly until: Instant | null }
  | { readonly freeze: true; readonly because: Because; readonly until: Instant };

export const holds = (desired: Desired): desired is Extract<Desired, { hold: Digest }> => 'hold' in desired;

/** Why nothing, or a freeze: closed list, also the audit's word. */
export type Because =
  | 'not-alive'
  | 'restricted'
  | 'not-traced'
  | 'no-approved-version'
  | 'withdrawn'
  | 'out-of-reach'
  | 'no-agreement'
  | 'no-consent'
  | 'consent-undecidable'
  | 'nothing-to-disclose'
  /** The person has ruled emergency access out. */
  | 'ruled-out';

/** The next thing to do for a key. */
export type Action =
  | { readonly kind: 'rest'; readonly lookAt: Instant | null }
  | {
      readonly kind: 'update';
      readonly place: Place;
      readonly effect: Digest;
      readonly headings: readonly Heading[];
      /** The document that this one replaces; null for a first one. */
      readonly parent: string | null;
      /** Older documents that may still lie there, to be cancelled with it. */
      readonly stale: readonly string[];
      readonly retryOf: LastAttempt | null;
      /** The same message once more because a person asked: same MessageHeader.id, new Bundle.id (R4 reliable messaging). */
      readonly resubmits?: true;
    }
  | {
      readonly kind: 'recall';
      readonly place: Place;
      /** Documents that may lie there, newest first. */
      readonly documents: readonly string[];
      readonly retryOf: LastAttempt | null;
      readonly resubmits?: true;
    };

export type Move = Exclude<Action, { kind: 'rest' }>;

/** An attempt that is on record as open, before the wire. */
export interface Attempt {
  readonly id: string;
  readonly action: Move;
  readonly sequence: Sequence;
  readonly documentId: string;
  readonly begunAt: Instant;
  /** When the first attempt with these ids began. */
  readonly since: Instant;
  /** No byte is written to the socket after this instant. */
  readonly sendBefore: Instant;
}

/** How an attempt ended. `refused`: proved not stored. `unknown`: anything may have happened. */
export type Outcome =
  | {
      readonly kind: 'accepted';
      readonly level: RecallLevel;
      /** When it took effect, where the recipient says so; otherwise it counts from the first attempt with these ids. */
      readonly at?: Instant;
    }
  | { readonly kind: 'refused'; readonly because: string; readonly retry: boolean }
  | {
      readonly kind: 'unknown';
      readonly because: string;
      /** The message was taken, and its answer comes by a message of its own until then. */
      readonly answerBy?: Instant;
    };

/** How far an acknowledgement reaches; the last three are a person's word. */
export type RecallLevel = 'transport' | 'stored' | 'application' | 'expired' | ChaseEnd;
