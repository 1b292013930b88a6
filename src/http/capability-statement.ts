import type { CapabilityStatement, CapabilityStatementRestResource } from '@medplum/fhirtypes';
import { BASE } from '../../profiles/canonicals.ts';
import { profileOf } from '../validate/profile-of.ts';
import { CONFORMANCE_TYPES } from './conformance.ts';
import { type Interaction, RESOURCE_TYPES } from '../../profiles/resource-types.ts';
import { KIND_HEADER, ORGANISATION_HEADER } from './principal.ts';
import { ROUTES } from './routes.ts';
import { PARAMETERS } from './search/parameters.ts';

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
/** HL7's own definition where R4 has one; ours otherwise. */
const OPERATIONS: Readonly<Partial<Record<Interaction, string>>> = {
  validate: 'http://hl7.org/fhir/OperationDefinition/Resource-validate',
  document: 'http://hl7.org/fhir/OperationDefinition/Composition-document',
  approve: `${BASE}/OperationDefinition/approve`,
  withdraw: `${BASE}/OperationDefinition/withdraw`,
};

const isInteraction = (value: string): value is Interaction => value in CODES || value in OPERATIONS;

const toResource = (type: string, offered: ReadonlySet<Interaction>): CapabilityStatementRestResource => {
  const profile = profileOf(type);
  const routed = ROUTES.map(({ interaction }) => interaction).filter(
    (each): each is Interaction => isInteraction(each) && offered.has(each),
  );
  const interactions = [...new Set(routed)];
  const parameters = PARAMETERS.get(type) ?? [];
  const operations = interactions.flatMap((name) => {
    const definition = OPERATIONS[name];
    return definition === undefined ? [] : [{ name, definition }];
  });
  return {
    type: type as CapabilityStatementRestResource['type'],
    ...(profile === undefined ? {} : { profile }),
    interaction: interactions.filter(isCoded).map((each) => ({ code: CODES[each] })),
    versioning: 'versioned',
    readHistory: offered.has('history-instance'),
    updateCreate: offered.has('update') && type !== 'Task',
    conditionalCreate: offered.has('create'),
    conditionalRead: 'not-match',
    conditionalUpdate: offered.has('update'),
    conditionalDelete: offered.has('delete') ? 'single' : 'not-supported',
    ...(parameters.length === 0
      ? {}
      : { searchParam: parameters.map(({ name, definition, type: kind }) => ({ name, definition, type: kind })) }),
    ...(operations.length === 0 ? {} : { operation: operations }),
  };
};

const toDefinition = (type: string): CapabilityStatementRestResource => ({
  type: type as CapabilityStatementRestResource['type'],
  interaction: [{ code: 'read' }, { code: 'search-type' }],
  searchParam: [{ name: 'url', type: 'uri' }],
});

/** What the door offers, made from the tables that it runs by. `base` is the address as the caller reached it. */
export const capabilityStatement = (base: string): CapabilityStatement => ({
  resourceType: 'CapabilityStatement',
  id: 'crisis-plan-broker',
  url: `${BASE}/CapabilityStatement/crisis-plan-broker`,
  name: 'CrisisPlanBroker',
  title: 'Crisis-plan broker',
  status: 'active',
  date: '2026-11-22',
  kind: 'instance',
  software: { name: 'crisis-plan-broker', version: '0.1.0' },
  implementation: { description: 'Brokers mental-health crisis plans: each recipient holds only what it may see', url: base },
  fhirVersion: '4.0.1',
  format: ['application/fhir+json', 'json'],
  rest: [
    {
      mode: 'server',
      documentation:
        'Recipients read CarePlan, Composition, Patient and Flag as disclosures, computed for the one who asks; publishers read what they wrote.',
      security: {
        description: `A caller is named by ${ORGANISATION_HEADER} and ${KIND_HEADER}, on loopback or by the proxy in front. Everything that is not permitted is refused; what another holds is answered as if it were not there.`,
      },
      resource: [
        ...RESOURCE_TYPES.map(({ type, interactions }) => toResource(type, new Set(interactions))),
        ...[...CONFORMANCE_TYPES].map(toDefinition),
      ],
    },
  ],
});
