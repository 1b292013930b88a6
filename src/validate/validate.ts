import type { Issue } from '../model/anomaly.ts';
import { definitions } from './definitions.ts';
import { isObject } from './json.ts';
import { limits } from './limits.ts';
import { profileOf } from './profile-of.ts';
import type { Rule } from './rule.ts';
import { controlCharacters } from './rules/control-characters.ts';
import { coordinates } from './rules/coordinates.ts';
import { dateTimes } from './rules/date-times.ts';
import { doNotPerform } from './rules/do-not-perform.ts';
import { headings } from './rules/headings.ts';
import { ids } from './rules/ids.ts';
import { modifiers } from './rules/modifiers.ts';
import { narrative } from './rules/narrative.ts';
import { nhsNumber } from './rules/nhs-number.ts';
import { ownExtensions } from './rules/own-extensions.ts';
import { periodOrder } from './rules/period-order.ts';
import { references } from './rules/references.ts';
import { resourceTypes } from './rules/resource-types.ts';
import { subscriptionContent } from './rules/subscription-content.ts';
import { structure } from './structure.ts';

const RULES: readonly Rule[] = [
  ids,
  controlCharacters,
  modifiers,
  dateTimes,
  periodOrder,
  references,
  narrative,
  nhsNumber,
  ownExtensions,
  headings,
  doNotPerform,
  coordinates,
];
/** Rules of a resource that is taken by a profile of the broker; base R4 knows nothing of them. */
const RULES_OF_PROFILE: readonly Rule[] = [subscriptionContent];

const BASE_R4 = 'http://hl7.org/fhir/StructureDefinition/';
const MAX_ISSUES = 50;

/** Which definition to hold a resource against. */
export interface ValidateOptions {
  /** URL of a profile of the broker, or of a base R4 type; left out, the broker's profile for the type, or base R4 where it has none. */
  readonly profile?: string;
}

/** The FHIRPath of a choice has no type in it: `value`, where the JSON says `valueDate`. */
const asFhirPath = (at: string | null): string | null => at?.replaceAll('[x]', '').replace(/\.value[A-Z][A-Za-z0-9]*/g, '.value') ?? null;

const distinct = (issues: readonly Issue[]): Issue[] => {
  const byPlace = new Map<string, Issue>();
  for (const issue of issues) {
    const at = asFhirPath(issue.at);
    const key = `${at} ${issue.help}`;
    if (!byPlace.has(key)) byPlace.set(key, { ...issue, at });
  }
  return [...byPlace.values()].slice(0, MAX_ISSUES);
};

/**
 * What is wrong with a resource, each with its FHIRPath and no value of a person; empty when it may be taken. Takes anything that JSON can
 * say, of any depth and size, and never throws on it. Resources inside (contained, Bundle, Parameters) are held against base R4.
 */
export const validate = (resource: unknown, options: ValidateOptions = {}): Issue[] => {
  if (!isObject(resource)) return [{ at: null, code: 'structure', help: 'a resource is a JSON object' }];
  const { types, profiles } = definitions();
  const type = resource['resourceType'];
  if (typeof type !== 'string') return [{ at: 'resourceType', code: 'required', help: 'is required' }];
  if (!types.has(type)) return [{ at: 'resourceType', code: 'not-supported', help: 'is not a resource type of FHIR R4' }];
  const bounds = limits(resource, type);
  if (bounds.length > 0) return bounds;
  const unknown = resourceTypes(resource, type);
  if (unknown.length > 0) return distinct(unknown);

  const url = options.profile ?? profileOf(type);
  const profile = url === undefined || url === `${BASE_R4}${type}` ? undefined : profiles.get(url);
  if (url !== undefined && url !== `${BASE_R4}${type}` && profile === undefined)
    return [{ at: type, code: 'not-supported', help: 'the profile asked for is not one of the broker' }];
  if (profile !== undefined && profile.type !== type)
    return [{ at: 'resourceType', code: 'value', help: `the profile is one of ${profile.type}` }];

  const rules = profile === undefined ? RULES : [...RULES, ...RULES_OF_PROFILE];
  return distinct([...structure(resource, type, profile?.url ?? type), ...rules.flatMap((rule) => rule(resource, type))]);
};
