import type { Issue } from '../../model/anomaly.ts';
import { definitions } from '../definitions.ts';
import type { JsonObject } from '../json.ts';
import { isObject, objectsOf } from '../json.ts';
import type { Rule } from '../rule.ts';

const RELATIVE = /^([A-Z][A-Za-z]+)\/[A-Za-z0-9\-.]{1,64}(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/;
const ABSOLUTE = /^(https?:\/\/[^\s?#]+|urn:uuid:[0-9a-f-]{36}|urn:oid:[0-9.]+)$/i;

const wrong = (reference: string, inside: ReadonlySet<string>): string | null => {
  if (reference.startsWith('#')) return reference === '#' || inside.has(reference.slice(1)) ? null : 'names nothing that is contained';
  const type = RELATIVE.exec(reference)?.[1];
  if (type !== undefined) return definitions().types.has(type) ? null : 'names a type that FHIR R4 does not have';
  return ABSOLUTE.test(reference) ? null : 'is not a reference: Type/id, #id, urn:uuid or a URL without a query';
};

/** References that are written as one, and contained resources that exist (dom-3, ref-1). Each resource in a Bundle is looked at by itself. */
export const references: Rule = (resource, at) => {
  const issues: Issue[] = [];
  const visit = (value: unknown, here: string, inside: ReadonlySet<string>, contained: boolean): void => {
    if (Array.isArray(value)) value.forEach((each: unknown, index) => visit(each, `${here}[${index}]`, inside, contained));
    if (!isObject(value)) return;
    const scope = value['resourceType'] !== undefined && !contained ? idsContained(value, here, issues) : inside;
    const problem = typeof value['reference'] === 'string' ? wrong(value['reference'], scope) : null;
    if (problem !== null) issues.push({ at: `${here}.reference`, code: 'value', help: problem });
    for (const [name, each] of Object.entries(value)) visit(each, `${here}.${name}`, scope, contained || name === 'contained');
  };
  visit(resource, at, new Set(), false);
  return issues;
};

const idsContained = (resource: JsonObject, at: string, issues: Issue[]): ReadonlySet<string> => {
  const found = new Set<string>();
  for (const [contained, index] of objectsOf(resource['contained'])) {
    const here = `${at}.contained[${index}]`;
    const { id } = contained;
    if (typeof id !== 'string' || found.has(id))
      issues.push({ at: `${here}.id`, code: 'invariant', help: 'each contained resource has an id of its own' });
    else found.add(id);
    if (contained['contained'] !== undefined)
      issues.push({ at: `${here}.contained`, code: 'invariant', help: 'contained resources do not nest (dom-2)' });
  }
  return found;
};
