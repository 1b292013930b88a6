import { resourceType } from '../../profiles/resource-types.ts';
import { definitions } from './definitions.ts';
import type { JsonObject } from './json.ts';
import { isObject, listOf, objectsOf } from './json.ts';

const BASE_R4 = 'http://hl7.org/fhir/StructureDefinition/';
const R4 = '4.0.1';

/**
 * URL of the profile by which the broker takes a resource of a type; undefined where base R4 is all that is asked. Most types have one; a resource that
 * says by its code that it is something else (an advance decision is a Consent) is held against the profile of that. A disclosure, a Bundle, names its own.
 */
export const profileOf = (type: string, resource: JsonObject): string | undefined => {
  const row = resourceType(type);
  const instead = row?.instead ?? null;
  if (instead !== null) {
    const held = resource[instead.element];
    const codings = (isObject(held) ? [held] : listOf(held)).flatMap((concept) => (isObject(concept) ? objectsOf(concept['coding']) : []));
    const says = codings.some(([{ system, code }]) => system === instead.system && (instead.code === null || code === instead.code));
    if (says) return instead.profile;
  }
  return row?.profile ?? undefined;
};

/**
 * URL of the profile that a canonical names (`url`, or `url|version`), where the broker can hold a resource against it: one of its own, or a
 * base R4 type. Null where it does not know it, or not in this version.
 */
export const knownProfile = (canonical: string): string | null => {
  const [url = '', version] = canonical.split('|');
  const { profiles, types } = definitions();
  const own = profiles.get(url);
  const known = own !== undefined ? own.version : url.startsWith(BASE_R4) && types.has(url.slice(BASE_R4.length)) ? R4 : undefined;
  return known !== undefined && (version === undefined || version === known) ? url : null;
};
