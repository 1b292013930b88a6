import type { Identifier, Period } from '@medplum/fhirtypes';
import { visitNumberSystem } from '../../profiles/canonicals.ts';
import type { Place } from './place.ts';
import { refuse } from './place.ts';
import type { V2Message } from './read-v2.ts';
import type { V2Time } from './v2-time.ts';
import { readTime } from './v2-time.ts';
import { neededAt, valueAt } from './value.ts';

const PV1 = (field: number, component = 1, part = 1): Place => ({ segment: 'PV1', field, component, part });

/** PV1-2 (table 0004) as the class of an Encounter: one that is expected, or is no visit, is no contact. */
const CLASSES: ReadonlyMap<string, string> = new Map([
  ['E', 'EMER'],
  ['I', 'IMP'],
  ['O', 'AMB'],
]);

/** The class of a visit, v3 ActCode. Throws AE 101 or 103. */
export const classOf = (message: V2Message): string => {
  const place: Place = { segment: 'PV1', field: 2 };
  const found = CLASSES.get(neededAt(message, place));
  if (found === undefined) throw refuse(place, '103', 'is E, I or O: a contact that takes place');
  return found;
};

/**
 * The visit number, PV1-19, under its assigning authority: an object identifier or URI as it is; a name, or none, within the facility that sends.
 * Throws AE 101.
 */
export const visitNumber = (message: V2Message, facility: string): Identifier => {
  const value = neededAt(message, { segment: 'PV1', field: 19 });
  const [namespace, universal, type] = [1, 2, 3].map((part) => valueAt(message, PV1(19, 4, part)));
  if (universal !== null && universal !== undefined) {
    if (type === 'ISO' && /^[0-2](?:\.(?:0|[1-9]\d*))+$/.test(universal)) return { system: `urn:oid:${universal}`, value };
    if (type === 'URI' && /^[a-z][a-z0-9+.-]*:[!-~]+$/i.test(universal)) return { system: universal, value };
    throw refuse(PV1(19, 4, 2), '102', 'is an object identifier with ISO beside it, or an absolute address with URI');
  }
  return { system: visitNumberSystem(facility, namespace ?? null), value };
};

const timeAt = (message: V2Message, place: Place): V2Time | null => {
  const value = valueAt(message, place);
  return value === null ? null : readTime(value, place);
};

const ADMITTED: Place = { segment: 'PV1', field: 44 };
const DISCHARGED: Place = { segment: 'PV1', field: 45 };
const OCCURRED: Place = { segment: 'EVN', field: 6 };

/** When a visit began: PV1-44, or EVN-6 where the event is its beginning. Throws AE 101: when it was recorded is not when it was. */
export const startTold = (message: V2Message, isBeginning: boolean): Pick<Period, 'start'> => {
  const found = timeAt(message, ADMITTED) ?? (isBeginning ? timeAt(message, OCCURRED) : null);
  if (found === null) throw refuse(ADMITTED, '101', isBeginning ? 'is required, or EVN-6' : 'is required');
  return { start: found.fhir };
};

/** When a visit ended: PV1-45, or EVN-6 where the event is its end. Throws AE 101. */
export const endTold = (message: V2Message): Pick<Period, 'end'> => {
  const found = timeAt(message, DISCHARGED) ?? timeAt(message, OCCURRED);
  if (found === null) throw refuse(DISCHARGED, '101', 'is required, or EVN-6');
  return { end: found.fhir };
};

/** When a visit ended, where the message says so. */
export const endSaid = (message: V2Message): Pick<Period, 'end'> | null => {
  const found = timeAt(message, DISCHARGED);
  return found === null ? null : { end: found.fhir };
};
