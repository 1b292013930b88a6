import { toFhirInstant } from '../time.ts';
import { dataref, EVENT_TYPE, type Signal, SOURCE } from './signal.ts';

/** An event as `application/cloudevents+json`: CloudEvents 1.0 with the attributes of the Multicast Notification Service (nhs.md section 5). */
export interface CloudEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time: string;
  /** The NHS number: the service's own shape has it there. */
  readonly subject: string;
  readonly dataref: string;
}

/** The event that is posted to `/events`. Nothing clinical, no version, and no filter. */
export const toCloudEvent = (signal: Signal): CloudEvent => ({
  specversion: '1.0',
  id: signal.id,
  source: SOURCE,
  type: EVENT_TYPE,
  time: toFhirInstant(signal.at),
  subject: signal.nhsNumber,
  dataref: dataref(signal),
});
