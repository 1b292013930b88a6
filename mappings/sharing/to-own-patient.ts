import type { Patient } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';

/** A publisher's record of a person, to that person: its id and whose it is, and nothing that the trust wrote in it. */
export const toOwnPatient = ({ patientId, owner }: { readonly patientId: string; readonly owner: string }): Patient => ({
  resourceType: 'Patient',
  id: patientId,
  meta: { tag: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' }] },
  managingOrganization: { type: 'Organization', identifier: { system: System.odsOrganization, value: owner } },
});
