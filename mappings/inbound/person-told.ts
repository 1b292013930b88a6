import type { Encounter, Patient, Reference } from '@medplum/fhirtypes';
import { Extension, System } from '../../profiles/canonicals.ts';
import type { Issue } from '../../src/model/anomaly.ts';
import { isTraced } from '../facts/from-patient.ts';
import { extensionOf } from '../facts/extensions-of.ts';
import type { Entry } from './entries.ts';
import { entryOf } from './entries.ts';
import { refuse } from './refuse.ts';

/** Whom a message's Encounter is about, as a contact names it. */
export interface PersonTold {
  readonly subject: Reference<Patient>;
  readonly warnings: readonly Issue[];
}

/** R4 data-absent-reason: ambulance services hand over people whose name nobody knows yet, and the receiver takes them (BaRS, CAD to CAD). */
const NOBODY_KNOWN: Reference<Patient> = { extension: [{ url: Extension.dataAbsentReason, valueCode: 'unknown' }], type: 'Patient' };

const notKnown = (at: string, because: string): PersonTold => ({
  subject: NOBODY_KNOWN,
  warnings: [
    { at, code: 'incomplete', severity: 'warning', help: `${because}: the contact is kept, and told to nobody until an update names them` },
  ],
});

const byNumber = (value: string): PersonTold => ({
  subject: { type: 'Patient', identifier: { system: System.nhsNumber, value } },
  warnings: [],
});

/**
 * The person by NHS number, where the message has one that is sound and verified; else somebody not known, with a warning that says why. Never by
 * name, birth date or telephone. `isSound` answers whether nothing is wrong at or below a place.
 */
export const personTold = (encounter: Entry<Encounter>, entries: readonly Entry[], isSound: (at: string) => boolean): PersonTold => {
  const { subject } = encounter.resource;
  const at = `${encounter.at}.subject`;
  if (subject === undefined) return notKnown(at, 'no person is named');
  if (subject.identifier?.system === System.nhsNumber && subject.identifier.value !== undefined) return byNumber(subject.identifier.value);
  if (subject.reference === undefined) return notKnown(at, 'the person has no NHS number here');
  const patient = entryOf(entries, subject.reference, 'Patient');
  if (patient === null) throw refuse(`${at}.reference`, 'value', 'names a Patient of this message');
  return ofPatient(patient, isSound);
};

const ofPatient = ({ resource, at }: Entry<Patient>, isSound: (at: string) => boolean): PersonTold => {
  const place = `${at}.identifier`;
  if (!isSound(place)) return notKnown(place, 'the NHS number cannot be used');
  const numbers = (resource.identifier ?? []).filter(({ system, use }) => system === System.nhsNumber && use !== 'old');
  const [number, second] = numbers;
  if (number?.value === undefined) return notKnown(place, 'the person has no NHS number');
  if (second !== undefined) return notKnown(place, 'two NHS numbers stand');
  const status = extensionOf(number, Extension.nhsNumberVerification)?.valueCodeableConcept;
  if (!(status?.coding ?? []).some(isTraced)) return notKnown(place, 'the NHS number is not said to be verified (UK Core status 01)');
  return byNumber(number.value);
};
