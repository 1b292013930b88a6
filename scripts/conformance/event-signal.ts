import type { Checklist } from './list.ts';

/** The Multicast Notification Service as a publisher of events meets it. */
export const eventSignal: Checklist = {
  page: 'event-signal',
  title: 'Events in the shape of the Multicast Notification Service',
  source:
    'NHS England, multicast-notification-service (specification and signal schemas), and the design of NEMS on order; project research nhs.md section 5. Asked of a service of our own: MNS has no event of crisis plans',
  lines: [
    { id: 'mns.1', asks: 'POST /events with application/cloudevents+json: what breaks the shape is 400' },
    { id: 'mns.2', asks: 'Required: id, source, specversion 1.0, type, time; subject is the NHS number' },
    { id: 'mns.3', asks: 'dataref: where to read it; no clinical data in an event, and no person in an address' },
    { id: 'mns.4', asks: 'type is named <noun>-<change>-<n>' },
    {
      id: 'mns.5',
      asks: 'versionid and filtering',
      notApplicable: 'a version would tell of changes that a subscriber may not see, and a filter who is asked about: neither is sent',
    },
    { id: 'mns.6', asks: 'X-Correlation-ID is required' },
    { id: 'mns.7', asks: 'Authorization by an access token for a signed JWT; without a good one 401' },
    {
      id: 'mns.8',
      asks: 'FHIR signal: history Bundle of one Parameters with exactly subscription, status, type, notification-event, additional-context',
    },
    { id: 'mns.9', asks: 'Order is not promised: an event is of the whole state, and has a time' },
    { id: 'mns.10', asks: 'An event that is published again keeps its id' },
    { id: 'mns.11', asks: 'Told on removal, too: who reads finds nothing' },
    {
      id: 'mns.12',
      asks: 'Subscriptions (POST, GET, PUT, DELETE /subscriptions)',
      notApplicable: 'whoever wants the event subscribes at the service; at the broker itself there are R5 backport Subscriptions',
    },
  ],
};
