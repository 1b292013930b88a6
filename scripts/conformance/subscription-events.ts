import type { Checklist } from './list.ts';

/** Events of Subscriptions: what the Inferno server suite asserts of notifications and of `$status`, and lines of the guide that it does not test. */
export const subscriptionEvents: Checklist = {
  page: 'subscription-events',
  title: 'Events of Subscriptions',
  source: 'Subscriptions R5 Backport IG for R4; Inferno suite subscriptions_r5_backport_r4_server (2a), and requirements by its ids (2b)',
  lines: [
    {
      id: '2a.1.2.02',
      asks: 'notification_conformance: history, each entry with request and response, entry[0] the status with its request …/$status; ids and times of each Bundle its own',
    },
    { id: '2a.3.1.2.03', asks: 'empty_conformance: no entry after the status, a notification-event without focus, no topic' },
    { id: '2a.3.2.2.03', asks: 'id_only_conformance: a focus; later entries with a fullUrl and no resource' },
    {
      id: '2a.3.3.2.03',
      asks: 'full_resource_conformance: the focus and what stands beside it are found in the Bundle; each resource is valid; a topic',
    },
    { id: '2a.5.01', asks: 'status_invocation: $status is a searchset with Parameters for the id, valid by the profile' },
    { id: '2b.77', asks: 'An event in the state error still counts' },
    { id: '2b.79', asks: '$status answers in error' },
    { id: '2b.99', asks: 'topic stands in full-resource' },
    { id: '2b.100', asks: 'topic is absent in empty' },
    { id: '2b.101', asks: 'topic may stand in id-only' },
    { id: '2b.98', asks: 'No notification holds more events than maxCount' },
    { id: '2b.102', asks: 'events-since-subscription-start includes this event; handshakes do not touch it; a string in R4' },
    { id: '2b.103', asks: 'event-number is strictly sequential; a retry keeps it; it survives restart, failover and a restored backup' },
    { id: '2b.106', asks: '$status of one Subscription looks at no id and no status' },
    { id: '2b.107', asks: '$status of the type: repeated id, repeated status, none is every one that the caller may see' },
    { id: '2b.108', asks: '$status answers whatever the status is' },
    { id: '2b.112', asks: 'An unknown and a foreign id tell nothing' },
    { id: '2b.115', asks: '$events: history, query-event, both numbers inclusive' },
    { id: '2b.118', asks: '$events: content is a hint' },
    { id: '2b.119', asks: '$events is authorised again when it is read' },
  ],
};
