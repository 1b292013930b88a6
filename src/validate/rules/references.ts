import { definitions } from '../definitions.ts';
import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';
import type { Scope } from '../walk.ts';

const RELATIVE = /^([A-Z][A-Za-z]+)\/[A-Za-z0-9\-.]{1,64}(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/;
const ABSOLUTE = /^(https?:\/\/[^\s?#]+|urn:uuid:[0-9a-f-]{36}|urn:oid:[0-9.]+)$/i;

const wrong = (reference: string, { contained, entries }: Scope): string | null => {
  if (reference.startsWith('#')) return reference === '#' || contained.has(reference.slice(1)) ? null : 'names nothing that is contained';
  const type = RELATIVE.exec(reference)?.[1];
  if (type !== undefined) return definitions().types.has(type) ? null : 'names a type that FHIR R4 does not have';
  if (!ABSOLUTE.test(reference)) return 'is not a reference: Type/id, #id, urn:uuid or a URL without a query';
  return entries !== null && reference.startsWith('urn:') && !entries.has(reference) ? 'names no entry of the Bundle' : null;
};

/** References that are written as one, to contained resources and entries that exist (ref-1; R4 bundle, resolving references). */
export const references: Rule = {
  object: ({ value: { reference }, at, type, scope }) => {
    if (type !== 'Reference' || typeof reference !== 'string') return NONE;
    const help = wrong(reference, scope);
    return help === null ? NONE : [{ at: `${at}.reference`, code: 'value', help }];
  },
};
