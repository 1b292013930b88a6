import type { Patient, Reference } from '@medplum/fhirtypes';
import { Extension, System } from '../../profiles/canonicals.ts';
import type { Issue } from '../../src/model/anomaly.ts';
import type { V2Message } from './read-v2.ts';
import { repetitionsOf, valueAt } from './value.ts';

/** Whom a message is about, as a contact names them. */
export interface PersonTold {
  readonly subject: Reference<Patient>;
  readonly warnings: readonly Issue[];
}

/** PID-3.4 as object identifier: the NHS number of England and Wales. */
const NHS_NUMBER_OID = '2.16.840.1.113883.2.1.4.1';
/** PID-32, table 0445 of the NHS ADT message specifications: number present and verified. Some write the code of the NHS Data Dictionary alone. */
const VERIFIED: readonly (string | null)[] = ['NSTS01', '01'];

/** Somebody whom nobody knows by number, and a warning that says why. Never by name, birth date or telephone. */
export const notKnown = (at: string, because: string): PersonTold => ({
  subject: { extension: [{ url: Extension.dataAbsentReason, valueCode: 'unknown' }], type: 'Patient' },
  warnings: [{ at, severity: 'warning', help: `${because}: the contact is kept, and told to nobody until a message names them` }],
});

const numbersIn = (message: V2Message): readonly string[] =>
  Array.from({ length: repetitionsOf(message, 'PID', 3) }, (_, index) => index + 1).flatMap((repetition) => {
    const at = (component: number, part = 1): string | null => valueAt(message, { segment: 'PID', field: 3, repetition, component, part });
    // Of other numbers nothing is read but whose they are.
    const isNhs = at(5) === 'NH' || at(4, 2) === NHS_NUMBER_OID;
    const number = isNhs ? at(1) : null;
    return number === null ? [] : [number.replace(/[ -]/g, '')];
  });

/** The person by NHS number, where PID-3 has one and PID-32 says that it is verified; else somebody not known. Whether it is sound is the validator's. */
export const personTold = (message: V2Message): PersonTold => {
  const [number, second] = new Set(numbersIn(message));
  if (number === undefined) return notKnown('PID^1^3', 'the person has no NHS number here');
  if (second !== undefined) return notKnown('PID^1^3', 'two NHS numbers stand');
  const states = Array.from({ length: repetitionsOf(message, 'PID', 32) }, (_, index) =>
    valueAt(message, { segment: 'PID', field: 32, repetition: index + 1 }),
  );
  if (!states.some((each) => VERIFIED.includes(each))) return notKnown('PID^1^32', 'the NHS number is not said to be verified (NSTS01)');
  return { subject: { type: 'Patient', identifier: { system: System.nhsNumber, value: number } }, warnings: [] };
};
