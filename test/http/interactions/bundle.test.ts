import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AMBULANCE, example, type openDoor as Open, openDoor, OPERATOR, OTHER_TRUST, TRUST } from '../open-door.ts';

let door: Awaited<ReturnType<typeof Open>>;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.close());

type Entry = Record<string, unknown>;
const practitioner = (family: string, rest: Entry = {}): Entry => ({ resourceType: 'Practitioner', name: [{ family }], ...rest });
const bundle = (type: 'batch' | 'transaction', entry: readonly Entry[]): Entry => ({ resourceType: 'Bundle', type, entry });
const send = (caller: Parameters<typeof door.post>[0], body: Entry) => door.post(caller, '/fhir', body);
const versions = async (): Promise<number> =>
  Number((await door.pool.query<{ n: string }>('SELECT count(*) AS n FROM resource_version')).rows[0]?.n);
const A = 'urn:uuid:6f1b1c1e-0000-4000-8000-000000000001';
const B = 'urn:uuid:6f1b1c1e-0000-4000-8000-000000000002';
const statuses = (body: { entry: { response: { status: string } }[] }): string[] => body.entry.map(({ response }) => response.status);

describe('a transaction', () => {
  test('creates what refers to each other, in any order of entries, and answers in the order that was sent', async () => {
    const { status, body } = await send(
      TRUST,
      bundle('transaction', [
        {
          fullUrl: B,
          request: { method: 'POST', url: 'PractitionerRole' },
          resource: { resourceType: 'PractitionerRole', practitioner: { reference: A } },
        },
        { fullUrl: A, request: { method: 'POST', url: 'Practitioner' }, resource: practitioner('Plainly-Invented') },
      ]),
    );
    expect(status).toBe(200);
    expect(body.type).toBe('transaction-response');
    expect(statuses(body)).toEqual(['201', '201']);
    const [role, who] = body.entry.map(
      ({ response }: { response: { location: string } }) => new URL(response.location).pathname.split('/_history')[0],
    );
    expect(role).toMatch(/^\/fhir\/PractitionerRole\//);
    const stored = await door.get(TRUST, role);
    expect(`/fhir/${stored.body.practitioner.reference}`).toBe(who);
    expect((await door.get(TRUST, who)).body.name[0].family).toBe('Plainly-Invented');
  });

  test('that fails in one entry stores none, and says where', async () => {
    const before = await versions();
    const { status, body } = await send(
      TRUST,
      bundle('transaction', [
        { request: { method: 'POST', url: 'Practitioner' }, resource: practitioner('One') },
        { request: { method: 'PUT', url: 'Practitioner/another' }, resource: practitioner('Two', { id: 'not-the-same' }) },
      ]),
    );
    expect(status).toBe(400);
    expect(body.issue).toEqual([
      expect.objectContaining({ severity: 'error', code: 'value', expression: ['Bundle.entry[1].request.url'] }),
    ]);
    expect(await versions()).toBe(before);
  });

  test('tells everything that is wrong with its resources at once', async () => {
    const { status, body } = await send(
      TRUST,
      bundle('transaction', [
        { request: { method: 'POST', url: 'Practitioner' }, resource: practitioner('One', { gender: 'banana' }) },
        { request: { method: 'POST', url: 'Practitioner' }, resource: practitioner('Two') },
        { request: { method: 'POST', url: 'PractitionerRole' }, resource: { resourceType: 'PractitionerRole', active: 'yes' } },
      ]),
    );
    expect(status).toBe(422);
    const places = body.issue.map(({ expression }: { expression: string[] }) => expression[0]);
    expect(places).toContain('Bundle.entry[0].resource.gender');
    expect(places).toContain('Bundle.entry[2].resource.active');
  });

  test('deletes first, then creates, then updates, and reads what they left', async () => {
    const old = await door.post(TRUST, '/fhir/Practitioner', practitioner('Old'));
    const { body } = await send(
      TRUST,
      bundle('transaction', [
        { request: { method: 'GET', url: 'Practitioner/of-transaction' } },
        { request: { method: 'PUT', url: 'Practitioner/of-transaction' }, resource: practitioner('New', { id: 'of-transaction' }) },
        { request: { method: 'DELETE', url: `Practitioner/${old.body.id}` } },
      ]),
    );
    expect(statuses(body)).toEqual(['200', '201', '204']);
    expect(body.entry[0].resource.name[0].family).toBe('New');
    expect((await door.get(TRUST, `/fhir/Practitioner/${old.body.id}`)).status).toBe(410);
  });

  test('meets its conditions once: the same transaction sent again creates nothing', async () => {
    const body = bundle('transaction', [
      {
        fullUrl: A,
        request: { method: 'POST', url: 'Practitioner', ifNoneExist: 'identifier=https://example.invalid/staff|once' },
        resource: practitioner('Once', { identifier: [{ system: 'https://example.invalid/staff', value: 'once' }] }),
      },
      {
        request: { method: 'PUT', url: 'PractitionerRole?identifier=https://example.invalid/role|once' },
        resource: {
          resourceType: 'PractitionerRole',
          identifier: [{ system: 'https://example.invalid/role', value: 'once' }],
          practitioner: { reference: A },
        },
      },
    ]);
    const first = await send(TRUST, body);
    expect(statuses(first.body)).toEqual(['201', '201']);
    const again = await send(TRUST, body);
    expect(statuses(again.body)).toEqual(['200', '200']);
    expect(again.body.entry[0].response.location).toBe(first.body.entry[0].response.location);
    const roles = await door.get(TRUST, '/fhir/PractitionerRole?identifier=https://example.invalid/role|once');
    expect(roles.body.total).toBe(1);
    expect(`${roles.body.entry[0].resource.practitioner.reference}`).toBe(
      new URL(first.body.entry[0].response.location).pathname.slice('/fhir/'.length).split('/_history')[0],
    );
  });

  test('resolves a conditional reference, and is refused where nothing meets it', async () => {
    await door.post(
      TRUST,
      '/fhir/Practitioner',
      practitioner('Named', { identifier: [{ system: 'https://example.invalid/staff', value: 'ref' }] }),
    );
    const role = (value: string): Entry =>
      bundle('transaction', [
        {
          request: { method: 'POST', url: 'PractitionerRole' },
          resource: {
            resourceType: 'PractitionerRole',
            practitioner: { reference: `Practitioner?identifier=https://example.invalid/staff|${value}` },
          },
        },
      ]);
    const { body } = await door.post(TRUST, '/fhir', role('ref')).set('Prefer', 'return=representation');
    expect(body.entry[0].resource.practitioner.reference).toMatch(/^Practitioner\/[^?]+$/);
    const none = await send(TRUST, role('nobody'));
    expect(none.status).toBe(412);
    expect(none.body.issue[0].expression).toEqual(['Bundle.entry[0].resource']);
  });

  test('of another organisation’s resource fails as one of nothing does', async () => {
    await door.put(TRUST, practitioner('Mine', { id: 'mine-alone' }));
    const of = (id: string) => send(OTHER_TRUST, bundle('transaction', [{ request: { method: 'DELETE', url: `Practitioner/${id}` } }]));
    const theirs = await of('mine-alone');
    const nobodys = await of('nobodys-at-all');
    expect(theirs.status).toBe(404);
    expect(theirs.body).toEqual(nobodys.body);
  });

  test('writes facts under their locks, with the resources that they need, and one person is made', async () => {
    const before = await door.pool.query('SELECT count(*)::integer AS n FROM fan_out');
    const { status, body } = await send(
      TRUST,
      bundle('transaction', [
        { request: { method: 'PUT', url: 'Patient/of-bundle' }, resource: { ...example('plan-patient'), id: 'of-bundle' } },
        {
          request: { method: 'POST', url: 'RelatedPerson' },
          resource: { resourceType: 'RelatedPerson', patient: { reference: 'Patient/of-bundle' } },
        },
      ]),
    );
    expect([status, statuses(body)]).toEqual([200, ['201', '201']]);
    const after = await door.pool.query('SELECT count(*)::integer AS n FROM fan_out');
    expect(after.rows[0].n - before.rows[0].n).toBe(1);
  });

  test.each([
    [
      'two entries for one resource',
      [
        { request: { method: 'PUT', url: 'Practitioner/twice' }, resource: practitioner('A', { id: 'twice' }) },
        { request: { method: 'DELETE', url: 'Practitioner/twice' } },
      ],
      422,
      'Bundle.entry[1]',
    ],
    ['no request', [{ resource: practitioner('A') }], 422, 'Bundle.entry[0].request'],
    ['no such method', [{ request: { method: 'MOVE', url: 'Practitioner' } }], 422, 'Bundle.entry[0].request.method'],
    ['nothing to send', [{ request: { method: 'POST', url: 'Practitioner' } }], 422, 'Bundle.entry[0].resource'],
    ['no such type', [{ request: { method: 'GET', url: 'Banana/1' } }], 404, 'Bundle.entry[0]'],
    [
      'a Bundle in a Bundle',
      [{ request: { method: 'POST', url: '/' }, resource: { resourceType: 'Bundle', type: 'batch' } }],
      400,
      'Bundle.entry[0].request.url',
    ],
    [
      'a look-up, which is a delivery of its own',
      [{ request: { method: 'GET', url: 'Flag?patient.identifier=9990012342' } }],
      400,
      'Bundle.entry[0]',
    ],
    ['a condition without a parameter', [{ request: { method: 'DELETE', url: 'Practitioner' } }], 412, 'Bundle.entry[0].request.url'],
    [
      'a condition with a parameter that is not known',
      [{ request: { method: 'DELETE', url: 'Practitioner?banana=1' } }],
      400,
      'Bundle.entry[0].request.url',
    ],
  ])('with %s is refused with its place', async (_name, entry, status, at) => {
    const before = await versions();
    const answer = await send(TRUST, bundle('transaction', entry as Entry[]));
    expect(answer.status).toBe(status);
    expect(answer.body.issue[0].expression).toEqual([at]);
    expect(await versions()).toBe(before);
  });
});

describe('a batch', () => {
  test('does each entry by itself, and answers each as if it had come alone', async () => {
    const { status, body } = await send(
      TRUST,
      bundle('batch', [
        { request: { method: 'PUT', url: 'Practitioner/of-batch' }, resource: practitioner('Batch', { id: 'of-batch' }) },
        { request: { method: 'GET', url: 'Practitioner/nobody-at-all' } },
        { request: { method: 'POST', url: 'Organization' }, resource: { resourceType: 'Organization', name: 'Invented' } },
        { request: { method: 'GET', url: 'Practitioner/of-batch' } },
        { request: { method: 'GET', url: 'Practitioner?_id=of-batch' } },
      ]),
    );
    expect(status).toBe(200);
    expect(body.type).toBe('batch-response');
    expect(statuses(body)).toEqual(['201', '404', '403', '200', '200']);
    expect(body.entry[1].response.outcome.issue[0].code).toBe('not-found');
    expect(body.entry[3].resource.name[0].family).toBe('Batch');
    expect(body.entry[4].resource).toMatchObject({ resourceType: 'Bundle', type: 'searchset', total: 1 });
  });

  test('patches with a Binary', async () => {
    const data = Buffer.from(JSON.stringify([{ op: 'replace', path: '/name/0/family', value: 'Patched' }])).toString('base64');
    const { body } = await send(
      TRUST,
      bundle('batch', [
        { request: { method: 'PUT', url: 'Practitioner/to-patch' }, resource: practitioner('Plain', { id: 'to-patch' }) },
        {
          request: { method: 'PATCH', url: 'Practitioner/to-patch', ifMatch: 'W/"1"' },
          resource: { resourceType: 'Binary', contentType: 'application/json-patch+json', data },
        },
        { request: { method: 'PATCH', url: 'Practitioner/to-patch' }, resource: practitioner('No') },
      ]),
    );
    expect(statuses(body)).toEqual(['201', '200', '400']);
    expect((await door.get(TRUST, '/fhir/Practitioner/to-patch')).body.name[0].family).toBe('Patched');
  });

  test('an ambulance service looks up in a batch, each on record', async () => {
    const { body } = await send(AMBULANCE, bundle('batch', [{ request: { method: 'GET', url: 'Flag?patient.identifier=9990000018' } }]));
    expect(statuses(body)).toEqual(['200']);
    expect(body.entry[0].resource.total).toBe(0);
    const { rows } = await door.pool.query("SELECT because FROM audit WHERE organization = $1 AND event = 'flag'", [AMBULANCE.ods]);
    expect(rows).toEqual([{ because: 'no-such-person' }]);
  });

  test('of more entries than 500 is refused whole', async () => {
    const entry = Array.from({ length: 501 }, () => ({ request: { method: 'GET', url: 'Practitioner/x' } }));
    expect((await send(OPERATOR, bundle('batch', entry))).status).toBe(413);
  });

  test.each(['message', 'document', 'searchset', 'banana'])('a Bundle of type %s is none that is done here', async (type) => {
    const { status, body } = await send(TRUST, { resourceType: 'Bundle', type });
    expect(status).toBe(400);
    expect(body.issue[0].expression).toEqual(['Bundle.type']);
  });
});
