import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, type FhirResource } from 'fhir-kit-client';
import { AMBULANCE, approvePlan, type Caller, example, type OpenDoor, openDoor, TRUST } from '../http/open-door.ts';
import { DELETED, type ExpectedIssue, NO_NARRATIVE, NOT_FOUND, outcomeOf, STALE } from '../support/outcome.ts';

let door: OpenDoor;
let client: Client;
const clientOf = ({ ods, kind }: Caller): Client =>
  new Client({ baseUrl: `${door.origin}/fhir`, customHeaders: { 'NHSD-End-User-Organisation-ODS': ods, 'X-Service-Kind': kind } });
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
  client = clientOf(TRUST);
});
afterAll(() => door.close());

const STAFF = 'https://example.invalid/staff';
const practitioner = (value: string, rest: Record<string, unknown> = {}): FhirResource => ({
  resourceType: 'Practitioner',
  identifier: [{ system: STAFF, value }],
  name: [{ family: 'Plainly-Invented' }],
  ...rest,
});
const resourceType = 'Practitioner';
const idOf = (resource: FhirResource): string => String(resource['id']);
const versionOf = (resource: FhirResource): string => (resource['meta'] as { versionId: string }).versionId;
const headersOf = (resource: FhirResource): Headers => {
  const { response } = Client.httpFor(resource);
  if (response === undefined) throw new Error('the client keeps the response');
  return response.headers;
};
const statusOf = (resource: FhirResource): number | undefined => Client.httpFor(resource).response?.status;
const entriesOf = (bundle: FhirResource) =>
  (bundle['entry'] ?? []) as { resource: FhirResource; response: { status: string; location: string } }[];

/** What the client throws for an answer that is no 2xx. */
const refused = async (work: Promise<unknown>, status: number, ...issues: readonly ExpectedIssue[]): Promise<void> => {
  await expect(work).rejects.toMatchObject({ response: { status, data: outcomeOf(status, ...issues) } });
};

describe('fhir-kit-client: one resource', () => {
  test('creates, reads, and reads a version', async () => {
    const made = await client.create({ resourceType, body: practitioner('one') });
    expect(statusOf(made)).toBe(201);
    expect(headersOf(made).get('location')).toBe(`${door.origin}/fhir/Practitioner/${idOf(made)}/_history/1`);
    expect(await client.read({ resourceType, id: idOf(made) })).toEqual(made);
    expect(await client.vread({ resourceType, id: idOf(made), version: '1' })).toEqual(made);
    await refused(client.read({ resourceType, id: 'nobody-at-all' }), 404, NOT_FOUND);
    await refused(client.vread({ resourceType, id: idOf(made), version: '2' }), 404, NOT_FOUND);
  });

  test('updates with If-Match, and is refused with an old one', async () => {
    const made = await client.create({ resourceType, body: practitioner('two') });
    const etag = headersOf(made).get('etag') ?? '';
    const body = { ...made, active: true };
    const changed = await client.update({ resourceType, id: idOf(made), body, options: { headers: { 'If-Match': etag } } });
    expect([statusOf(changed), versionOf(changed), changed['active']]).toEqual([200, '2', true]);
    await refused(client.update({ resourceType, id: idOf(made), body, options: { headers: { 'If-Match': etag } } }), 412, STALE);
  });

  test('creates under an id of its own', async () => {
    const made = await client.update({ resourceType, id: 'chosen-by-client', body: practitioner('three', { id: 'chosen-by-client' }) });
    expect([statusOf(made), idOf(made), versionOf(made)]).toEqual([201, 'chosen-by-client', '1']);
  });

  test('patches with JSON Patch', async () => {
    const { id } = await client.create({ resourceType, body: practitioner('four') });
    const changed = await client.patch({
      resourceType,
      id: String(id),
      jsonPatch: [
        { op: 'test', path: '/name/0/family', value: 'Plainly-Invented' },
        { op: 'add', path: '/gender', value: 'unknown' },
      ],
    });
    expect([versionOf(changed), changed['gender']]).toEqual(['2', 'unknown']);
    await refused(client.patch({ resourceType, id: String(id), jsonPatch: [{ op: 'test', path: '/gender', value: 'male' }] }), 422, {
      category: 'incorrect',
      code: 'processing',
      text: 'is not what the test says',
      at: 'Practitioner.gender',
    });
  });

  test('deletes, and reads what is gone', async () => {
    const { id } = await client.create({ resourceType, body: practitioner('five') });
    expect(statusOf(await client.delete({ resourceType, id: String(id) }))).toBe(204);
    await refused(client.read({ resourceType, id: String(id) }), 410, DELETED);
    expect(statusOf(await client.delete({ resourceType, id: String(id) }))).toBe(204);
    await refused(client.delete({ resourceType, id: 'nobody-at-all' }), 404, { ...NOT_FOUND, text: 'no such resource' });
  });

  test('reads the history of one, and of a type', async () => {
    const { id } = await client.create({ resourceType, body: practitioner('six') });
    await client.update({ resourceType, id: String(id), body: practitioner('six', { id, active: true }) });
    await client.delete({ resourceType, id: String(id) });
    const history = await client.history({ resourceType, id: String(id) });
    expect(history).toMatchObject({
      resourceType: 'Bundle',
      type: 'history',
      total: 3,
      entry: [{ request: { method: 'DELETE' } }, { request: { method: 'PUT' } }, { request: { method: 'POST' } }],
    });
    const ofType = await client.history({ resourceType });
    expect(entriesOf(ofType)[0]).toMatchObject({ request: { method: 'DELETE', url: `Practitioner/${String(id)}` } });
    await refused(client.history({ resourceType, id: 'nobody-at-all' }), 404, NOT_FOUND);
  });

  test('reads, on a condition, only what has changed', async () => {
    const made = await client.create({ resourceType, body: practitioner('seven') });
    // The client knows only 2xx as an answer, and throws the 304.
    await expect(
      client.read({ resourceType, id: idOf(made), options: { headers: { 'If-None-Match': headersOf(made).get('etag') ?? '' } } }),
    ).rejects.toMatchObject({ response: { status: 304, data: {} } });
  });
});

describe('fhir-kit-client: conditions', () => {
  test('creates once', async () => {
    const create = () =>
      client.create({ resourceType, body: practitioner('once'), options: { headers: { 'If-None-Exist': `identifier=${STAFF}|once` } } });
    const first = await create();
    const again = await create();
    expect([statusOf(first), statusOf(again), idOf(again)]).toEqual([201, 200, idOf(first)]);
    await client.create({ resourceType, body: practitioner('once') });
    await refused(create(), 412, {
      category: 'stale',
      code: 'multiple-matches',
      text: 'more than one resource meets the condition',
      at: 'http.If-None-Exist',
    });
  });

  test('updates the one that a search names, or makes it', async () => {
    const update = (active: boolean) =>
      client.update({ resourceType, searchParams: { identifier: `${STAFF}|where` }, body: practitioner('where', { active }) });
    const made = await update(false);
    const changed = await update(true);
    expect([statusOf(made), statusOf(changed), idOf(changed), versionOf(changed)]).toEqual([201, 200, idOf(made), '2']);
    await refused(client.update({ resourceType, searchParams: { banana: 'x' }, body: practitioner('where') }), 400, {
      category: 'unsupported',
      code: 'not-supported',
      text: 'is no parameter of this search',
      at: 'http.banana',
    });
  });
});

describe('fhir-kit-client: search', () => {
  const FAMILY = 'Searched-Invented';
  beforeAll(async () => {
    for (let n = 0; n < 5; n++)
      await client.create({ resourceType, body: practitioner(`searched-${n}`, { name: [{ family: FAMILY, given: [`G${n}`] }] }) });
  });

  test.each([false, true])('by GET, and by POST (%s)', async (postSearch) => {
    const found = await client.search({ resourceType, searchParams: { family: FAMILY, _sort: 'given' }, options: { postSearch } });
    expect(found).toMatchObject({ resourceType: 'Bundle', type: 'searchset', total: 5 });
    expect(entriesOf(found).map(({ resource }) => (resource['name'] as { given: string[] }[])[0]?.given[0])).toEqual([
      'G0',
      'G1',
      'G2',
      'G3',
      'G4',
    ]);
    await refused(
      client.search({ resourceType, searchParams: { birthdate: 'soon' }, options: { postSearch, headers: { Prefer: 'handling=strict' } } }),
      400,
      {
        category: 'unsupported',
        code: 'not-supported',
        text: 'is no parameter of this search',
        at: 'http.birthdate',
      },
    );
  });

  test('turns pages, forward and back', async () => {
    type Page = Parameters<Client['nextPage']>[0]['bundle'];
    const next = async (bundle: Page): Promise<Page | undefined> => (await client.nextPage({ bundle })) as Page | undefined;
    const idsIn = (bundle: Page | undefined): readonly string[] =>
      bundle === undefined ? [] : entriesOf(bundle).map(({ resource }) => idOf(resource));
    const first = (await client.search({ resourceType, searchParams: { family: FAMILY, _sort: '-given', _count: 2 } })) as Page;
    const second = await next(first);
    const third = second && (await next(second));
    if (third === undefined) throw new Error('there are three pages');
    expect([idsIn(first), idsIn(second), idsIn(third)].map((ids) => ids.length)).toEqual([2, 2, 1]);
    expect(new Set([...idsIn(first), ...idsIn(second), ...idsIn(third)]).size).toBe(5);
    expect(await next(third)).toBeUndefined();
    expect(idsIn((await client.prevPage({ bundle: third })) as Page)).toEqual(idsIn(second));
    expect(client.prevPage({ bundle: first })).toBeUndefined();
  });

  test('includes what the matches refer to, and resolves it in the Bundle, on the server, and inside a resource', async () => {
    const who = await client.create({ resourceType, body: practitioner('included') });
    const reference = `Practitioner/${idOf(who)}`;
    await client.create({ resourceType: 'PractitionerRole', body: { resourceType: 'PractitionerRole', practitioner: { reference } } });
    const found = await client.search({
      resourceType: 'PractitionerRole',
      searchParams: { practitioner: reference, _include: 'PractitionerRole:practitioner' },
    });
    expect(entriesOf(found)).toMatchObject([{ search: { mode: 'match' } }, { search: { mode: 'include' }, resource: who }]);
    expect(await client.resolve({ reference, context: found })).toEqual(who);
    expect(await client.resolve({ reference })).toEqual(who);
    expect(await client.resolve({ reference: `${door.origin}/fhir/${reference}` })).toEqual(who);
    await refused(client.resolve({ reference: 'Practitioner/nobody-at-all' }), 404, NOT_FOUND);
  });

  test('a recipient finds what it may see', async () => {
    const found = await clientOf(AMBULANCE).search({
      resourceType: 'Flag',
      searchParams: { 'patient.identifier': 'https://fhir.nhs.uk/Id/nhs-number|9990012342' },
      options: { postSearch: true },
    });
    expect(found).toMatchObject({ type: 'searchset', total: 1 });
  });
});

describe('fhir-kit-client: Bundles and operations', () => {
  const A = 'urn:uuid:6f1b1c1e-0000-4000-8000-0000000000a1';

  test('a transaction whose entries refer to each other', async () => {
    const answer = await client.transaction({
      body: {
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [
          {
            request: { method: 'POST', url: 'PractitionerRole' },
            resource: { resourceType: 'PractitionerRole', practitioner: { reference: A } },
          },
          { fullUrl: A, request: { method: 'POST', url: 'Practitioner' }, resource: practitioner('of-transaction') },
        ],
      },
    });
    expect(answer).toMatchObject({
      type: 'transaction-response',
      entry: [{ response: { status: '201' } }, { response: { status: '201' } }],
    });
    const [role, who] = entriesOf(answer).map(({ response }) => response.location.split('/fhir/')[1]?.split('/_history')[0] ?? '');
    expect(await client.resolve({ reference: role ?? '' })).toMatchObject({ practitioner: { reference: who } });
  });

  test('a transaction that fails leaves nothing', async () => {
    const before = await door.stored();
    await refused(
      client.transaction({
        body: {
          resourceType: 'Bundle',
          type: 'transaction',
          entry: [
            { request: { method: 'POST', url: 'Practitioner' }, resource: practitioner('half') },
            { request: { method: 'DELETE', url: 'Practitioner/nobody-at-all' } },
          ],
        },
      }),
      404,
      { ...NOT_FOUND, text: 'no such resource', at: 'Bundle.entry[1]' },
    );
    expect(await door.stored()).toBe(before);
  });

  test('a batch', async () => {
    const answer = await client.batch({
      body: {
        resourceType: 'Bundle',
        type: 'batch',
        entry: [
          { request: { method: 'GET', url: 'Practitioner/nurse' } },
          { request: { method: 'GET', url: 'Practitioner/nobody-at-all' } },
        ],
      },
    });
    expect(answer).toMatchObject({
      type: 'batch-response',
      entry: [
        { resource: { resourceType: 'Practitioner', id: 'nurse' }, response: { status: '200' } },
        { response: { status: '404', outcome: outcomeOf(404, NOT_FOUND) } },
      ],
    });
  });

  test('$validate', async () => {
    const bad = example('plan-patient', 'invalid-check-digit') as FhirResource;
    const answer = await client.operation({ name: 'validate', resourceType: 'Patient', input: bad });
    expect(answer).toEqual({
      resourceType: 'OperationOutcome',
      issue: [
        ...outcomeOf(422, {
          category: 'incorrect',
          code: 'value',
          text: 'fails the check digit (modulus 11)',
          at: 'Patient.identifier[0].value',
        }).issue,
        NO_NARRATIVE,
      ],
    });
    const good = await client.operation({
      name: '$validate',
      resourceType: 'Patient',
      input: example('plan-patient') as FhirResource,
    });
    expect(good).toEqual({
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'information', code: 'informational', details: { text: 'nothing is wrong: this would be taken' } }, NO_NARRATIVE],
    });
  });

  test('$match, and its confirmation; what is not certain is nobody', async () => {
    const ambulance = clientOf(AMBULANCE);
    const match = (resource: FhirResource, ...more: readonly Record<string, unknown>[]) =>
      ambulance.operation({
        name: 'match',
        resourceType: 'Patient',
        input: {
          resourceType: 'Parameters',
          parameter: [{ name: 'resource', resource }, { name: 'onlyCertainMatches', valueBoolean: true }, ...more],
        },
      });
    const amber = { resourceType: 'Patient', identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990012342' }] };
    const found = await match(amber);
    expect(found).toMatchObject({
      type: 'searchset',
      total: 1,
      entry: [{ resource: { resourceType: 'Patient' }, search: { mode: 'match', score: 1 } }],
    });
    const [entry] = entriesOf(found) as unknown as { search: { extension: { url: string; valueString: string }[] } }[];
    const valueString = entry?.search.extension.find(({ url }) => url.endsWith('/match-confirmation'))?.valueString;
    const confirmed = await match(amber, { name: 'confirm', valueString });
    expect(confirmed).toMatchObject({ total: 1, entry: [{ resource: { resourceType: 'Patient', birthDate: '1987-03-14' } }] });
    expect(await match({ ...amber, identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990000018' }] })).toMatchObject({
      type: 'searchset',
      total: 0,
    });
    await refused(match(amber, { name: 'banana', valueString: 'x' }), 422, {
      category: 'incorrect',
      code: 'not-supported',
      text: 'is one of resource, onlyCertainMatches, count, confirm',
      at: 'Parameters.parameter[2].name',
    });
  });

  test('$everything, by GET and by POST', async () => {
    const found = await client.operation({
      name: 'everything',
      resourceType: 'Patient',
      id: 'amber',
      method: 'GET',
      input: { _count: 3 } as unknown as FhirResource,
    });
    expect(found).toMatchObject({ resourceType: 'Bundle', type: 'searchset' });
    expect(entriesOf(found)[0]?.resource).toMatchObject({ resourceType: 'Patient', id: 'amber' });
    const posted = await client.operation({
      name: 'everything',
      resourceType: 'Patient',
      id: 'amber',
      input: { resourceType: 'Parameters' },
    });
    expect(entriesOf(posted)[0]?.resource).toMatchObject({ resourceType: 'Patient', id: 'amber' });
    await refused(client.operation({ name: 'everything', resourceType: 'Patient', id: 'nobody-at-all', method: 'GET' }), 404, NOT_FOUND);
  });

  test('the CapabilityStatement', async () => {
    const statement = await client.capabilityStatement();
    expect(statement).toMatchObject({ resourceType: 'CapabilityStatement', fhirVersion: '4.0.1', kind: 'instance' });
  });
});
