import type { HumanName, Patient } from '@medplum/fhirtypes';
import { nhsNumberOf } from '../facts/from-patient.ts';
import { nhsNumberIdentifier } from '../disclosure/references.ts';

const asSent = ({ use, family, given }: HumanName): HumanName => ({
  ...(use === undefined ? {} : { use }),
  ...(family === undefined ? {} : { family }),
  ...(given?.[0] === undefined ? {} : { given: [given[0]] }),
});

/** Of what the caller sent, that by which persons are told apart: number, name, birth date. It holds nothing of the record. */
export const toEcho = (sent: Patient): Patient => {
  const number = nhsNumberOf(sent);
  const names = (sent.name ?? []).map(asSent).filter(({ family, given }) => family !== undefined || given !== undefined);
  return {
    resourceType: 'Patient',
    ...(number === null ? {} : { identifier: [nhsNumberIdentifier(number.value)] }),
    ...(names.length === 0 ? {} : { name: names }),
    ...(sent.birthDate === undefined ? {} : { birthDate: sent.birthDate }),
  };
};
