import type { Reference } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import { isOdsCode } from '../../src/model/ods-code.ts';

/** An organisation by its ODS code, or a service by the id of its HealthcareService. */
export type Party = { readonly ods: string } | { readonly recipientId: string };

/** Answers what a literal reference (`Organization/x`, `HealthcareService/x`) names; null where nothing is stored under it. */
export type Resolve = (reference: string) => Party | null;

const LITERAL = /(?:^|\/)([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/;

/** Id in a literal reference to a resource of that type (a version is left out); null for any other reference. */
export const idOf = (reference: Reference | undefined, type: string): string | null => {
  const match = LITERAL.exec(reference?.reference ?? '');
  return match?.[1] === type ? (match[2] ?? null) : null;
};

/** The ODS code of a logical reference; null for any other. */
export const odsOf = (reference: Reference | undefined): string | null => {
  const { system, value } = reference?.identifier ?? {};
  return system === System.odsOrganization && value !== undefined && isOdsCode(value) ? value : null;
};

/** Whom a reference names: by ODS code, or by a literal reference that is stored. Where both stand and differ, nobody. */
export const partyOf = (reference: Reference | undefined, resolve: Resolve): Party | null => {
  const ods = odsOf(reference);
  const literal = reference?.reference === undefined ? null : resolve(reference.reference);
  if (reference?.reference === undefined) return ods === null ? null : { ods };
  if (literal === null || ods === null) return literal;
  return 'ods' in literal && literal.ods === ods ? literal : null;
};
