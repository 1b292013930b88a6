import type { Parameters, ParametersParameter } from '@medplum/fhirtypes';
import { Profile } from '../../profiles/canonicals.ts';
import type { Instant } from '../../src/model/instant.ts';
import { toFhirInstant } from '../time.ts';

/** One event of a Subscription, as a status names it. */
export interface EventNamed {
  readonly number: number;
  readonly at: Instant;
  /** `CarePlan/<id>`; null where none is named. */
  readonly focus: string | null;
  /** What is sent beside the focus, as `Type/id`. */
  readonly beside: readonly string[];
}

/** The status of a Subscription: Subscriptions R5 Backport IG, backport-subscription-status-r4, where counters and numbers are strings. */
export interface SubscriptionStatus {
  /** Id of the Parameters, a UUID of this answer or notification. */
  readonly id: string;
  /** Base URL of the broker, without a slash at the end. */
  readonly base: string;
  readonly subscriptionId: string;
  /** Null leaves it out. */
  readonly topic: string | null;
  readonly status: 'requested' | 'active' | 'error' | 'off';
  readonly type: 'handshake' | 'heartbeat' | 'event-notification' | 'query-status' | 'query-event';
  readonly eventsSinceStart: number;
  readonly events: readonly EventNamed[];
  /** Why it is in error; left out where it is not, or nobody knows. */
  readonly wrong?: string | null;
}

/** The Parameters that say how a Subscription stands, and which events are meant. */
export const toStatus = ({
  id,
  base,
  subscriptionId,
  topic,
  status,
  type,
  eventsSinceStart,
  events,
  wrong,
}: SubscriptionStatus): Parameters => ({
  resourceType: 'Parameters',
  id,
  meta: { profile: [Profile.subscriptionStatus] },
  parameter: [
    { name: 'subscription', valueReference: { reference: `${base}/Subscription/${subscriptionId}` } },
    ...(topic === null ? [] : [{ name: 'topic', valueCanonical: topic }]),
    { name: 'status', valueCode: status },
    { name: 'type', valueCode: type },
    { name: 'events-since-subscription-start', valueString: String(eventsSinceStart) },
    ...events.map(toEvent),
    ...(wrong == null ? [] : [{ name: 'error', valueCodeableConcept: { text: wrong } }]),
  ],
});

const toEvent = ({ number, at, focus, beside }: EventNamed): ParametersParameter => ({
  name: 'notification-event',
  part: [
    { name: 'event-number', valueString: String(number) },
    { name: 'timestamp', valueInstant: toFhirInstant(at) },
    ...(focus === null ? [] : [{ name: 'focus', valueReference: { reference: focus } }]),
    ...beside.map((reference) => ({ name: 'additional-context', valueReference: { reference } })),
  ],
});
