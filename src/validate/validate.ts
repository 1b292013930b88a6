import type { Issue } from '../model/anomaly.ts';
import { definitions } from './definitions.ts';
import { isObject } from './json.ts';
import type { JsonObject } from './json.ts';
import { limits } from './limits.ts';
import { profileOf } from './profile-of.ts';
import type { Rule } from './rule.ts';
import { claimedProfiles } from './rules/claimed-profiles.ts';
import { contained } from './rules/contained.ts';
import { controlCharacters } from './rules/control-characters.ts';
import { coordinates } from './rules/coordinates.ts';
import { coreExtensions } from './rules/core-extensions.ts';
import { dateTimes } from './rules/date-times.ts';
import { definitionTypes } from './rules/definition-types.ts';
import { distinctIds } from './rules/distinct-ids.ts';
import { doNotPerform } from './rules/do-not-perform.ts';
import { agreementTerms } from './rules/agreement-terms.ts';
import { executedAgreement } from './rules/executed-agreement.ts';
import { elementContent } from './rules/element-content.ts';
import { headings } from './rules/headings.ts';
import { ids } from './rules/ids.ts';
import { identifierLength } from './rules/identifier-length.ts';
import { modifiers } from './rules/modifiers.ts';
import { narrative } from './rules/narrative.ts';
import { nhsNumber } from './rules/nhs-number.ts';
import { oneChoice } from './rules/one-choice.ts';
import { organizationNamed } from './rules/organization-named.ts';
import { ownExtensions } from './rules/own-extensions.ts';
import { periodOrder } from './rules/period-order.ts';
import { referenceTargets } from './rules/reference-targets.ts';
import { jsonForm } from './rules/json-form.ts';
import { references } from './rules/references.ts';
import { requiredSlices } from './rules/required-slices.ts';
import { resourceTypes } from './rules/resource-types.ts';
import { subscriptionContent } from './rules/subscription-content.ts';
import { warningInvariants } from './rules/warning-invariants.ts';
import { structure } from './structure.ts';
import { walk } from './walk.ts';

/** In the order in which what they find is said. */
const RULES: readonly Rule[] = [
  ids,
  controlCharacters,
  modifiers,
  dateTimes,
  periodOrder,
  references,
  contained,
  referenceTargets,
  narrative,
  nhsNumber,
  identifierLength,
  ownExtensions,
  coreExtensions,
  requiredSlices,
  oneChoice,
  elementContent,
  organizationNamed,
  distinctIds,
  definitionTypes,
  headings,
  doNotPerform,
  coordinates,
  warningInvariants,
];
/** Rules of a resource that is taken by a profile of the broker; base R4 knows nothing of them. */
const RULES_OF_PROFILE: readonly Rule[] = [subscriptionContent, agreementTerms, executedAgreement];

const BASE_R4 = 'http://hl7.org/fhir/StructureDefinition/';
const MAX_ISSUES = 50;

/** Which definition to hold a resource against. */
export interface ValidateOptions {
  /** URL of a profile of the broker, or of a base R4 type; left out, the broker's profile for the type, or base R4 where it has none. */
  readonly profile?: string;
}

const isError = ({ severity }: Issue): boolean => severity === undefined || severity === 'error';

/** What forbids that a resource is taken: warnings do not. */
export const errorsOf = (issues: readonly Issue[]): readonly Issue[] => issues.filter(isError);

/** What says of an element only that it is required, where another issue says with what. */
const isSaidBetter = ({ at, help }: Issue, all: readonly Issue[]): boolean =>
  help === 'is required' && all.some((other) => other.at === at && other.help.startsWith('is required, with '));

/** Each once, warnings last: where there are too many, those are left out first. The FHIRPath of a choice has no type in it. */
const distinct = (issues: readonly Issue[]): Issue[] => {
  const byPlace = new Map<string, Issue>();
  for (const issue of issues) {
    const at = issue.at?.replaceAll('[x]', '') ?? null;
    const key = `${at} ${issue.help}`;
    if (!byPlace.has(key)) byPlace.set(key, { ...issue, at });
  }
  const all = [...byPlace.values()].filter((issue, _, every) => !isSaidBetter(issue, every));
  return [...errorsOf(all), ...all.filter((issue) => !isError(issue))].slice(0, MAX_ISSUES);
};

/** One walk for all rules; what they find in the order of the rules, so that the graver is said first. */
const ruled = (rules: readonly Rule[], resource: JsonObject, type: string, definition: string): readonly Issue[] => {
  const found = new Map<Rule, Issue[]>();
  const note = (rule: Rule, issues: readonly Issue[]): void => {
    if (issues.length > 0) found.set(rule, [...(found.get(rule) ?? []), ...issues]);
  };
  walk(resource, type, definition, {
    object: (place) => {
      for (const rule of rules) if (rule.object !== undefined) note(rule, rule.object(place));
    },
    primitive: (place) => {
      for (const rule of rules) if (rule.primitive !== undefined) note(rule, rule.primitive(place));
    },
  });
  return rules.flatMap((rule) => found.get(rule) ?? []);
};

/**
 * What is wrong with a resource, each with its FHIRPath and no value of a person; no errors when it may be taken. Takes anything that JSON can
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

  const url = options.profile ?? profileOf(type, resource) ?? `${BASE_R4}${type}`;
  const profile = profiles.get(url);
  if (profile !== undefined && profile.type !== type)
    return [{ at: 'resourceType', code: 'value', help: `is ${profile.type}: the profile asked for is one of that type` }];
  if (profile === undefined && url !== `${BASE_R4}${type}`)
    return [{ at: type, code: 'not-supported', help: 'the profile asked for is neither one of the broker nor base R4 of this type' }];

  const definition = profile?.url ?? type;
  const rules = [...RULES, ...(profile === undefined ? [] : RULES_OF_PROFILE), claimedProfiles(url)];
  const form = ruled([jsonForm], resource, type, definition);
  const found = form.length > 0 ? form : structure(resource, type, definition);
  return distinct([...found, ...ruled(rules, resource, type, definition)]);
};
