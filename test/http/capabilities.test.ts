import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CapabilityStatementRestResource } from '@medplum/fhirtypes';
import type { Test } from 'supertest';
import { Profile } from '../../profiles/canonicals.ts';
import { CONFORMANCE_TYPES, RESOURCE_TYPES } from '../../profiles/resource-types.ts';
import type { Interaction } from '../../profiles/resource-types.ts';
import { KINDS } from '../../src/model/kind.ts';
import { capabilityStatement } from '../../src/http/capability-statement.ts';
import { offeredOf } from '../../src/http/offered.ts';
import { permittedToKind } from '../../src/http/policy.ts';
import { ROUTES } from '../../src/http/routes.ts';
import { PARAMETERS } from '../../src/http/search/parameters.ts';
import { errorsOf, validate } from '../../src/validate/validate.ts';
import { personFor } from '../support/sign-in.ts';
import { NOBODY, openDoor } from './open-door.ts';
import type { OpenDoor } from './open-door.ts';

const statement = capabilityStatement('https://broker.example/fhir');
const [rest] = statement.rest ?? [];
const resources = rest?.resource ?? [];
const resourceOf = (type: string): CapabilityStatementRestResource | undefined => resources.find((each) => each.type === type);

test('the CapabilityStatement is valid R4, with its required codes', () => {
  expect(errorsOf(validate(statement))).toEqual([]);
});

test('it names every type of the table and every kind of definition, and nothing besides', () => {
  expect(resources.map(({ type }) => type)).toEqual([...RESOURCE_TYPES.map(({ type }) => type), ...CONFORMANCE_TYPES]);
});

test('each type has the profile that it must meet', () => {
  expect(resourceOf('CarePlan')).toMatchObject({ profile: Profile.crisisPlan, supportedProfile: [Profile.crisisPlan] });
  expect(resourceOf('Group')?.profile).toBe('http://hl7.org/fhir/StructureDefinition/Group');
  expect(resourceOf('Group')).not.toHaveProperty('supportedProfile');
});

test('each search parameter has its definition, and stands where there is a search', () => {
  for (const row of RESOURCE_TYPES) {
    const { searchParam = [] } = resourceOf(row.type) ?? {};
    const searched = offeredOf(row).includes('search');
    expect(searchParam.map(({ name }) => name)).toEqual(searched ? (PARAMETERS.get(row.type) ?? []).map(({ name }) => name) : []);
    for (const { definition, type } of searchParam) {
      expect(definition).toMatch(/^https?:\/\/\S+\/SearchParameter\/\S+$/);
      expect(type).toMatch(/^(token|reference|string|date|uri|number|quantity|composite|special)$/);
    }
  }
});

test('what can be included is what refers, and what is referred to', () => {
  expect(resourceOf('CarePlan')?.searchInclude).toEqual(expect.arrayContaining(['*', 'CarePlan:subject', 'CarePlan:care-team']));
  expect(resourceOf('CarePlan')?.searchInclude).not.toContain('CarePlan:status');
  expect(resourceOf('CarePlan')?.searchRevInclude).toEqual(expect.arrayContaining(['CarePlan:replaces', 'Flag:detail']));
  expect(resourceOf('CarePlan')?.searchRevInclude).not.toContain('Practitioner:identifier');
});

test('operations have their definitions, the security is said, and so are the formats', () => {
  expect(resourceOf('CarePlan')?.operation).toEqual([
    { name: 'validate', definition: 'http://hl7.org/fhir/OperationDefinition/Resource-validate' },
    { name: 'projections', definition: 'https://crisis-plan-broker.example/fhir/OperationDefinition/projections' },
    { name: 'approve', definition: 'https://crisis-plan-broker.example/fhir/OperationDefinition/approve' },
    { name: 'withdraw', definition: 'https://crisis-plan-broker.example/fhir/OperationDefinition/withdraw' },
    { name: 'explain', definition: 'https://crisis-plan-broker.example/fhir/OperationDefinition/explain' },
    { name: 'print', definition: 'https://crisis-plan-broker.example/fhir/OperationDefinition/print' },
    { name: 'preview-release', definition: 'https://crisis-plan-broker.example/fhir/OperationDefinition/preview-release' },
    { name: 'submit-for-review', definition: 'https://crisis-plan-broker.example/fhir/OperationDefinition/submit-for-review' },
    { name: 'comment', definition: 'https://crisis-plan-broker.example/fhir/OperationDefinition/comment' },
    { name: 'changes', definition: 'https://crisis-plan-broker.example/fhir/OperationDefinition/changes' },
  ]);
  expect(rest?.security?.description).toMatch(/access token.*smart-configuration.*NHSD-End-User-Organisation-ODS/);
  expect(statement.format).toEqual(['application/fhir+json', 'json']);
  expect(statement.patchFormat).toEqual(['application/json-patch+json']);
  expect(rest?.interaction).toEqual([{ code: 'transaction' }, { code: 'batch' }]);
});

/** Interactions of the routes that the statement names in another way than by a code or as an operation. */
const said = (type: string): readonly string[] => {
  const resource = resourceOf(type);
  return [
    ...(resource?.interaction ?? []).map(({ code }) => (code === 'search-type' ? 'search' : String(code))),
    ...(resource?.operation ?? []).map(({ name }) => String(name)),
  ];
};

describe('the statement and the routes say the same', () => {
  test('every route that somebody may use is listed', () => {
    for (const { type, interactions } of RESOURCE_TYPES) {
      const usable = ROUTES.filter(({ path, open }) => !open && [':type', type].includes(path.split('/')[2] ?? ''))
        .map(({ interaction }) => interaction)
        .filter((each): each is Interaction => interactions.some((one) => one === each))
        .filter((each) => KINDS.some((kind) => permittedToKind(kind, type, each) !== null));
      expect({ type, said: [...said(type)].sort() }).toEqual({ type, said: [...new Set(usable)].sort() });
    }
  });
});

describe('what is listed is answered', () => {
  let door: OpenDoor;
  beforeAll(async () => {
    door = await openDoor();
  });
  afterAll(() => door.close());

  /** A request for each interaction, of a resource that is not there or a body that is none: the door looks, and does not say that it has no such thing. */
  const ASK: Readonly<Record<string, (type: string) => Test>> = {
    read: (type) => door.agent.get(`/fhir/${type}/none`),
    vread: (type) => door.agent.get(`/fhir/${type}/none/_history/1`),
    'history-instance': (type) => door.agent.get(`/fhir/${type}/none/_history`),
    'history-type': (type) => door.agent.get(`/fhir/${type}/_history`),
    search: (type) => door.agent.get(`/fhir/${type}?_id=none`),
    create: (type) => door.agent.post(`/fhir/${type}`),
    update: (type) => door.agent.put(`/fhir/${type}/none`),
    patch: (type) => door.agent.patch(`/fhir/${type}/none`),
    delete: (type) => door.agent.delete(`/fhir/${type}/none`),
    validate: (type) => door.agent.post(`/fhir/${type}/$validate`),
    document: (type) => door.agent.get(`/fhir/${type}/none/$document`),
    projections: (type) => door.agent.get(`/fhir/${type}/none/$projections`),
    approve: (type) => door.agent.post(`/fhir/${type}/none/$approve`),
    withdraw: (type) => door.agent.post(`/fhir/${type}/none/$withdraw`),
    list: (type) => door.agent.get(`/fhir/${type}/$list`),
    match: (type) => door.agent.post(`/fhir/${type}/$match`),
    everything: (type) => door.agent.get(`/fhir/${type}/none/$everything`),
    'emergency-access': (type) => door.agent.post(`/fhir/${type}/$emergency-access`),
    'access-log': (type) => door.agent.get(`/fhir/${type}/none/$access-log`),
    'raise-concern': (type) => door.agent.post(`/fhir/${type}/none/$raise-concern`),
    'refuse-sharing': (type) => door.agent.post(`/fhir/${type}/none/$refuse-sharing`),
    sharing: (type) => door.agent.get(`/fhir/${type}/none/$sharing`),
    explain: (type) => door.agent.get(`/fhir/${type}/none/$explain?recipient=none`),
    print: (type) => door.agent.get(`/fhir/${type}/none/$print`),
    'preview-release': (type) => door.agent.post(`/fhir/${type}/none/$preview-release`),
    'submit-for-review': (type) => door.agent.post(`/fhir/${type}/none/$submit-for-review`),
    comment: (type) => door.agent.post(`/fhir/${type}/none/$comment`),
    changes: (type) => door.agent.get(`/fhir/${type}/none/$changes`),
    'report-reuse': (type) => door.agent.post(`/fhir/${type}/none/$report-reuse`),
    'ending-progress': (type) => door.agent.get(`/fhir/${type}/none/$ending-progress`),
    'ending-proof': (type) => door.agent.get(`/fhir/${type}/none/$ending-proof`),
    pause: (type) => door.agent.post(`/fhir/${type}/none/$pause`),
    resume: (type) => door.agent.post(`/fhir/${type}/none/$resume`),
    check: (type) => door.agent.post(`/fhir/${type}/none/$check`),
    status: (type) => door.agent.get(`/fhir/${type}/none/$status`),
    events: (type) => door.agent.get(`/fhir/${type}/none/$events`),
    'get-ws-binding-token': (type) => door.agent.get(`/fhir/${type}/none/$get-ws-binding-token`),
    'rotate-secret': (type) => door.agent.post(`/fhir/${type}/none/$rotate-secret`),
    move: (type) => door.agent.post(`/fhir/${type}/none/$move`),
    'rotate-credential': (type) => door.agent.post(`/fhir/${type}/none/$rotate-credential`),
    resend: (type) => door.agent.post(`/fhir/${type}/none/$resend`),
    replay: (type) => door.agent.post(`/fhir/${type}/none/$replay`),
    'end-chase': (type) => door.agent.post(`/fhir/${type}/none/$end-chase`),
    evaluate: (type) => door.agent.post(`/fhir/${type}/$evaluate`),
  };
  const BODIES: ReadonlySet<string> = new Set([
    'create',
    'update',
    'patch',
    'validate',
    'approve',
    'withdraw',
    'match',
    'evaluate',
    'emergency-access',
    'preview-release',
    'report-reuse',
    'check',
    'end-chase',
    'submit-for-review',
    'comment',
    'raise-concern',
    'refuse-sharing',
    'pause',
    'resume',
    'replay',
    'rotate-secret',
    'move',
    'rotate-credential',
    'resend',
  ]);

  test.each(RESOURCE_TYPES.map(({ type }) => type))('%s', async (type) => {
    for (const interaction of said(type)) {
      const kind = KINDS.find((each) => permittedToKind(each, type, interaction as Interaction) !== null) ?? 'operator';
      const ask = ASK[interaction]?.(type);
      if (ask === undefined) throw new Error(`no request is known for ${interaction}`);
      const named = door.as(ask, { ods: kind === 'operator' ? 'BROKER' : 'ZZ1', kind });
      if (kind === 'person') named.set('X-User-Identity', await personFor(NOBODY, `${door.origin}/fhir`));
      const answer = await (BODIES.has(interaction)
        ? named.set('Content-Type', interaction === 'patch' ? 'application/json-patch+json' : 'application/fhir+json').send('7')
        : named);
      // No 405 (not offered), no 403 (nobody may), no 5xx; a body that is no resource is 400, and what is not there 404 or an empty answer.
      const expected = BODIES.has(interaction) ? [400] : interaction === 'delete' ? [204, 404] : [200, 404];
      expect({ interaction, status: answer.status, ok: expected.includes(answer.status) }).toEqual({
        interaction,
        status: answer.status,
        ok: true,
      });
      if (answer.status === 404) expect(answer.body.issue[0].code).toBe('not-found');
    }
  });
});
