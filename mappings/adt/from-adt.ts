import type { Encounter } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import type { Issue } from '../../src/model/anomaly.ts';
import type { Instant } from '../../src/model/instant.ts';
import { STAGES } from './events.ts';
import { facilityOf, headOf } from './head.ts';
import { personTold } from './person.ts';
import { refuse, refuseKind } from './place.ts';
import type { Place } from './place.ts';
import type { SegmentName, V2Message } from './read-v2.ts';
import { readTime } from './v2-time.ts';
import { valueAt } from './value.ts';
import { classOf, visitNumber } from './visit.ts';

/** A visit as an ADT message tells of it. */
export interface VisitTold {
  readonly contact: Encounter;
  readonly says: 'all' | 'details';
  /** When the event was recorded, or else the message was made: what is older does not take the place of what is newer. */
  readonly saidAt: Instant;
  /** What was not taken, and why. */
  readonly warnings: readonly Issue[];
}

const NEEDED: readonly SegmentName[] = ['EVN', 'PID', 'PV1'];

const checkSegments = ({ segments }: V2Message): void => {
  for (const name of NEEDED) {
    const { length } = segments[name];
    if (length === 0) throw refuse(`${name}^1`, '100', 'is required');
    if (length > 1) throw refuse(`${name}^2`, '100', 'stands once: a message tells of one visit of one person');
  }
};

const saidAt = (message: V2Message): Instant => {
  const recorded: Place = { segment: 'EVN', field: 2 };
  const place: Place = valueAt(message, recorded) === null ? { segment: 'MSH', field: 7 } : recorded;
  const value = valueAt(message, place);
  if (value === null) throw refuse(recorded, '101', 'is required, or MSH-7');
  const { at } = readTime(value, place);
  if (at === null) throw refuse(place, '102', 'is a time with its minutes: by it the newer of two messages is told');
  return at;
};

/**
 * Reads ADT^A01, A03, A04, A08, A11 or A13 as a crisis contact: its visit number, status, class, times, the facility, and the person by NHS number.
 * Names, addresses, wards and notes are not read. Throws `incorrect` (AE) or `unsupported` (AR) with the place of what stands in the way.
 */
export const fromAdt = (message: V2Message): VisitTold => {
  const { event } = headOf(message);
  const stageOf = Object.hasOwn(STAGES, event) ? STAGES[event] : undefined;
  if (stageOf === undefined)
    throw refuseKind({ segment: 'MSH', field: 9, component: 2 }, '201', `is one of ${Object.keys(STAGES).join(', ')}`);
  checkSegments(message);
  const again = valueAt(message, { segment: 'EVN', field: 1 });
  if (again !== null && again !== event) throw refuse({ segment: 'EVN', field: 1 }, '103', 'is the event of MSH-9, or empty');
  const { ods } = facilityOf(message);
  const { status, period, says } = stageOf(message);
  const { subject, warnings } = personTold(message);
  const contact: Encounter = {
    resourceType: 'Encounter',
    identifier: [visitNumber(message, ods)],
    status,
    class: { system: System.actCode, code: classOf(message) },
    subject,
    period,
    serviceProvider: { type: 'Organization', identifier: { system: System.odsOrganization, value: ods } },
  };
  return { contact, says, saidAt: saidAt(message), warnings };
};

/** Where a part of the contact stands in the message: what a validator finds there is told to its sender in their own terms. */
const PLACES: readonly (readonly [part: string, at: string])[] = [
  ['Encounter.subject', 'PID^1^3'],
  ['Encounter.identifier', 'PV1^1^19'],
  ['Encounter.period', 'PV1^1^44'],
  ['Encounter.class', 'PV1^1^2'],
  ['Encounter.serviceProvider', 'MSH^1^4'],
];

/** An issue of the contact as one of the message. */
export const inMessage = ({ at, ...issue }: Issue): Issue => ({
  ...issue,
  at: PLACES.find(([part]) => at?.startsWith(part))?.[1] ?? 'PV1^1',
  hl7: '102',
});
