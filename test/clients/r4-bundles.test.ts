import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Response } from 'supertest';
import { approvePlan, type OpenDoor, openDoor, OPERATOR, TRUST } from '../http/open-door.ts';
import { expectRefusal, NOT_FOUND, outcomeOf } from '../support/outcome.ts';

// One test a sentence of https://hl7.org/fhir/R4/http.html#transaction and #history.

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
});
afterAll(() => door.close());

type Body = Record<string, unknown>;
const STAFF = 'https://example.invalid/staff';
const practitioner = (value: string, rest: Body = {}): Body => ({
  resourceType: 'Practitioner',
  identifier: [{ system: STAFF, value }],
  name: [{ family: 'Plainly-Invented' }],
  ...rest,
});
const post = (type: string, ...entry: readonly Body[]) => door.post(TRUST, '/fhir', { resourceType: 'Bundle', type, entry });
const asked = (method: string, url: string, rest: Body = {}): Body => ({ request: { method, url }, ...rest });
const statuses = ({ body }: Response): readonly string[] =>
  body.entry.map(({ response }: { response: { status: string } }) => response.status.slice(0, 3));
const referenceIn = (location: string): string => location.split('/fhir/')[1]?.split('/_history')[0] ?? '';
const uuid = (n: number): string => `urn:uuid:6f1b1c1e-0000-4000-8000-00000000000${n}`;

describe('batch', () => {
  test('there SHALL be no interdependencies: one that fails leaves the others as they are, and the answer is 200 with an entry for each, in order', async () => {
    const answer = await post(
      'batch',
      asked('PUT', 'Practitioner/batch-1', { resource: practitioner('b1', { id: 'batch-1' }) }),
      asked('GET', 'Practitioner/nobody-at-all'),
      asked('POST', 'Practitioner', { resource: practitioner('b2', { gender: 'banana' }) }),
      asked('POST', 'Practitioner', { resource: practitioner('b3') }),
      asked('DELETE', 'Practitioner/nobody-at-all'),
    );
    expect([answer.status, answer.body.type, statuses(answer)]).toEqual([200, 'batch-response', ['201', '404', '422', '201', '404']]);
    const [created, missing, wrong] = answer.body.entry;
    expect(created.response).toEqual({
      status: expect.stringMatching(/^201/),
      location: `${door.origin}/fhir/Practitioner/batch-1/_history/1`,
      etag: 'W/"1"',
      lastModified: expect.stringMatching(/^20\d\d-\d\d-\d\dT/),
    });
    expect(missing.response.outcome).toEqual(outcomeOf(404, NOT_FOUND));
    expect(wrong.response.outcome.issue[0].expression).toEqual(['Practitioner.gender']);
    expect((await door.get(TRUST, '/fhir/Practitioner/batch-1')).status).toBe(200);
  });

  test('conditions of the entries are those of the headers: ifMatch, ifNoneMatch, ifNoneExist', async () => {
    await door.put(TRUST, practitioner('conditions', { id: 'conditions' }));
    const answer = await post(
      'batch',
      { request: { method: 'GET', url: 'Practitioner/conditions', ifNoneMatch: 'W/"1"' } },
      {
        request: { method: 'PUT', url: 'Practitioner/conditions', ifMatch: 'W/"7"' },
        resource: practitioner('conditions', { id: 'conditions' }),
      },
      {
        request: { method: 'POST', url: 'Practitioner', ifNoneExist: `identifier=${STAFF}|conditions` },
        resource: practitioner('conditions'),
      },
    );
    expect(statuses(answer)).toEqual(['304', '412', '200']);
  });

  test('an address may be absolute, and begin with a slash', async () => {
    const answer = await post('batch', asked('GET', `${door.origin}/fhir/Practitioner/nurse`), asked('GET', '/Practitioner/nurse'));
    expect(statuses(answer)).toEqual(['200', '200']);
  });

  test('an empty one is answered with an empty one', async () => {
    const { status, body } = await door.post(TRUST, '/fhir', { resourceType: 'Bundle', type: 'batch' });
    expect([status, body]).toEqual([200, { resourceType: 'Bundle', type: 'batch-response' }]);
  });

  test('with a trailing slash after the base it is the same', async () => {
    expect((await door.post(TRUST, '/fhir/', { resourceType: 'Bundle', type: 'batch' })).status).toBe(200);
  });
});

describe('transaction', () => {
  test('SHALL be all or nothing: what fails is the answer, with its place, and nothing is stored', async () => {
    const before = await door.stored();
    const answer = await post(
      'transaction',
      asked('POST', 'Practitioner', { resource: practitioner('t1') }),
      asked('PUT', 'Practitioner/t2', { resource: practitioner('t2', { id: 't2' }) }),
      asked('DELETE', 'Practitioner/nobody-at-all'),
    );
    expectRefusal(answer, 404, { ...NOT_FOUND, at: 'Bundle.entry[2]' });
    expect(await door.stored()).toBe(before);
  });

  test('SHALL process DELETE, POST, PUT and PATCH, GET in this order, whatever that of the entries, and answer in that of the entries', async () => {
    await door.put(TRUST, practitioner('ordered', { id: 'to-go' }));
    const answer = await post(
      'transaction',
      asked('GET', `Practitioner?identifier=${STAFF}|ordered`),
      asked('PUT', 'Practitioner/ordered', { resource: practitioner('ordered', { id: 'ordered' }) }),
      asked('POST', 'Practitioner', { resource: practitioner('ordered') }),
      asked('DELETE', 'Practitioner/to-go'),
    );
    expect(statuses(answer)).toEqual(['200', '201', '201', '204']);
    // The search comes last: it sees what was made, and not what was deleted.
    expect(answer.body.entry[0].resource.total).toBe(2);
  });

  test('references to full URLs of the Bundle SHALL be replaced: in Reference, in uri, in any order, of POST and of PUT', async () => {
    const answer = await post(
      'transaction',
      asked('POST', 'PractitionerRole', {
        fullUrl: uuid(2),
        resource: {
          resourceType: 'PractitionerRole',
          practitioner: { reference: uuid(1) },
          extension: [{ url: 'https://example.org/x', valueUri: uuid(3) }],
        },
      }),
      asked('POST', 'Practitioner', { fullUrl: uuid(1), resource: practitioner('linked') }),
      asked('PUT', 'CareTeam/linked-team', {
        fullUrl: uuid(3),
        resource: {
          resourceType: 'CareTeam',
          id: 'linked-team',
          status: 'active',
          participant: [{ member: { reference: uuid(1) } }, { member: { reference: uuid(2) } }],
        },
      }),
    );
    expect(statuses(answer)).toEqual(['201', '201', '201']);
    const [role, who, team] = answer.body.entry.map(({ response }: { response: { location: string } }) => referenceIn(response.location));
    const storedRole = (await door.get(TRUST, `/fhir/${role}`)).body;
    expect(storedRole.practitioner.reference).toBe(who);
    expect(storedRole.extension[0].valueUri).toBe(team);
    const storedTeam = (await door.get(TRUST, '/fhir/CareTeam/linked-team')).body;
    expect(storedTeam.participant.map(({ member }: { member: { reference: string } }) => member.reference)).toEqual([who, role]);
  });

  test('a reference that names nothing of the Bundle stays as it is', async () => {
    const reference = 'https://other.example/fhir/Practitioner/1';
    const answer = await post(
      'transaction',
      asked('POST', 'PractitionerRole', { resource: { resourceType: 'PractitionerRole', practitioner: { reference } } }),
    );
    const [role] = answer.body.entry.map(({ response }: { response: { location: string } }) => referenceIn(response.location));
    expect((await door.get(TRUST, `/fhir/${role}`)).body.practitioner.reference).toBe(reference);
  });

  test('a conditional reference is resolved; by none or several it SHALL fail', async () => {
    await door.post(TRUST, '/fhir/Practitioner', practitioner('referred'));
    const role = (value: string): Body =>
      asked('POST', 'PractitionerRole', {
        resource: { resourceType: 'PractitionerRole', practitioner: { reference: `Practitioner?identifier=${STAFF}|${value}` } },
      });
    expect(statuses(await post('transaction', role('referred')))).toEqual(['201']);
    expectRefusal(await post('transaction', role('nobody')), 412, {
      category: 'stale',
      code: 'conflict',
      text: 'has a conditional reference that nothing meets',
      at: 'Bundle.entry[0].resource',
    });
    await door.post(TRUST, '/fhir/Practitioner', practitioner('referred'));
    expectRefusal(await post('transaction', role('referred')), 412, {
      category: 'stale',
      code: 'multiple-matches',
      text: 'more than one resource meets the condition',
      at: 'Bundle.entry[0].resource',
    });
  });

  test('two entries for one resource SHALL fail', async () => {
    const answer = await post(
      'transaction',
      asked('PUT', 'Practitioner/twice', { resource: practitioner('twice', { id: 'twice' }) }),
      asked('PUT', 'Practitioner/twice', { resource: practitioner('twice', { id: 'twice' }) }),
    );
    expectRefusal(answer, 422, {
      category: 'incorrect',
      code: 'duplicate',
      text: 'is about the same resource as an entry before it',
      at: 'Bundle.entry[1]',
    });
  });

  test('two conditional creates of the same condition make one', async () => {
    const create = {
      request: { method: 'POST', url: 'Practitioner', ifNoneExist: `identifier=${STAFF}|pair` },
      resource: practitioner('pair'),
    };
    const answer = await post('transaction', { ...create, fullUrl: uuid(1) }, { ...create, fullUrl: uuid(2) });
    expect([answer.status, statuses(answer)]).toEqual([200, ['201', '200']]);
    expect((await door.get(TRUST, `/fhir/Practitioner?identifier=${STAFF}|pair`)).body.total).toBe(1);
  });

  test('Prefer: return=representation shows what was written, return=minimal does not', async () => {
    const send = (preference: string) =>
      door
        .post(TRUST, '/fhir', {
          resourceType: 'Bundle',
          type: 'transaction',
          entry: [asked('POST', 'Practitioner', { resource: practitioner('preferred') })],
        })
        .set('Prefer', `return=${preference}`);
    expect((await send('representation')).body.entry[0].resource).toMatchObject({ resourceType: 'Practitioner', meta: { versionId: '1' } });
    expect((await send('minimal')).body.entry[0].resource).toBeUndefined();
  });

  test.each(['searchset', 'document', 'collection', 'history'])('a Bundle of type %s is none that is done here', async (type) => {
    expectRefusal(await post(type, { resource: practitioner('x') }), 400, {
      category: 'unsupported',
      code: 'not-supported',
      text: 'is batch or transaction here; a message goes to $process-message',
      at: 'Bundle.type',
    });
  });

  test('what is no Bundle is 400', async () => {
    expectRefusal(await door.post(TRUST, '/fhir', practitioner('x')), 400, {
      category: 'malformed',
      code: 'structure',
      text: 'is Bundle, as the address says',
      at: 'resourceType',
    });
  });
});

describe('history', () => {
  const history = async (path: string): Promise<Response> => door.get(TRUST, `/fhir/${path}`);

  test('SHALL be a Bundle of type history, newest first, with the deletion, and for each entry its request and response', async () => {
    await door.put(TRUST, practitioner('h', { id: 'history' }));
    await door.put(TRUST, practitioner('h', { id: 'history', active: true }));
    await door.as(door.agent.delete('/fhir/Practitioner/history'), TRUST);
    await door.put(TRUST, practitioner('h', { id: 'history', active: false }));
    const { status, body } = await history('Practitioner/history/_history');
    expect([status, body.type, body.total]).toEqual([200, 'history', 4]);
    const fullUrl = `${door.origin}/fhir/Practitioner/history`;
    const lastModified = expect.stringMatching(/^20\d\d-/);
    const url = 'Practitioner/history';
    expect(body.entry).toEqual([
      {
        fullUrl,
        resource: expect.objectContaining({ active: false }),
        request: { method: 'PUT', url },
        response: { status: '200', etag: 'W/"4"', lastModified },
      },
      { fullUrl, request: { method: 'DELETE', url }, response: { status: '204', etag: 'W/"3"', lastModified } },
      {
        fullUrl,
        resource: expect.objectContaining({ active: true }),
        request: { method: 'PUT', url },
        response: { status: '200', etag: 'W/"2"', lastModified },
      },
      {
        fullUrl,
        resource: expect.anything(),
        request: { method: 'POST', url: 'Practitioner' },
        response: { status: '201', etag: 'W/"1"', lastModified },
      },
    ]);
    expect(body.link[0]).toEqual({ relation: 'self', url: `${fullUrl}/_history` });
  });

  test('_since leaves out versions before it, _count makes pages', async () => {
    for (const active of [true, false, true]) await door.put(TRUST, practitioner('s', { id: 'since', active }));
    const whole = await history('Practitioner/since/_history');
    const second = whole.body.entry[1].resource.meta.lastUpdated;
    expect((await history(`Practitioner/since/_history?_since=${second}`)).body.total).toBe(2);
    const page = await history('Practitioner/since/_history?_count=2');
    expect([page.body.total, page.body.entry.length]).toEqual([3, 2]);
    const next = page.body.link.find(({ relation }: { relation: string }) => relation === 'next').url.split('/fhir/')[1];
    expect((await history(next)).body.entry.map(({ response }: { response: { etag: string } }) => response.etag)).toEqual(['W/"1"']);
    expectRefusal(await history('Practitioner/since/_history?_since=soon'), 400, {
      category: 'malformed',
      code: 'value',
      text: 'is a date or an instant',
      at: 'http._since',
    });
    expectRefusal(await history('Practitioner/since/_history?_count=many'), 400, {
      category: 'malformed',
      code: 'value',
      text: 'is a whole number',
      at: 'http._count',
    });
  });

  test('of what never was is 404; of a type that has none is 405', async () => {
    expectRefusal(await history('Practitioner/nobody-at-all/_history'), 404, NOT_FOUND);
    expect((await door.get(OPERATOR, '/fhir/Flag/_history')).status).toBe(405);
  });
});
