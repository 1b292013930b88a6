import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { BASE, Profile, System } from '../../profiles/canonicals.ts';
import { CONFORMANCE_TYPES } from '../../profiles/resource-types.ts';
import { errorsOf, validate } from '../../src/validate/validate.ts';
import { openDoor } from './open-door.ts';
import type { OpenDoor } from './open-door.ts';

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.close());

type Entry = { readonly fullUrl: string; readonly resource: { readonly id: string; readonly url: string; readonly resourceType: string } };
/** Ids that a search finds; anyone may ask. */
const found = async (query: string): Promise<readonly string[]> => {
  const { status, body } = await door.agent.get(`/fhir/${query}`);
  expect({ status, type: body.type }).toEqual({ status: 200, type: 'searchset' });
  const ids = ((body.entry ?? []) as Entry[]).map(({ resource }) => resource.id);
  expect(body.total).toBe(ids.length);
  return ids;
};

describe('conformance resources', () => {
  test.each([...CONFORMANCE_TYPES])('%s: each can be read by its id, and is valid R4', async (type) => {
    const { body } = await door.agent.get(`/fhir/${type}`);
    for (const { fullUrl, resource } of (body.entry ?? []) as Entry[]) {
      expect(fullUrl).toBe(`${door.origin}/fhir/${type}/${resource.id}`);
      const alone = await door.agent.get(new URL(fullUrl).pathname);
      expect({ status: alone.status, body: alone.body }).toEqual({ status: 200, body: resource });
      expect(errorsOf(validate(resource)).map(({ at, help }) => `${resource.id} ${at} ${help}`)).toEqual([]);
    }
  });

  test('each system of identifiers that is the broker’s own is described where it says it is', async () => {
    const own = Object.values(System).filter((url) => url.startsWith(`${BASE}/NamingSystem/`));
    expect(own.length).toBeGreaterThan(4);
    for (const url of own) {
      const { body } = await door.agent.get(url.replace(BASE, '/fhir')).expect(200);
      expect([body.resourceType, body.uniqueId[0].value]).toEqual(['NamingSystem', url]);
      expect(validate(body).filter(({ help }) => !help.includes('dom-6'))).toEqual([]);
    }
  });

  test('the operations of the broker are defined', async () => {
    expect(await found('OperationDefinition')).toEqual([
      'access-log',
      'approve',
      'changes',
      'check',
      'comment',
      'emergency-access',
      'end-chase',
      'ending-progress',
      'ending-proof',
      'evaluate',
      'explain',
      'list',
      'move',
      'pause',
      'preview-release',
      'print',
      'projections',
      'raise-concern',
      'refuse-sharing',
      'replay',
      'report-reuse',
      'resend',
      'resume',
      'rotate-credential',
      'rotate-secret',
      'sharing',
      'submit-for-review',
      'withdraw',
    ]);
    const { body } = await door.agent.get('/fhir/OperationDefinition/approve');
    expect(body).toMatchObject({ url: `${BASE}/OperationDefinition/approve`, code: 'approve', resource: ['CarePlan'], instance: true });
  });

  test('are found by url, name, status and id', async () => {
    expect(await found(`StructureDefinition?url=${encodeURIComponent(Profile.crisisPlan)}`)).toEqual(['crisis-plan']);
    expect(await found('StructureDefinition?url=https://elsewhere.example')).toEqual([]);
    expect(await found('StructureDefinition?name=crisispl')).toEqual(['crisis-plan']);
    expect(await found('StructureDefinition?name=risisPlan')).toEqual([]);
    expect(await found('StructureDefinition?_id=plan-words,crisis-plan')).toEqual(['crisis-plan', 'plan-words']);
    expect(await found('OperationDefinition?status=draft&name=With')).toEqual(['withdraw']);
    expect(await found('OperationDefinition?status=http://hl7.org/fhir/publication-status|draft')).toEqual([
      'access-log',
      'approve',
      'changes',
      'check',
      'comment',
      'emergency-access',
      'end-chase',
      'ending-progress',
      'ending-proof',
      'evaluate',
      'explain',
      'list',
      'move',
      'pause',
      'preview-release',
      'print',
      'projections',
      'raise-concern',
      'refuse-sharing',
      'replay',
      'report-reuse',
      'resend',
      'resume',
      'rotate-credential',
      'rotate-secret',
      'sharing',
      'submit-for-review',
      'withdraw',
    ]);
    expect(await found('OperationDefinition?status=retired')).toEqual([]);
  });

  test('a number alone can be asked for', async () => {
    const { body } = await door.agent.get('/fhir/OperationDefinition?_summary=count');
    expect({ total: body.total, entry: body.entry }).toEqual({ total: 28, entry: undefined });
  });

  test('an unknown parameter is reported, or refused under strict handling', async () => {
    const lenient = await door.agent.get('/fhir/OperationDefinition?colour=red&_id=approve');
    expect(lenient.status).toBe(200);
    expect(lenient.body.total).toBe(1);
    expect(lenient.body.entry.at(-1)).toEqual({
      search: { mode: 'outcome' },
      resource: {
        resourceType: 'OperationOutcome',
        issue: [
          {
            severity: 'warning',
            code: 'not-supported',
            details: { text: 'is no parameter of this search, and was ignored' },
            expression: ['http.colour'],
          },
        ],
      },
    });
    const strict = await door.agent.get('/fhir/OperationDefinition?colour=red').set('Prefer', 'handling=strict');
    expect(strict.status).toBe(400);
    expect(strict.body.issue[0]).toMatchObject({
      severity: 'error',
      code: 'value',
      expression: ['http.colour'],
      details: { text: 'is no parameter of this search' },
    });
  });

  test('one that is not there is not found', async () => {
    const { status, body } = await door.agent.get('/fhir/OperationDefinition/nothing');
    expect(status).toBe(404);
    expect(body.issue[0]).toMatchObject({ code: 'not-found', details: { text: 'there is no such resource here' } });
  });

  test('the CapabilityStatement says the address at which it was asked', async () => {
    const { body: metadata } = await door.agent.get('/fhir/metadata');
    const { body: read } = await door.agent.get(`/fhir/CapabilityStatement/${metadata.id}`);
    expect(read).toEqual(metadata);
    expect(metadata.implementation.url).toBe(`${door.origin}/fhir`);
    expect(await found(`CapabilityStatement?url=${encodeURIComponent(metadata.url)}`)).toEqual([metadata.id]);
  });
});
