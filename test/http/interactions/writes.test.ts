import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { approvePlan, example, type openDoor as Open, openDoor, OTHER_TRUST, POLICE, TRUST } from '../open-door.ts';

let door: Awaited<ReturnType<typeof Open>>;
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
const by = (value: string): string => `identifier=${STAFF}|${value}`;
const patch = (caller: typeof TRUST, path: string, operations: unknown) =>
  door.as(door.agent.patch(path), caller).set('Content-Type', 'application/json-patch+json').send(JSON.stringify(operations));
const remove = (caller: typeof TRUST, path: string) => door.as(door.agent.delete(path), caller);
const putAt = (path: string, body: Body) =>
  door.as(door.agent.put(path), TRUST).set('Content-Type', 'application/fhir+json').send(JSON.stringify(body));
const issueOf = (body: { issue: Body[] }): Body => body.issue[0] ?? {};

describe('conditional create', () => {
  test('creates once, and answers what is there from then on', async () => {
    const first = await door.post(TRUST, '/fhir/Practitioner', practitioner('cc')).set('If-None-Exist', by('cc'));
    const again = await door.post(TRUST, '/fhir/Practitioner', practitioner('cc')).set('If-None-Exist', by('cc'));
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.headers['location']).toBe(first.headers['location']);
  });

  test('another organisation’s resource meets no condition', async () => {
    const theirs = await door.post(OTHER_TRUST, '/fhir/Practitioner', practitioner('cc')).set('If-None-Exist', by('cc'));
    expect(theirs.status).toBe(201);
  });

  test('of what several meet is refused: 412', async () => {
    for (let n = 0; n < 2; n++) await door.post(TRUST, '/fhir/Practitioner', practitioner('several'));
    const { status, body } = await door.post(TRUST, '/fhir/Practitioner', practitioner('several')).set('If-None-Exist', by('several'));
    expect(status).toBe(412);
    expect(issueOf(body)).toMatchObject({ code: 'multiple-matches', expression: ['http.If-None-Exist'] });
  });

  test('64 at once make one', async () => {
    // Connections that are yet to be made would let one after another in.
    await Promise.all(Array.from({ length: 40 }, () => door.pool.query('SELECT pg_sleep(0.1)')));
    const answers = await Promise.all(
      Array.from({ length: 64 }, () => door.post(TRUST, '/fhir/Practitioner', practitioner('at-once')).set('If-None-Exist', by('at-once'))),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(new Set(answers.map(({ headers }) => headers['location'])).size).toBe(1);
  });
});

describe('conditional update', () => {
  test('creates where nothing meets it, and updates what does', async () => {
    const made = await putAt(`/fhir/Practitioner?${by('cu')}`, practitioner('cu'));
    const changed = await putAt(`/fhir/Practitioner?${by('cu')}`, practitioner('cu', { active: false }));
    expect([made.status, changed.status]).toEqual([201, 200]);
    expect(changed.body).toMatchObject({ id: made.body.id, active: false, meta: { versionId: '2' } });
  });

  test('with the id of another resource is refused', async () => {
    const { status, body } = await putAt(`/fhir/Practitioner?${by('cu')}`, practitioner('cu', { id: 'not-that-one' }));
    expect(status).toBe(400);
    expect(issueOf(body)).toMatchObject({ code: 'value', expression: ['http.path'] });
  });

  test('with an id where nothing meets it creates under that id', async () => {
    const { status, body } = await putAt(`/fhir/Practitioner?${by('chosen')}`, practitioner('chosen', { id: 'chosen-id' }));
    expect([status, body.id]).toEqual([201, 'chosen-id']);
  });

  test('If-None-Match: * creates, and never overwrites', async () => {
    const once = () => door.put(TRUST, practitioner('new', { id: 'must-be-new' })).set('If-None-Match', '*');
    expect((await once()).status).toBe(201);
    expect((await once()).status).toBe(412);
  });
});

describe('patch', () => {
  test('changes what it names, as the next version', async () => {
    await door.put(TRUST, practitioner('p1', { id: 'to-patch' }));
    const { status, body, headers } = await patch(TRUST, '/fhir/Practitioner/to-patch', [
      { op: 'test', path: '/name/0/family', value: 'Plainly-Invented' },
      { op: 'add', path: '/name/0/given', value: ['Example'] },
      { op: 'add', path: '/active', value: true },
    ]);
    expect([status, headers['etag'], body.issue]).toEqual([200, 'W/"2"', undefined]);
    expect(body).toMatchObject({ active: true, name: [{ family: 'Plainly-Invented', given: ['Example'] }] });
  });

  test.each([
    ['a test that fails', [{ op: 'test', path: '/name/0/family', value: 'Other' }], 422, 'Practitioner.name[0].family'],
    ['a place that is not there', [{ op: 'remove', path: '/telecom/3' }], 422, 'Practitioner.telecom[3]'],
    ['another id', [{ op: 'replace', path: '/id', value: 'other' }], 422, 'Practitioner.id'],
    ['another type', [{ op: 'replace', path: '/resourceType', value: 'Patient' }], 422, 'resourceType'],
    ['a resource that is not valid', [{ op: 'add', path: '/gender', value: 'banana' }], 422, 'Practitioner.gender'],
    ['nothing left', [{ op: 'replace', path: '', value: null }], 422, 'resourceType'],
    ['an operation that is none', [{ op: 'turn', path: '/active' }], 400, 'patch[0].op'],
    ['a path that is none', [{ op: 'remove', path: 'active' }], 400, 'patch[0].path'],
    ['no value', [{ op: 'add', path: '/active' }], 400, 'patch[0].value'],
    ['no list', { op: 'add' }, 400, 'patch'],
    ['the prototype', [{ op: 'add', path: '/__proto__/polluted', value: true }], 422, 'Practitioner'],
  ])('%s changes nothing', async (_name, operations, status, at) => {
    const before = await door.stored();
    const answer = await patch(TRUST, '/fhir/Practitioner/to-patch', operations);
    expect(answer.status).toBe(status);
    expect(issueOf(answer.body)['expression']).toEqual([at]);
    expect(await door.stored()).toBe(before);
    expect(({} as Body)['polluted']).toBeUndefined();
  });

  test('with a stale If-Match is refused', async () => {
    const { status } = await patch(TRUST, '/fhir/Practitioner/to-patch', [{ op: 'remove', path: '/active' }]).set('If-Match', 'W/"1"');
    expect(status).toBe(412);
  });

  test('of what a condition names', async () => {
    const { status, body } = await patch(TRUST, `/fhir/Practitioner?${by('p1')}`, [{ op: 'replace', path: '/active', value: false }]);
    expect([status, body.active]).toEqual([200, false]);
    expect((await patch(TRUST, `/fhir/Practitioner?${by('nobody')}`, [])).status).toBe(404);
  });

  test('of another organisation’s resource, or of a plan as a recipient sees it, is as of nothing', async () => {
    const theirs = await patch(OTHER_TRUST, '/fhir/Practitioner/to-patch', []);
    const nobodys = await patch(OTHER_TRUST, '/fhir/Practitioner/nobody-at-all', []);
    expect([theirs.status, theirs.body]).toEqual([404, nobodys.body]);
    expect((await patch(POLICE, '/fhir/CarePlan/plan-1', [])).status).toBe(403);
  });

  test('an approved version does not change by it (I9)', async () => {
    const { body: plans } = await door.get(TRUST, '/fhir/CarePlan?status=active');
    const [plan] = plans.entry;
    const { status } = await patch(TRUST, `/fhir/CarePlan/${plan.resource.id}`, [{ op: 'replace', path: '/status', value: 'draft' }]);
    expect(status).toBe(409);
  });
});

describe('delete', () => {
  test('takes it away, keeps its history, and lets it come again', async () => {
    await door.put(TRUST, practitioner('d', { id: 'to-delete' }));
    expect((await remove(TRUST, '/fhir/Practitioner/to-delete')).status).toBe(204);
    const gone = await door.get(TRUST, '/fhir/Practitioner/to-delete');
    expect(gone.status).toBe(410);
    expect(issueOf(gone.body)['code']).toBe('deleted');
    expect((await door.get(TRUST, `/fhir/Practitioner?${by('d')}`)).body.total).toBe(0);
    expect((await door.get(TRUST, '/fhir/Practitioner/to-delete/_history/1')).status).toBe(200);
    expect((await door.get(TRUST, '/fhir/Practitioner/to-delete/_history/2')).status).toBe(410);
    const { body: history } = await door.get(TRUST, '/fhir/Practitioner/to-delete/_history');
    expect(history.entry.map(({ request }: { request: Body }) => request['method'])).toEqual(['DELETE', 'POST']);
    expect((await remove(TRUST, '/fhir/Practitioner/to-delete')).status).toBe(204);
    const again = await door.put(TRUST, practitioner('d', { id: 'to-delete' }));
    expect([again.status, again.headers['etag']]).toEqual([201, 'W/"3"']);
  });

  test('of what something else refers to is refused', async () => {
    await door.put(TRUST, practitioner('referred', { id: 'referred' }));
    await door.post(TRUST, '/fhir/PractitionerRole', {
      resourceType: 'PractitionerRole',
      practitioner: { reference: 'Practitioner/referred' },
    });
    const { status, body } = await remove(TRUST, '/fhir/Practitioner/referred');
    expect(status).toBe(409);
    expect(issueOf(body)).toMatchObject({ code: 'conflict', expression: ['Practitioner'] });
  });

  test('of an approved plan, its words, a consent or a person is refused (I9)', async () => {
    const { body: plans } = await door.get(TRUST, '/fhir/CarePlan?status=active');
    const { id, supportingInfo } = plans.entry[0].resource;
    // What refers to them holds them, too: it is the signature that is asked about here.
    for (const path of [`CarePlan/${id}`, supportingInfo[0].reference]) {
      const { status, body } = await remove(TRUST, `/fhir/${path}`);
      expect(status).toBe(409);
      expect(body.issue[0].details.text).toMatch(/^an approved version never changes/);
    }
    for (const type of ['Consent', 'Patient', 'Provenance', 'AuditEvent'])
      expect((await remove(TRUST, `/fhir/${type}/x`)).status).toBe(405);
  });

  test('of a draft is taken', async () => {
    const draft: Body = { ...example('plan-words'), id: 'draft-words' };
    await door.put(TRUST, draft);
    expect((await remove(TRUST, '/fhir/Composition/draft-words')).status).toBe(204);
  });

  test('of what is not the caller’s is as of what is not there', async () => {
    await door.put(TRUST, practitioner('mine', { id: 'mine' }));
    const theirs = await remove(OTHER_TRUST, '/fhir/Practitioner/mine');
    const nobodys = await remove(OTHER_TRUST, '/fhir/Practitioner/nobodys');
    expect([theirs.status, theirs.body]).toEqual([404, nobodys.body]);
    // Nor does what another deleted show.
    await remove(TRUST, '/fhir/Practitioner/mine');
    for (const path of ['/fhir/Practitioner/mine', '/fhir/Practitioner/mine/_history', '/fhir/Practitioner/mine/_history/1']) {
      const gone = await door.get(OTHER_TRUST, path);
      const absent = await door.get(OTHER_TRUST, path.replace('mine', 'nobodys'));
      expect([gone.status, gone.body]).toEqual([404, absent.body]);
    }
  });

  test('with a stale If-Match, or by a condition that several meet, takes nothing', async () => {
    await door.put(TRUST, practitioner('d2', { id: 'd2' }));
    expect((await remove(TRUST, '/fhir/Practitioner/d2').set('If-Match', 'W/"7"')).status).toBe(412);
    for (let n = 0; n < 2; n++) await door.post(TRUST, '/fhir/Practitioner', practitioner('pair'));
    expect((await remove(TRUST, `/fhir/Practitioner?${by('pair')}`)).status).toBe(412);
    expect((await remove(TRUST, `/fhir/Practitioner?${by('d2')}`)).status).toBe(204);
    expect((await remove(TRUST, `/fhir/Practitioner?${by('d2')}`)).status).toBe(204);
    expect((await door.get(TRUST, '/fhir/Practitioner/d2')).status).toBe(410);
  });
});

describe('history', () => {
  test('of a type shows every version of one’s own, a page at a time, and none of another’s', async () => {
    for (const n of [1, 2, 3]) await door.put(TRUST, { resourceType: 'CareTeam', id: `h-${n}`, status: 'active', name: 'Invented' });
    await door.put(TRUST, { resourceType: 'CareTeam', id: 'h-1', status: 'inactive', name: 'Invented' });
    await door.put(OTHER_TRUST, { resourceType: 'CareTeam', id: 'h-other', status: 'active', name: 'Invented' });
    const seen: string[] = [];
    let path = '/fhir/CareTeam/_history?_count=2';
    let total = 0;
    for (let page = 0; page < 9 && path !== ''; page++) {
      const { status, body } = await door.get(TRUST, path);
      expect(status).toBe(200);
      total = body.total;
      seen.push(
        ...(body.entry ?? []).map(
          ({ resource }: { resource: { id: string; meta: { versionId: string } } }) => `${resource.id} ${resource.meta.versionId}`,
        ),
      );
      const next = body.link.find(({ relation }: { relation: string }) => relation === 'next');
      // What is written meanwhile moves nothing.
      await door.put(TRUST, { resourceType: 'CareTeam', id: 'h-2', status: page % 2 === 0 ? 'inactive' : 'active', name: 'Invented' });
      path = next === undefined ? '' : next.url.slice(door.origin.length);
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining(['h-1 2', 'h-3 1', 'h-2 1', 'h-1 1']));
    expect(seen.join()).not.toContain('h-other');
    expect(total).toBe(seen.length);
  });

  test('_since leaves out what came before', async () => {
    const since = new Date(Date.now() + 60_000).toISOString();
    expect((await door.get(TRUST, `/fhir/CareTeam/_history?_since=${since}`)).body.total).toBe(0);
    const { status, body } = await door.get(TRUST, '/fhir/CareTeam/_history?_since=soon');
    expect(status).toBe(400);
    expect(issueOf(body)['expression']).toEqual(['http._since']);
  });

  test('of a type that the caller sees as disclosures only is refused', async () => {
    expect((await door.get(POLICE, '/fhir/CarePlan/_history')).status).toBe(403);
  });
});
