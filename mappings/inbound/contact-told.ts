import type { CodeableConcept, Coding, Encounter, Identifier, Period } from '@medplum/fhirtypes';
import type { Issue } from '../../src/model/anomaly.ts';
import type { Entry } from './entries.ts';
import { personTold } from './person-told.ts';

/** The contact that a message tells of. */
export interface ContactTold {
  readonly contact: Encounter;
  /** FHIRPath of the sender's Encounter, whose parts the contact has under the same names. */
  readonly at: string;
  readonly warnings: readonly Issue[];
}

const given = <T extends object>(value: T): Partial<T> =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Partial<T>;

const toCoding = ({ system, code, display }: Coding): Coding => given({ system, code, display });
const toPeriod = ({ start, end }: Period): Period => given({ start, end });
const toIdentifier = ({ use, system, value }: Identifier): Identifier => given({ use, system, value });
// A concept in words alone may hold anything, a name too.
const toConcepts = (concepts: readonly CodeableConcept[]): CodeableConcept[] =>
  concepts.flatMap(({ coding }) => (coding === undefined ? [] : [{ coding: coding.map(toCoding) }]));

/** The receiver's number for the same contact: kept as a second identifier, so that its own Encounter makes no second contact. */
const numbersOfOthers = (encounter: Entry<Encounter>, entries: readonly Entry[]): Identifier[] =>
  entries.flatMap(({ url, resource }) =>
    resource.resourceType !== 'Encounter' || url === encounter.url
      ? []
      : (resource.identifier ?? [])
          .slice(0, 1)
          .flatMap(({ system, value }) => (value === undefined ? [] : [given({ use: 'secondary' as const, system, value })])),
  );

/**
 * The sender's Encounter as the broker keeps a crisis contact: its case, status, class and times, and the person by NHS number. Where it was,
 * who came, and what was said stay with those who treat. Nothing is added that was not said.
 */
export const contactTold = (encounter: Entry<Encounter>, entries: readonly Entry[], isSound: (at: string) => boolean): ContactTold => {
  const { identifier, status, statusHistory, class: contactClass, type, serviceType, priority, period } = encounter.resource;
  const { subject, warnings } = personTold(encounter, entries, isSound);
  const types = toConcepts(type ?? []);
  const [service] = toConcepts(serviceType === undefined ? [] : [serviceType]);
  const [urgency] = toConcepts(priority === undefined ? [] : [priority]);
  const identifiers = [...(identifier ?? []).map(toIdentifier), ...numbersOfOthers(encounter, entries)];
  const contact: Encounter = {
    resourceType: 'Encounter',
    ...(identifiers.length === 0 ? {} : { identifier: identifiers }),
    status,
    ...(statusHistory === undefined
      ? {}
      : { statusHistory: statusHistory.map((each) => ({ status: each.status, period: toPeriod(each.period) })) }),
    class: toCoding(contactClass),
    ...(types.length === 0 ? {} : { type: types }),
    ...(service === undefined ? {} : { serviceType: service }),
    ...(urgency === undefined ? {} : { priority: urgency }),
    subject,
    ...(period === undefined ? {} : { period: toPeriod(period) }),
  };
  return { contact, at: encounter.at, warnings };
};
