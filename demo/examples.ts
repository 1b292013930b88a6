import { readdirSync, readFileSync } from 'node:fs';
import type { CarePlan, Composition, Contract, Parameters, Patient, Resource } from '@medplum/fhirtypes';

const folder = new URL('../examples/', import.meta.url);
const names = readdirSync(folder);

/** Where the example of a name lies: `patient` is `examples/15-patient.json`. Throws where there is none. */
export const exampleFile = (name: string): URL => {
  const found = names.find((file) => file.replace(/^\d+-/, '') === `${name}.json`);
  if (found === undefined) throw new Error(`no example is called ${name}`);
  return new URL(found, folder);
};

/** The body of an example. Our own files: this parse is their door. */
export const example = <R extends Resource = Resource>(name: string): R => JSON.parse(readFileSync(exampleFile(name), 'utf8')) as R;

export const patient = (name: 'patient' | 'patient-corrected'): Patient => example<Patient>(name);
export const words = (version: number): Composition => example<Composition>(`words-v${version}`);
export const plan = (version: number): CarePlan => example<CarePlan>(`plan-v${version}`);
export const approval = (version: number): Parameters => example<Parameters>(`approve-v${version}`);
export const agreementWithEd = (): Contract => example<Contract>('agreement-ed');

/** The NHS number of the person in the examples, before and after its correction. */
export const nhsNumber = (name: 'patient' | 'patient-corrected'): string => {
  const value = patient(name).identifier?.[0]?.value;
  if (value === undefined) throw new Error('the example has no number');
  return value;
};
