import type { Address, ContactPoint, HumanName, Patient } from '@medplum/fhirtypes';
import type { Traits } from '../../src/model/traits.ts';
import { nhsNumberOf } from '../facts/from-patient.ts';

/** Case, accents, blanks, hyphens and apostrophes are written in many ways, and are nobody's name. */
const asName = (text: string | undefined): string | null => {
  const letters = (text ?? '')
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
  return letters === '' ? null : letters;
};

const NOT_IN_USE: readonly (HumanName['use'] | undefined)[] = ['old', 'maiden', 'anonymous'];

const namesOf = (names: readonly HumanName[]): Traits['names'] => {
  const inUse = names.filter(({ use }) => !NOT_IN_USE.includes(use));
  // A nickname often stands without the family name that it goes with.
  const family = inUse.find((each) => each.family !== undefined)?.family;
  return inUse
    .map((each) => ({ family: asName(each.family ?? family), given: asName(each.given?.[0]) }))
    .filter((each) => each.family !== null || each.given !== null);
};

/** A number as it is dialled from abroad; one without a country is British. Null for what is too short to be a whole number. */
const asPhone = (text: string): string | null => {
  const dialled = text
    .replace(/^tel:/i, '')
    .replace(/\(0\)/g, '')
    .replace(/[^\d+]/g, '');
  const digits = dialled.replace(/\+/g, '');
  const abroad = dialled.startsWith('+') ? digits : dialled.startsWith('00') ? digits.slice(2) : null;
  const whole = abroad === null ? digits.replace(/^(?:0|44(?=\d{10}$))/, '44') : abroad.replace(/^440/, '44');
  return whole.length >= 10 && whole.length <= 15 ? `phone +${whole}` : null;
};

const asEmail = (text: string): string | null => (/^[^@\s]+@[^@\s]+$/.test(text.trim()) ? `email ${text.trim().toLowerCase()}` : null);

// Postcodes of no place (ZZ99: no fixed abode, abroad, not known) are shared by thousands.
const asPostcode = (text: string | undefined): string | null => {
  const code = (text ?? '').toUpperCase().replace(/\s/g, '');
  return /^[A-Z]{1,2}\d[A-Z\d]?\d[A-Z]{2}$/.test(code) && !code.startsWith('ZZ99') ? `postcode ${code}` : null;
};

const asContact = ({ system, value, use }: ContactPoint): string | null => {
  if (use === 'old' || value === undefined) return null;
  if (system === 'phone' || system === 'sms') return asPhone(value);
  return system === 'email' ? asEmail(value) : null;
};

const postcodeOf = ({ use, postalCode }: Address): string | null => (use === 'old' || use === 'billing' ? null : asPostcode(postalCode));

/** What a Patient says by which a person can be told apart: one that a caller sent, or one that is stored. The Patient is valid FHIR. */
export const traitsOf = (patient: Patient): Traits => {
  const number = nhsNumberOf(patient);
  const contacts = [...(patient.telecom ?? []).map(asContact), ...(patient.address ?? []).map(postcodeOf)];
  return {
    nhsNumber: number?.value ?? null,
    traced: number?.traced ?? false,
    names: namesOf(patient.name ?? []),
    birthDate: patient.birthDate ?? null,
    contacts: [...new Set(contacts.filter((each) => each !== null))],
  };
};
