import type { Endpoint, Extension as Declaration } from '@medplum/fhirtypes';
import { Extension } from '../../profiles/canonicals.ts';
import type { Proposal } from './judge.ts';

const codesOf = (declaration: Declaration): string =>
  (declaration.extension ?? [])
    .flatMap((part) => (part.url === 'code' ? [part.valueCode] : part.url === 'error' ? [part.valueString] : []))
    .join(' ');

/** Whether one declaration takes the place of another: of a table each row stands for itself. */
const replaces = (one: Declaration, other: Declaration): boolean =>
  one.url === other.url && (one.url !== Extension.acknowledgement || codesOf(one) === codesOf(other));

/** The Endpoint with its profile filled in as far as it was seen: to be looked at by people, and written by them. */
export const proposedEndpoint = (endpoint: Endpoint, proposals: readonly Proposal[]): Endpoint => {
  const declared = proposals.map(({ declare }) => declare);
  const kept = (endpoint.extension ?? []).filter((one) => !declared.some((other) => replaces(other, one)));
  return { ...endpoint, extension: [...kept, ...declared] };
};

/** A declaration in words: `true`, `manual`, `AE 204 accepted`. */
export const declaredValue = (declaration: Declaration): string => {
  if (declaration.valueBoolean !== undefined) return String(declaration.valueBoolean);
  const means = declaration.extension?.find(({ url }) => url === 'means')?.valueCode;
  return means === undefined ? (declaration.valueCode ?? '') : `${codesOf(declaration)} ${means}`;
};
