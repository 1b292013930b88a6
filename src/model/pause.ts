import type { Instant } from './instant.ts';

/** A pause of a recipient, as an operator asks for it. */
export interface PauseAsked {
  readonly recipientId: string;
  /** Why; kept in the trail and in a Task: names nobody. */
  readonly reason: string;
  /** Holds recalls back, too. Without it a pause holds updates only: a recall is a duty. */
  readonly recalls: boolean;
}

/** How a recipient stands. */
export interface PauseState {
  readonly recipientId: string;
  readonly paused: { readonly since: Instant; readonly by: string; readonly reason: string; readonly recalls: boolean } | null;
  /** Keys at which a recall may be owed now. */
  readonly recallsOwed: number;
}
