import type { Bundle, BundleEntry, ParametersParameter } from '@medplum/fhirtypes';
import { Profile } from '../../profiles/canonicals.ts';
import type { Instant } from '../../src/model/instant.ts';
import { toFhirInstant } from '../time.ts';

/** What one notification says: Subscriptions backport IG, R4; delivery.md section 2. */
export interface Notification {
  /** Id of this Bundle (a UUID); a retry keeps it. */
  readonly id: string;
  /** Base URL of the broker as its callers know it, without a slash at the end. */
  readonly base: string;
  readonly subscriptionId: string;
  readonly topic: string;
  readonly type: 'handshake' | 'event-notification';
  /** Status of the Subscription when this was built: `requested` in a handshake. */
  readonly status: 'requested' | 'active' | 'error' | 'off';
  /** Number of this event; a retry keeps it. Null in a handshake. */
  readonly eventNumber: number | null;
  /** Events since the Subscription began, this one included; a handshake adds none. */
  readonly eventsSinceStart: number;
  /** `CarePlan/<id>`; null in a handshake. */
  readonly focus: string | null;
  /** `withdrawn` says that it may no longer be read, and never why. */
  readonly change: 'changed' | 'withdrawn';
  readonly content: 'empty' | 'id-only';
  readonly at: Instant;
}

/** The history Bundle of a notification: the status first; with `id-only` an entry that names the plan and holds no resource. */
export const toNotification = (notification: Notification): Bundle => {
  const { id, base, subscriptionId, topic, type, status, eventsSinceStart, content, at } = notification;
  const event = type === 'event-notification' ? toEvent(notification) : null;
  const parameter: ParametersParameter[] = [
    { name: 'subscription', valueReference: { reference: `${base}/Subscription/${subscriptionId}` } },
    ...(content === 'empty' ? [] : [{ name: 'topic', valueCanonical: topic }]),
    { name: 'status', valueCode: status },
    { name: 'type', valueCode: type },
    { name: 'events-since-subscription-start', valueString: String(eventsSinceStart) },
    ...(event === null ? [] : [event]),
  ];
  const statusEntry: BundleEntry = {
    fullUrl: `urn:uuid:${id}`,
    resource: { resourceType: 'Parameters', id, meta: { profile: [Profile.subscriptionStatus] }, parameter },
    request: { method: 'GET', url: `Subscription/${subscriptionId}/$status` },
    response: { status: '200' },
  };
  return {
    resourceType: 'Bundle',
    id,
    meta: { lastUpdated: toFhirInstant(at) },
    type: 'history',
    timestamp: toFhirInstant(at),
    entry: [statusEntry, ...(event === null ? [] : toFocusEntry(notification))],
  };
};

const toEvent = ({ eventNumber, at, content, focus }: Notification): ParametersParameter => ({
  name: 'notification-event',
  part: [
    ...(eventNumber === null ? [] : [{ name: 'event-number', valueString: String(eventNumber) }]),
    { name: 'timestamp', valueInstant: toFhirInstant(at) },
    ...(content === 'empty' || focus === null ? [] : [{ name: 'focus', valueReference: { reference: focus } }]),
  ],
});

const toFocusEntry = ({ content, focus, base, change }: Notification): readonly BundleEntry[] =>
  content === 'empty' || focus === null
    ? []
    : [
        {
          fullUrl: `${base}/${focus}`,
          request: { method: change === 'withdrawn' ? 'DELETE' : 'PUT', url: focus },
          response: { status: '200' },
        },
      ];
