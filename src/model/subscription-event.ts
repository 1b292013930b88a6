import type { Instant } from './instant.ts';
import type { PayloadContent } from './payload-content.ts';

/** How a Subscription stands. */
export interface SubscriptionState {
  readonly id: string;
  readonly topic: string;
  readonly status: 'requested' | 'active' | 'error' | 'off';
  /** What went wrong, in the broker's constants, while it is in error; null otherwise. */
  readonly wrong: string | null;
  /** Events since it began. */
  readonly events: number;
  /** What its notifications carry at most, as its owner asked. */
  readonly content: PayloadContent;
}

/** Which events are asked for, both ends inclusive; null is no limit. */
export interface EventRange {
  readonly sinceNumber: number | null;
  readonly untilNumber: number | null;
  readonly since: Instant | null;
  readonly until: Instant | null;
}

/** An event as it was written down: ids only. What may be seen of it is decided when it is read. */
export interface SubscriptionEvent {
  readonly number: number;
  readonly at: Instant;
  /** The id under which the subscriber knows the plan. */
  readonly disclosureId: string;
  /** Whether anything of it went out, and was not proved to be refused: what nobody was told of is not named once it may not be seen. */
  readonly isTold: boolean;
}
