import type { Bundle, BundleEntry, CarePlan, Parameters, ParametersParameter, Resource } from '@medplum/fhirtypes';
import { Extension, Profile } from '../../profiles/canonicals.ts';
import type { Instant } from '../../src/model/instant.ts';
import { toFhirInstant } from '../time.ts';

/** How much of a plan a notification carries (R4 backport). */
export type PayloadContent = 'empty' | 'id-only' | 'full-resource';

/** One event of a Subscription. */
export interface NotificationEvent {
  /** Strictly sequential within its Subscription; a retry keeps it. */
  readonly number: number;
  readonly at: Instant;
  /** Id of the CarePlan, as this subscriber knows it. */
  readonly plan: string;
  /** `withdrawn` says that it may no longer be read, and never why. */
  readonly change: 'changed' | 'withdrawn';
  /** The plan first; of `full-resource` alone, and of nothing that is withdrawn. */
  readonly resources: readonly Resource[];
}

/** What one notification, or an answer to `$status` and `$events`, says: Subscriptions backport IG, R4; delivery.md section 2. */
export interface Notification {
  /** Id of this Bundle (a UUID); a retry keeps it. */
  readonly id: string;
  /** Base URL of the broker as its callers know it, without a slash at the end. */
  readonly base: string;
  readonly subscriptionId: string;
  readonly topic: string;
  readonly type: 'handshake' | 'heartbeat' | 'event-notification' | 'query-status' | 'query-event';
  /** Status of the Subscription when this was built: `requested` in a handshake. */
  readonly status: 'requested' | 'active' | 'error' | 'off';
  readonly events: readonly NotificationEvent[];
  /** Events since the Subscription began, these included; neither handshake nor heartbeat adds one. */
  readonly eventsSinceStart: number;
  readonly content: PayloadContent;
  readonly at: Instant;
}

type StatusOf = Pick<
  Notification,
  'id' | 'base' | 'subscriptionId' | 'topic' | 'type' | 'status' | 'events' | 'eventsSinceStart' | 'content'
>;

/** The status of a Subscription (backport-subscription-status-r4). `empty` names neither topic nor plan. */
export const toSubscriptionStatus = (of: StatusOf): Parameters => ({
  resourceType: 'Parameters',
  id: of.id,
  meta: { profile: [Profile.subscriptionStatus] },
  parameter: [
    { name: 'subscription', valueReference: { reference: `${of.base}/Subscription/${of.subscriptionId}` } },
    ...(of.content === 'empty' ? [] : [{ name: 'topic', valueCanonical: of.topic }]),
    { name: 'status', valueCode: of.status },
    { name: 'type', valueCode: of.type },
    { name: 'events-since-subscription-start', valueString: String(of.eventsSinceStart) },
    ...of.events.map((event) => toEvent(event, of.content)),
  ],
});

/** The history Bundle of a notification: the status first; with `id-only` an entry that names the plan and holds no resource. */
export const toNotification = (notification: Notification): Bundle => {
  const { id, subscriptionId, at, events } = notification;
  const statusEntry: BundleEntry = {
    fullUrl: `urn:uuid:${id}`,
    resource: toSubscriptionStatus(notification),
    request: { method: 'GET', url: `Subscription/${subscriptionId}/$status` },
    response: { status: '200' },
  };
  return {
    resourceType: 'Bundle',
    id,
    meta: { lastUpdated: toFhirInstant(at) },
    type: 'history',
    timestamp: toFhirInstant(at),
    entry: [statusEntry, ...entriesOf(notification, events)],
  };
};

const focusOf = ({ plan }: NotificationEvent): string => `CarePlan/${plan}`;

const toEvent = (event: NotificationEvent, content: PayloadContent): ParametersParameter => ({
  name: 'notification-event',
  part: [
    { name: 'event-number', valueString: String(event.number) },
    { name: 'timestamp', valueInstant: toFhirInstant(event.at) },
    ...(content === 'empty' ? [] : [{ name: 'focus', valueReference: { reference: focusOf(event) } }]),
    ...(content === 'full-resource'
      ? event.resources.slice(1).map((each) => ({ name: 'additional-context', valueReference: { reference: nameOf(each) } }))
      : []),
  ],
});

const nameOf = ({ resourceType, id }: Resource): string => `${resourceType}/${id}`;

/** Each plan once, by the last of its events: what it was between two of them is nobody's to see any more. */
const entriesOf = ({ content, base }: Notification, events: readonly NotificationEvent[]): readonly BundleEntry[] => {
  if (content === 'empty') return [];
  const last = new Map(events.map((event) => [event.plan, event]));
  return [...last.values()].flatMap((event): readonly BundleEntry[] => {
    const method = event.change === 'withdrawn' ? ('DELETE' as const) : ('PUT' as const);
    const entry = (url: string, resource?: Resource): BundleEntry => ({
      fullUrl: `${base}/${url}`,
      ...(resource === undefined ? {} : { resource }),
      request: { method, url },
      response: { status: '200' },
    });
    if (content === 'id-only') return [entry(focusOf(event))];
    if (event.change === 'withdrawn') return [entry(focusOf(event), toTombstone(event.plan))];
    return event.resources.map((each) => entry(nameOf(each), each));
  });
};

/** What is left of a plan that may no longer be read: its id, and that it is revoked. Of whom it was is masked; why is not said. */
const toTombstone = (id: string): CarePlan => ({
  resourceType: 'CarePlan',
  id,
  status: 'revoked',
  intent: 'plan',
  subject: { extension: [{ url: Extension.dataAbsentReason, valueCode: 'masked' }] },
});
