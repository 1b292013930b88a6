import { expect, test } from '@jest/globals';
import { KINDS } from '../../src/model/kind.ts';
import { capabilityStatement } from '../../src/http/capability-statement.ts';
import { RESOURCE_TYPES, resourceType } from '../../profiles/resource-types.ts';
import { isSystemInteraction, permittedToKind, POLICY } from '../../src/http/policy.ts';
import { findRoute, ROUTES } from '../../src/http/routes.ts';
import { PARAMETERS } from '../../src/http/search/parameters.ts';
import { errorsOf, validate } from '../../src/validate/validate.ts';

const statement = capabilityStatement('https://broker.example/fhir');
const resources = statement.rest?.[0]?.resource ?? [];

test('the CapabilityStatement is valid R4', () => {
  expect(errorsOf(validate(statement))).toEqual([]);
});

test('it names every type and search parameter that is offered, and nothing besides', () => {
  const offered = resources.filter(({ type }) => resourceType(type ?? '') !== undefined);
  expect(offered.map(({ type }) => type)).toEqual(RESOURCE_TYPES.map(({ type }) => type));
  for (const { type, searchParam } of offered) {
    expect((searchParam ?? []).map(({ name }) => name)).toEqual((PARAMETERS.get(type ?? '') ?? []).map(({ name }) => name));
  }
});

test('every interaction that the policy gives has a route, and every closed route is given to somebody', () => {
  const routed = new Set<string>(ROUTES.map(({ interaction }) => interaction));
  const given = new Set<string>(POLICY.flatMap(({ may }) => may));
  for (const each of given) expect(routed).toContain(each);
  for (const { open, interaction } of ROUTES) if (!open && !isSystemInteraction(interaction)) expect(given).toContain(interaction);
});

test('what the table offers of a type is given to somebody, and nothing is given that it does not offer', () => {
  const given = new Set(POLICY.flatMap(({ types, may }) => types.flatMap((type) => may.map((each) => `${type} ${each}`))));
  const offered = new Set(RESOURCE_TYPES.flatMap(({ type, interactions }) => interactions.map((each) => `${type} ${each}`)));
  expect([...given].filter((each) => !offered.has(each))).toEqual([]);
  expect([...offered].filter((each) => !given.has(each))).toEqual([]);
});

test('no kind has two rows for one thing: the later would hide the earlier', () => {
  const cells = POLICY.flatMap(({ kinds, types, may }) =>
    kinds.flatMap((kind) => types.flatMap((type) => may.map((each) => `${kind} ${type} ${each}`))),
  );
  expect(cells.filter((cell, index) => cells.indexOf(cell) !== index)).toEqual([]);
});

test.each([
  ['operator', 'CarePlan', 'read', null],
  ['operator', 'Contract', 'create', 'any'],
  ['publisher', 'Contract', 'read', null],
  ['publisher', 'CarePlan', 'read', 'own-or-disclosed'],
  ['publisher', 'CarePlan', 'approve', 'own'],
  ['ambulance', 'CarePlan', 'approve', null],
  ['ambulance', 'CarePlan', 'read', 'disclosed'],
  ['ambulance', 'CarePlan', 'history-instance', null],
  ['police', 'CarePlan', 'create', null],
  ['police', 'Composition', 'vread', null],
  ['police', 'Subscription', 'create', 'own'],
  ['police', 'Task', 'read', 'addressed'],
  ['police', 'Task', 'create', null],
  ['evaluator', 'Encounter', 'read', null],
  ['person', 'Patient', 'read', null],
  ['person', 'CarePlan', 'read', 'self'],
  ['person', 'CarePlan', 'vread', null],
] as const)('%s %s %s: %s', (kind, type, interaction, reach) => {
  expect(permittedToKind(kind, type, interaction)).toBe(reach);
});

test('no kind but the publisher, and the person whose it is, reaches a stored plan, its words or its person', () => {
  for (const kind of KINDS) {
    if (kind === 'publisher') continue;
    for (const type of ['CarePlan', 'Composition', 'Patient', 'Consent', 'Provenance', 'RelatedPerson', 'Flag']) {
      // What $evaluate reads is sent with it.
      for (const interaction of (resourceType(type)?.interactions ?? []).filter((each) => each !== 'evaluate'))
        expect([null, kind === 'person' ? 'self' : 'disclosed']).toContain(permittedToKind(kind, type, interaction));
    }
  }
});

test('a route’s label holds no id', () => {
  expect(findRoute('GET', '/fhir/Patient/9990012342')?.label).toBe('GET /fhir/Patient/:id');
  expect(findRoute('POST', '/fhir/CarePlan/x/$approve')?.label).toBe('POST /fhir/CarePlan/:id/$approve');
  expect(findRoute('HEAD', '/fhir/metadata')?.label).toBe('GET /fhir/metadata');
  expect(findRoute('GET', '/fhir/9990012342')).toBeNull();
});
