import type { Facts } from '../model/facts.ts';
import type { Instant } from '../model/instant.ts';
import type { Action, Attempt, Desired, Ledger, Move, Outcome } from '../model/ledger.ts';

/** A key that this worker has claimed, with the fence that its writes must carry. */
export interface Claim {
  readonly keyId: string;
  readonly recipientId: string;
  readonly fence: number;
  /** What may be done with it now: anything; nothing but a recall; or nothing at all, for it is only looked at. */
  readonly may: 'send' | 'recall' | 'look';
}

/** What one look saw: generation first, then everything else. `stamp` names the exact state, and is opaque here. */
export interface Look {
  readonly facts: Facts;
  readonly ledger: Ledger;
  readonly generation: number;
  readonly stamp: string;
  readonly now: Instant;
}

/** What follows from a ledger at an instant, for the same desired state. */
export type Next = (ledger: Ledger, now: Instant) => Action;

/** What the loop needs of the world. The in-memory ledger and PostgreSQL both are this. */
export interface Ports<L extends Look = Look> {
  look(claim: Claim): Promise<L>;
  /**
   * Writes the attempt down before the wire, under the shared policy locks: null when what the look saw is no longer so,
   * when time has passed `until`, or when the fence is lost. Then nothing was written.
   */
  begin(claim: Claim, look: L, desired: Desired, move: Move): Promise<Attempt | null>;
  /** Talks to the destination, outside any transaction. Never throws. */
  deliver(claim: Claim, look: L, attempt: Attempt): Promise<Outcome>;
  /** Writes the outcome. Fenced. After an acceptance `next` says whether the key may rest; otherwise it is looked at again after the back-off. */
  settle(claim: Claim, look: L, attempt: Attempt, outcome: Outcome, next: Next): Promise<void>;
  /** What is to be done may not be done now: it waits until the recipient's pace lets it. Fenced. */
  hold(claim: Claim, look: L, desired: Desired, move: Move): Promise<void>;
  /** Nothing to do until `lookAt`. Fenced. */
  rest(claim: Claim, look: L, desired: Desired, lookAt: Instant | null): Promise<void>;
}
