import { NRL_CONSUMER } from '../../profiles/canonicals.ts';
import type { Instant } from '../../src/model/instant.ts';

/**
 * An event of a plan, as whoever subscribed to it is told: look again. It says neither what changed nor whether there still is a plan. Whether it may be
 * told at all is decided where everything is (`src/decide/every-consumer.ts`).
 */
export interface Signal {
  /** Of this event, a UUID; told again it is the same. */
  readonly id: string;
  readonly at: Instant;
  readonly nhsNumber: string;
  /** Origin of the broker as its callers know it, without a slash at the end. */
  readonly origin: string;
  /** Base of the event service, without a slash at the end. */
  readonly service: string;
}

/** Where it is read: each recipient knows the plan under an id of its own, so that only the search is the same for all. No person stands in it. */
export const dataref = ({ origin }: Pick<Signal, 'origin'>): string => `${origin}${NRL_CONSUMER}/DocumentReference`;

/** What the event is called: `<noun>-<change>-<n>`, as the Multicast Notification Service names its own. Nobody has registered it. */
export const EVENT_TYPE = 'crisis-plan-change-1';
/** Who tells of it. */
export const SOURCE = 'example.crisis-plan-broker';
