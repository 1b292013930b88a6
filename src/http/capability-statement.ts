import type {
  CapabilityStatement,
  CapabilityStatementRest,
  CapabilityStatementRestResource,
  CapabilityStatementRestSecurity,
} from '@medplum/fhirtypes';
import { BASE, Extension, PLAN_MESSAGE, PLAN_TOPIC, Profile } from '../../profiles/canonicals.ts';
import { CONFORMANCE_TYPES, RESOURCE_TYPES } from '../../profiles/resource-types.ts';
import type { Interaction, ResourceType } from '../../profiles/resource-types.ts';
import { SEARCH_PARAMETERS } from '../../profiles/search-parameters.ts';
import { CONFORMANCE_PARAMETERS } from './conformance.ts';
import { isConditional, offeredOf } from './offered.ts';
import { OPERATIONS } from './operations-offered.ts';
import { ORGANISATION_HEADER } from './principal.ts';
import { ROUTES } from './routes.ts';
import { PARAMETERS, targetsOf } from './search/parameters.ts';

/** R4 code (type-restful-interaction) of each interaction that has one. */
const CODES = {
  read: 'read',
  vread: 'vread',
  'history-instance': 'history-instance',
  'history-type': 'history-type',
  search: 'search-type',
  create: 'create',
  update: 'update',
  patch: 'patch',
  delete: 'delete',
} as const;

const isCoded = (interaction: Interaction): interaction is keyof typeof CODES => interaction in CODES;

const operationsOf = (names: readonly (Interaction | 'process-message')[]): { readonly name: string; readonly definition: string }[] =>
  names.flatMap((name) => {
    const definition = OPERATIONS[name];
    return definition === undefined ? [] : [{ name, definition }];
  });

const includesOf = (type: string): readonly string[] =>
  (SEARCH_PARAMETERS.get(type) ?? []).filter(({ is }) => is === 'reference').map(({ code }) => `${type}:${code}`);

const revIncludesOf = (type: string): readonly string[] =>
  [...SEARCH_PARAMETERS].flatMap(([source, definitions]) =>
    definitions
      .filter((definition) => definition.is === 'reference' && targetsOf(definition).includes(type))
      .map(({ code }) => `${source}:${code}`),
  );

const searchOf = (type: string): Pick<CapabilityStatementRestResource, 'searchParam' | 'searchInclude' | 'searchRevInclude'> => {
  const includes = includesOf(type);
  const revIncludes = revIncludesOf(type);
  return {
    ...(includes.length === 0 ? {} : { searchInclude: ['*', ...includes] }),
    ...(revIncludes.length === 0 ? {} : { searchRevInclude: ['*', ...revIncludes] }),
    searchParam: (PARAMETERS.get(type) ?? []).map(({ name, type: kind, definition }) => ({ name, type: kind, definition })),
  };
};

const supportedOf = ({ type, profile, instead }: ResourceType): Pick<CapabilityStatementRestResource, 'supportedProfile'> => {
  const backport = type === 'Subscription' ? Profile.backportSubscription : null;
  const profiles = [profile, instead?.profile ?? null, backport].filter((each) => each !== null);
  return profiles.length === 0 ? {} : { supportedProfile: profiles };
};

const toResource = (row: ResourceType): CapabilityStatementRestResource => {
  const offered = offeredOf(row);
  const has = (interaction: Interaction): boolean => offered.includes(interaction);
  const operations = operationsOf(offered);
  return {
    // Each is a resource type of R4: a test holds the whole statement against R4.
    ...(row.type === 'Subscription' ? { extension: [{ url: Extension.topicCanonical, valueCanonical: PLAN_TOPIC }] } : {}),
    type: row.type as CapabilityStatementRestResource['type'],
    profile: row.profile ?? `http://hl7.org/fhir/StructureDefinition/${row.type}`,
    ...supportedOf(row),
    ...(offered.some(isCoded) ? { interaction: offered.filter(isCoded).map((each) => ({ code: CODES[each] })) } : {}),
    versioning: 'versioned',
    readHistory: has('vread'),
    // Tasks are the broker's: they are answered, not made.
    updateCreate: has('update') && has('create'),
    conditionalCreate: has('create'),
    conditionalRead: 'not-match',
    conditionalUpdate: has('update') && isConditional('update'),
    conditionalDelete: has('delete') && isConditional('delete') ? 'single' : 'not-supported',
    ...(has('search') ? searchOf(row.type) : {}),
    ...(operations.length === 0 ? {} : { operation: operations }),
  };
};

const toDefinition = (type: string): CapabilityStatementRestResource => ({
  type: type as CapabilityStatementRestResource['type'],
  profile: `http://hl7.org/fhir/StructureDefinition/${type}`,
  interaction: [{ code: 'read' }, { code: 'search-type' }],
  // A topic has no other of them (R4 has no type for it).
  searchParam: CONFORMANCE_PARAMETERS.filter(({ name }) => type !== 'Basic' || name === '_id' || name === 'url').map((each) => ({
    ...each,
  })),
});

const atAll = (): Pick<CapabilityStatementRest, 'interaction' | 'operation'> => {
  const routed = new Set<string>(ROUTES.map(({ interaction }) => interaction));
  return {
    ...(routed.has('bundle') ? { interaction: [{ code: 'transaction' }, { code: 'batch' }] } : {}),
    ...(routed.has('process-message') ? { operation: operationsOf(['process-message']) } : {}),
  };
};

/** What does not change from caller to caller, made once. */
const REST: Omit<CapabilityStatementRest, 'security'> = {
  mode: 'server',
  documentation:
    'Recipients read CarePlan, Composition, Patient and Flag as disclosures, computed for the one who asks; publishers read what they wrote. Who may do what stands in docs/api.md.',
  resource: [...RESOURCE_TYPES.map(toResource), ...CONFORMANCE_TYPES.map(toDefinition)],
  ...atAll(),
};

const OAUTH_URIS = 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris';

/** How a caller comes in (SMART App Launch 2; the extension is the form that its first version asks for). */
const securityAt = (origin: string): CapabilityStatementRestSecurity => ({
  extension: [{ url: OAUTH_URIS, extension: [{ url: 'token', valueUri: `${origin}/oauth/token` }] }],
  cors: false,
  service: [
    {
      coding: [
        { system: 'http://terminology.hl7.org/CodeSystem/restful-security-service', code: 'SMART-on-FHIR', display: 'SMART-on-FHIR' },
      ],
      text: 'OAuth 2 by SMART Backend Services',
    },
  ],
  description: `A caller proves by an access token which organisation it is, and of what kind: see ${origin}/fhir/.well-known/smart-configuration. ${ORGANISATION_HEADER} may be sent besides, and is then that organisation. Everything that is not permitted is refused; what another holds is answered as if it were not there.`,
});

/** What the door offers, made from the tables that it runs by. `base` is the address as the caller reached it. */
export const capabilityStatement = (base: string): CapabilityStatement => ({
  resourceType: 'CapabilityStatement',
  id: 'crisis-plan-broker',
  url: `${BASE}/CapabilityStatement/crisis-plan-broker`,
  version: '0.1.0',
  name: 'CrisisPlanBroker',
  title: 'Crisis-plan broker',
  status: 'active',
  date: '2026-11-22',
  kind: 'instance',
  instantiates: ['http://hl7.org/fhir/uv/subscriptions-backport/CapabilityStatement/backport-subscription-server-r4'],
  software: { name: 'crisis-plan-broker', version: '0.1.0' },
  implementation: { description: 'Brokers mental-health crisis plans: each recipient holds only what it may see', url: base },
  fhirVersion: '4.0.1',
  format: ['application/fhir+json', 'json'],
  ...(ROUTES.some(({ body }) => body === 'patch') ? { patchFormat: ['application/json-patch+json'] } : {}),
  rest: [{ ...REST, security: securityAt(base.replace(/\/fhir$/, '')) }],
  // What is understood of others' messages are BaRS's and the general NHS list's events: docs/messages.md.
  messaging: [{ supportedMessage: [{ mode: 'sender', definition: PLAN_MESSAGE }] }],
});
