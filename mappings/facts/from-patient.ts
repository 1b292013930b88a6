import { createHash } from 'node:crypto';
import type { Coding, HumanName, Patient } from '@medplum/fhirtypes';
import { Extension, System } from '../../profiles/canonicals.ts';
import { anomaly } from '../../src/model/anomaly.ts';
import type { DisclosedPerson } from '../../src/model/disclosure.ts';
import type { Person } from '../../src/model/person.ts';
import { extensionOf } from './extensions-of.ts';
import { present } from './present.ts';

/** What a Patient says: the person as a decision needs it (without the broker's own id), and as a disclosure may show it. */
export interface PatientFacts {
  readonly person: Omit<Person, 'id'>;
  readonly disclosed: DisclosedPerson;
}

/** UK Core 01 (present and verified), or the same in the retired code system, which BaRS still sends. */
export const isTraced = ({ system, code }: Coding): boolean =>
  (system === System.nhsNumberVerification && code === '01') || code === 'number-present-and-verified';
const RESTRICTED = ['R', 'V'];

const digest = (values: readonly unknown[]): string => createHash('sha256').update(JSON.stringify(values)).digest('hex');

/** The one NHS number of a Patient that is in use, and whether it is verified; null where there is none. Throws `incorrect` where two stand. */
export const nhsNumberOf = (patient: Patient): { readonly value: string; readonly traced: boolean } | null => {
  const numbers = (patient.identifier ?? [])
    .map((identifier, index) => ({ identifier, index }))
    .filter(({ identifier }) => identifier.system === System.nhsNumber && identifier.use !== 'old');
  const [first, second] = numbers;
  if (first === undefined) return null;
  if (second !== undefined) throw anomaly('incorrect', 'a person has one NHS number', `Patient.identifier[${second.index}]`);
  const status = extensionOf(first.identifier, Extension.nhsNumberVerification)?.valueCodeableConcept;
  return {
    value: present(first.identifier.value, `Patient.identifier[${first.index}].value`),
    traced: (status?.coding ?? []).some(isTraced),
  };
};

const current = (name: HumanName): boolean => name.use !== 'old' && name.use !== 'maiden';
const preferredUse = (name: HumanName): boolean => name.use === 'usual' || name.use === 'nickname';

const preferredName = (names: readonly HumanName[]): string | null => {
  const name = names.find((each) => each.use === 'nickname') ?? names.find((each) => each.use === 'usual');
  const words = name?.text ?? name?.given?.join(' ') ?? '';
  return words === '' ? null : words;
};

const telecom = (patient: Patient): DisclosedPerson['telecom'] =>
  (patient.telecom ?? []).flatMap(({ system, value, use }) =>
    use !== 'old' && value !== undefined && (system === 'phone' || system === 'email' || system === 'sms') ? [{ system, value }] : [],
  );

const address = (patient: Patient): DisclosedPerson['address'] => {
  const usable = (patient.address ?? []).filter((each) => each.use !== 'old' && each.use !== 'billing');
  const chosen = usable.find((each) => each.use === 'temp') ?? usable.find((each) => each.use === 'home') ?? usable[0];
  return chosen === undefined ? null : { line: chosen.line ?? [], city: chosen.city ?? null, postalCode: chosen.postalCode ?? null };
};

/** Reads a Patient. Throws `incorrect` where the family name or birth date is missing, or two NHS numbers stand. */
export const fromPatient = (patient: Patient): PatientFacts => {
  const names = (patient.name ?? []).filter(current);
  const official = names.find((name) => name.use === 'official') ?? names.find((name) => !preferredUse(name)) ?? names[0];
  const number = nhsNumberOf(patient);
  const disclosed: DisclosedPerson = {
    // One that is not verified may be somebody else's: it is not shown.
    nhsNumber: number?.traced === true ? number.value : null,
    family: present(official?.family, 'Patient.name.family'),
    given: official?.given ?? [],
    preferredName: preferredName(names),
    birthDate: present(patient.birthDate, 'Patient.birthDate'),
    gender: patient.gender ?? null,
    address: address(patient),
    telecom: telecom(patient),
  };
  const name = [disclosed.family, disclosed.given, disclosed.preferredName, disclosed.birthDate];
  return {
    disclosed,
    person: {
      alive: patient.deceasedBoolean !== true && patient.deceasedDateTime === undefined,
      restricted: (patient.meta?.security ?? []).some(
        ({ system, code }) => system === System.confidentiality && code !== undefined && RESTRICTED.includes(code),
      ),
      nhsNumber: number?.value ?? null,
      traced: number?.traced ?? false,
      nameDigest: digest(name),
      identityDigest: digest([
        ...name,
        disclosed.nhsNumber,
        disclosed.gender,
        disclosed.address && [disclosed.address.line, disclosed.address.city, disclosed.address.postalCode],
        disclosed.telecom.map(({ system, value }) => [system, value]),
      ]),
    },
  };
};
