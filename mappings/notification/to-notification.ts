import type { Bundle, BundleEntry, Resource } from '@medplum/fhirtypes';
import type { Instant } from '../../src/model/instant.ts';
import type { PayloadContent } from '../../src/model/payload-content.ts';
import { toFhirInstant } from '../time.ts';
import { toEntries } from './to-entries.ts';
import { type EventNamed, toStatus } from './to-status.ts';

/** What one notification says: Subscriptions backport IG, R4; delivery.md section 2. One event a Bundle, whatever `maxCount` permits. */
export interface Notification {
  /** Id of this Bundle (a UUID); a retry keeps it. */
  readonly id: string;
  /** Base URL of the broker as its callers know it, without a slash at the end. */
  readonly base: string;
  readonly subscriptionId: string;
  readonly topic: string;
  readonly type: 'handshake' | 'heartbeat' | 'event-notification';
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
  readonly content: PayloadContent;
  /** With `full-resource`: what is disclosed, the focus first. */
  readonly resources?: readonly Resource[];
  readonly at: Instant;
  /** When the event was, where it is told of later. */
  readonly eventAt?: Instant;
}

/** The history Bundle of a notification: the status first; then, as much as its level says, what it is about. */
export const toNotification = (notification: Notification): Bundle => {
  const { id, base, subscriptionId, topic, type, status, eventsSinceStart, content, at } = notification;
  const standing = toStatus({
    id,
    base,
    subscriptionId,
    topic: content === 'empty' ? null : topic,
    status,
    type,
    eventsSinceStart,
    events: type === 'event-notification' ? toEvents(notification) : [],
  });
  const statusEntry: BundleEntry = {
    fullUrl: `urn:uuid:${id}`,
    resource: standing,
    request: { method: 'GET', url: `Subscription/${subscriptionId}/$status` },
    response: { status: '200' },
  };
  return {
    resourceType: 'Bundle',
    id,
    meta: { lastUpdated: toFhirInstant(at) },
    type: 'history',
    timestamp: toFhirInstant(at),
    entry: [statusEntry, ...(type === 'event-notification' ? entriesOf(notification) : [])],
  };
};

const entriesOf = ({ base, focus, change, content, resources = [] }: Notification): readonly BundleEntry[] =>
  focus === null ? [] : toEntries({ base, focus, change, content, resources });

const toEvents = (notification: Notification): readonly EventNamed[] => {
  const { eventNumber, at, eventAt = at, content, focus } = notification;
  if (eventNumber === null) return [];
  const beside = entriesOf(notification)
    .slice(1)
    .map(({ request }) => request?.url ?? '');
  return [{ number: eventNumber, at: eventAt, focus: content === 'empty' ? null : focus, beside }];
};
