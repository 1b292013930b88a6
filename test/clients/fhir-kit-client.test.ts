import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Client } from 'fhir-kit-client';
import { AMBULANCE, approvePlan, type OpenDoor, openDoor, TRUST } from '../http/open-door.ts';
import { DELETED, NOT_FOUND, STALE } from '../support/outcome.ts';
import { clientOf, entriesOf, headersOf, idOf, practitioner, refused, resourceType, STAFF, statusOf, versionOf } from './fhir-kit.ts';

let door: OpenDoor;
let client: Client;
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
  client = await clientOf(door, TRUST);
});
afterAll(() => door.close());

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
    await refused(client.delete({ resourceType, id: 'nobody-at-all' }), 404, NOT_FOUND);
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
    const found = await (await clientOf(door, AMBULANCE)).search({
      resourceType: 'Flag',
      searchParams: { 'patient.identifier': 'https://fhir.nhs.uk/Id/nhs-number|9990012342' },
      options: { postSearch: true },
    });
    expect(found).toMatchObject({ type: 'searchset', total: 1 });
  });
});
