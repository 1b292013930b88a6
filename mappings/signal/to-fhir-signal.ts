import type { Bundle } from '@medplum/fhirtypes';
import { Profile } from '../../profiles/canonicals.ts';
import { toFhirInstant } from '../time.ts';
import { dataref, EVENT_TYPE, type Signal, SOURCE } from './signal.ts';

/**
 * The same event as a FHIR history Bundle: one Parameters of the backport profile with exactly five parameters, as subscribers of the Multicast Notification
 * Service get it (nhs.md section 5).
 */
export const toFhirSignal = (signal: Signal): Bundle => {
  const subscriptions = `${signal.service}/subscriptions`;
  const at = toFhirInstant(signal.at);
  return {
    resourceType: 'Bundle',
    id: signal.id,
    type: 'history',
    timestamp: at,
    entry: [
      {
        fullUrl: `urn:uuid:${signal.id}`,
        resource: {
          resourceType: 'Parameters',
          id: signal.id,
          meta: { profile: [Profile.subscriptionStatus] },
          parameter: [
            { name: 'subscription', valueReference: { reference: subscriptions } },
            { name: 'status', valueCode: 'active' },
            { name: 'type', valueCode: 'event-notification' },
            {
              name: 'notification-event',
              part: [
                { name: 'event-number', valueString: '1' },
                { name: 'timestamp', valueInstant: at },
                { name: 'focus', valueReference: { reference: dataref(signal) } },
              ],
            },
            {
              name: 'additional-context',
              part: [
                { name: 'event-type', valueString: EVENT_TYPE },
                { name: 'source', valueUri: SOURCE },
                { name: 'subject', valueReference: { identifier: { value: signal.nhsNumber } } },
              ],
            },
          ],
        },
        request: { method: 'GET', url: subscriptions },
        response: { status: '200' },
      },
    ],
  };
};
