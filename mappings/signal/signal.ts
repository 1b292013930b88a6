import { NRL_CONSUMER, Signal as SignalNames } from '../../profiles/canonicals.ts';
import type { Instant } from '../../src/model/instant.ts';
import { RECIPIENT_KINDS, type RecipientKind } from '../../src/model/kind.ts';

/** An event of a plan, as whoever subscribed nationally would be told of it: look again. It says neither what changed nor whether there still is a plan. */
export interface Signal {
  /** Of this event, a UUID; told again it is the same. */
  readonly id: string;
  readonly at: Instant;
  readonly nhsNumber: string;
  /** Origin of the broker as its callers know it, without a slash at the end. */
  readonly origin: string;
  /**
   * Whether a pointer to the plan may be shown to each kind at this moment. That there is a plan is itself a secret, and whoever subscribes to a national
   * event is of no kind that is known here: so it is told to all or to none.
   */
  readonly mayKnow: Readonly<Record<RecipientKind, boolean>>;
}

/** Whether the event may be told at all: only where each kind may know that there is a plan. Publishers are asked of too: a signal tells them apart from nobody. */
export const maySignal = ({ mayKnow }: Pick<Signal, 'mayKnow'>): boolean => RECIPIENT_KINDS.every((kind) => mayKnow[kind] === true);

/** Where it is read: each recipient knows the plan under an id of its own, so that only the search is the same for all. No person stands in it. */
export const dataref = ({ origin }: Pick<Signal, 'origin'>): string => `${origin}${NRL_CONSUMER}/DocumentReference`;

/** What the event is called: `<noun>-<change>-<n>`, as the Multicast Notification Service names its own. Nobody has registered it. */
export const EVENT_TYPE = SignalNames.type;
/** Who tells of it. */
export const SOURCE = SignalNames.source;
