import { resourceType } from '../../profiles/resource-types.ts';
import { definitions } from './definitions.ts';

const BASE_R4 = 'http://hl7.org/fhir/StructureDefinition/';
const R4 = '4.0.1';

/** URL of the profile by which the broker takes a type; undefined where base R4 is all that is asked. A disclosure, a Bundle, names its own. */
export const profileOf = (type: string): string | undefined => resourceType(type)?.profile ?? undefined;

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
