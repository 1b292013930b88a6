import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Response, Test } from 'supertest';
import { approvePlan, type Caller, type OpenDoor, openDoor, OPERATOR, TRUST } from '../http/open-door.ts';
import { DELETED, expectRefusal, NOT_FOUND, STALE } from '../support/outcome.ts';

// One test a sentence of https://hl7.org/fhir/R4/http.html; the heading of each group is the section.

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
const PATH = '/fhir/Practitioner';
const make = async (value: string, rest: Body = {}): Promise<Response> => {
  const made = await door.post(TRUST, PATH, practitioner(value, rest));
  expect(made.status).toBe(201);
  return made;
};
const send = (method: 'post' | 'put' | 'patch' | 'delete' | 'get' | 'head', path: string, caller: Caller = TRUST): Test =>
  door.as(door.agent[method](path), caller);
const putAt = (path: string, body: Body): Test => send('put', path).set('Content-Type', 'application/fhir+json').send(JSON.stringify(body));
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;

describe('General considerations: content types and encodings', () => {
  test('servers SHALL support application/fhir+json, in which answers come', async () => {
    const made = await make('types');
    expect(made.headers['content-type']).toBe('application/fhir+json; charset=utf-8');
  });

  test.each(['application/fhir+json', 'application/json', '*/*', 'application/*', 'text/html, application/fhir+json;q=0.5'])(
    'Accept: %s is met',
    async (accept) => {
      expect((await send('get', PATH).set('Accept', accept)).status).toBe(200);
    },
  );

  test.each(['json', 'application/json', 'application/fhir+json', 'text/json'])('_format=%s overrides Accept', async (format) => {
    expect((await send('get', `${PATH}?_format=${encodeURIComponent(format)}`).set('Accept', 'application/fhir+xml')).status).toBe(200);
  });

  test.each([
    ['Accept', 'application/fhir+xml', PATH],
    ['Accept', 'text/html', PATH],
    ['_format', undefined, `${PATH}?_format=xml`],
    ['_format', 'application/fhir+json', `${PATH}?_format=xml`],
  ])('a %s that cannot be met is 406 (%s)', async (header, accept, path) => {
    const answer = await (accept === undefined ? send('get', path) : send('get', path).set('Accept', accept));
    expectRefusal(answer, 406, {
      category: 'unsupported',
      code: 'not-supported',
      text: 'answers are application/fhir+json',
      at: `http.${header}`,
    });
  });

  test.each(['application/fhir+xml', 'text/plain', ''])('a body of another media type is 415: %j', async (media) => {
    const answer = await send('post', PATH).set('Content-Type', media).serialize(String).send('<x/>');
    expectRefusal(answer, 415, {
      category: 'unsupported',
      code: 'not-supported',
      text: 'resources are sent as application/fhir+json',
      at: 'http.Content-Type',
    });
  });

  test('a body of another version of FHIR is 415', async () => {
    const answer = await send('post', PATH)
      .set('Content-Type', 'application/fhir+json; fhirVersion=5.0')
      .send(JSON.stringify(practitioner('x')));
    expectRefusal(answer, 415, {
      category: 'unsupported',
      code: 'not-supported',
      text: 'the version of FHIR is 4.0',
      at: 'http.Content-Type',
    });
  });

  test('X-Request-Id is echoed, whatever it holds, and made where there is none', async () => {
    expect((await send('get', PATH).set('X-Request-ID', 'mine, and no uuid')).headers['x-request-id']).toBe('mine, and no uuid');
    expect((await send('get', PATH)).headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('read', () => {
  test('SHALL return the resource with an id equal to what was asked for; SHOULD return ETag and Last-Modified', async () => {
    const made = await make('read');
    const read = await send('get', `${PATH}/${made.body.id}`);
    expect([read.status, read.body]).toEqual([200, made.body]);
    expect(read.headers['etag']).toBe(`W/"${read.body.meta.versionId}"`);
    expect(read.headers['last-modified']).toMatch(HTTP_DATE);
    expect(Date.parse(read.headers['last-modified'] ?? '')).toBe(Math.floor(Date.parse(read.body.meta.lastUpdated) / 1_000) * 1_000);
  });

  test('HEAD SHALL be answered as GET, without the body', async () => {
    const made = await make('head');
    const read = await send('get', `${PATH}/${made.body.id}`);
    const head = await send('head', `${PATH}/${made.body.id}`);
    expect([head.status, head.text ?? '']).toEqual([200, '']);
    for (const name of ['etag', 'last-modified', 'content-type', 'content-length']) expect(head.headers[name]).toBe(read.headers[name]);
    expect((await send('head', `${PATH}/nobody-at-all`)).status).toBe(404);
    expect((await send('head', `${PATH}?identifier=${STAFF}|head`)).status).toBe(200);
  });

  test('of a resource that is not known is 404, and of one that was deleted 410', async () => {
    const made = await make('gone');
    expect((await send('delete', `${PATH}/${made.body.id}`)).status).toBe(204);
    expectRefusal(await send('get', `${PATH}/${made.body.id}`), 410, DELETED);
    expectRefusal(await send('get', `${PATH}/nobody-at-all`), 404, NOT_FOUND);
  });

  test.each(['a_b', 'a%20b', 'x'.repeat(65)])('an id that is none is as one of nothing: %s', async (id) => {
    expectRefusal(await send('get', `${PATH}/${id}`), 404, NOT_FOUND);
  });

  test('_summary and _elements shape what is read, and mark it SUBSETTED', async () => {
    const made = await make('shaped', { gender: 'unknown', telecom: [{ system: 'phone', value: '01632 960001' }] });
    const elements = await send('get', `${PATH}/${made.body.id}?_elements=gender`);
    expect(elements.body).toEqual({
      resourceType: 'Practitioner',
      id: made.body.id,
      meta: { ...made.body.meta, tag: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' }] },
      gender: 'unknown',
    });
    const wrong = await send('get', `${PATH}/${made.body.id}?_summary=banana`);
    expectRefusal(wrong, 400, { category: 'malformed', code: 'value', text: 'is true, text, data, count or false', at: 'http._summary' });
  });

  test('a type that is not offered is 404', async () => {
    expectRefusal(await send('get', '/fhir/Observation/1'), 404, {
      category: 'unsupported',
      code: 'not-supported',
      text: 'this resource type is not offered: see /fhir/metadata',
      at: null,
    });
  });
});

describe('Support for HTTP conditional read', () => {
  test('If-None-Match with the version that is there is 304, without a body; with another, 200', async () => {
    const made = await make('304');
    const path = `${PATH}/${made.body.id}`;
    const same = await send('get', path).set('If-None-Match', 'W/"1"');
    expect([same.status, same.text, same.headers['etag']]).toEqual([304, '', 'W/"1"']);
    expect((await send('get', path).set('If-None-Match', 'W/"7", W/"1"')).status).toBe(304);
    expect((await send('get', path).set('If-None-Match', 'W/"2"')).status).toBe(200);
  });

  // Its dates are of whole seconds: a plan that was changed twice in one would be shown as it was before. `conditionalRead` says not-match.
  test('If-Modified-Since is not looked at, as the CapabilityStatement says', async () => {
    const made = await make('since');
    expect((await send('get', `${PATH}/${made.body.id}`).set('If-Modified-Since', made.headers['last-modified'] ?? '')).status).toBe(200);
    const { body } = await door.agent.get('/fhir/metadata');
    const row = body.rest[0].resource.find(({ type }: { type: string }) => type === 'Practitioner');
    expect(row.conditionalRead).toBe('not-match');
  });
});

describe('vread', () => {
  test('returns that version; SHALL have its id and versionId', async () => {
    const made = await make('vread');
    const path = `${PATH}/${made.body.id}`;
    await putAt(path, practitioner('vread', { id: made.body.id, active: true }));
    const first = await send('get', `${path}/_history/1`);
    expect([first.status, first.body, first.headers['etag']]).toEqual([200, made.body, 'W/"1"']);
    const second = await send('get', `${path}/_history/2`);
    expect([second.body.meta.versionId, second.body.active, second.headers['etag']]).toEqual(['2', true, 'W/"2"']);
    for (const version of ['3', '0', 'x', '99999999999']) expectRefusal(await send('get', `${path}/_history/${version}`), 404, NOT_FOUND);
  });

  test('of the version that a deletion made is 410, and of one before it that version', async () => {
    const made = await make('vread-gone');
    const path = `${PATH}/${made.body.id}`;
    await send('delete', path);
    expect((await send('get', `${path}/_history/1`)).body).toEqual(made.body);
    expectRefusal(await send('get', `${path}/_history/2`), 410, DELETED);
  });
});

describe('update', () => {
  test('the id in the body SHALL be the one in the address: 400', async () => {
    const wrong = {
      category: 'malformed',
      code: 'value',
      text: 'the id in the body is not the one in the address',
      at: 'http.path',
    } as const;
    expectRefusal(await putAt(`${PATH}/one`, practitioner('x', { id: 'another' })), 400, wrong);
    expectRefusal(await putAt(`${PATH}/one`, practitioner('x')), 400, wrong);
  });

  test('of what is there is 200, of what is not 201 with its Location; ETag and Last-Modified come with both', async () => {
    const made = await putAt(`${PATH}/by-put`, practitioner('by-put', { id: 'by-put' }));
    const changed = await putAt(`${PATH}/by-put`, practitioner('by-put', { id: 'by-put', active: true }));
    expect([made.status, changed.status]).toEqual([201, 200]);
    expect(made.headers['location']).toBe(`${door.origin}${PATH}/by-put/_history/1`);
    expect([made.headers['etag'], changed.headers['etag']]).toEqual(['W/"1"', 'W/"2"']);
    expect(changed.headers['last-modified']).toMatch(HTTP_DATE);
  });

  test('the server SHALL ignore versionId and lastUpdated of the body, and set its own', async () => {
    const meta = { versionId: '77', lastUpdated: '1999-01-01T00:00:00Z', tag: [{ code: 'kept' }] };
    const { body } = await putAt(`${PATH}/own-meta`, practitioner('own-meta', { id: 'own-meta', meta }));
    expect(body.meta).toEqual({ versionId: '1', lastUpdated: expect.stringMatching(/^20[2-9]\d-/), tag: [{ code: 'kept' }] });
  });

  test('a resource that was deleted may come again: 201, with the next version', async () => {
    const made = await make('again');
    const path = `${PATH}/${made.body.id}`;
    await send('delete', path);
    const again = await putAt(path, practitioner('again', { id: made.body.id }));
    expect([again.status, again.headers['etag']]).toEqual([201, 'W/"3"']);
  });

  test('what breaks a rule of FHIR is 422 with an OperationOutcome, what cannot be read 400', async () => {
    const path = `${PATH}/wrong`;
    const { status, body } = await putAt(path, practitioner('wrong', { id: 'wrong', gender: 'banana' }));
    expect([status, body.issue[0].severity, body.issue[0].code, body.issue[0].expression]).toEqual([
      422,
      'error',
      'code-invalid',
      ['Practitioner.gender'],
    ]);
    const unread = await send('put', path).set('Content-Type', 'application/fhir+json').serialize(String).send('{"a"');
    expectRefusal(unread, 400, {
      category: 'malformed',
      code: 'structure',
      text: 'the body is not JSON from line 1, column 5',
      at: 'http.body',
    });
    expectRefusal(await putAt(path, { ...practitioner('x'), resourceType: 'Patient' }), 400, {
      category: 'malformed',
      code: 'structure',
      text: 'is Practitioner, as the address says',
      at: 'resourceType',
    });
  });

  test('of a type that may not be updated is 405, with Allow', async () => {
    const answer = await send('put', '/fhir/AuditEvent/x')
      .set('Content-Type', 'application/fhir+json')
      .send('{"resourceType":"AuditEvent","id":"x"}');
    expect([answer.status, answer.headers['allow'], answer.body.issue[0].code]).toEqual([405, 'GET', 'not-supported']);
  });
});

describe('Managing resource contention', () => {
  test('If-Match with the version that is there is done, with another 412, with what is no ETag 400', async () => {
    const made = await make('contention');
    const path = `${PATH}/${made.body.id}`;
    const body = practitioner('contention', { id: made.body.id });
    expect((await putAt(path, body).set('If-Match', 'W/"1"')).status).toBe(200);
    expectRefusal(await putAt(path, body).set('If-Match', 'W/"1"'), 412, STALE);
    expectRefusal(await send('delete', path).set('If-Match', 'W/"1"'), 412, {
      ...STALE,
      text: 'the resource has another version now',
      at: null,
    });
    expectRefusal(await putAt(path, body).set('If-Match', 'one'), 400, {
      category: 'malformed',
      code: 'value',
      text: 'names one version: W/"3"',
      at: 'http.If-Match',
    });
    expectRefusal(await putAt(`${PATH}/not-yet`, practitioner('x', { id: 'not-yet' })).set('If-Match', 'W/"1"'), 412, STALE);
  });

  test('If-Match: * names no version, and is refused', async () => {
    const made = await make('any');
    expectRefusal(await putAt(`${PATH}/${made.body.id}`, practitioner('any', { id: made.body.id })).set('If-Match', '*'), 400, {
      category: 'malformed',
      code: 'value',
      text: 'names one version: W/"3"',
      at: 'http.If-Match',
    });
  });
});

describe('create', () => {
  test('SHALL be 201 with a Location that has id and version; SHALL ignore an id of the body', async () => {
    const made = await make('created', { id: 'mine' });
    expect(made.body.id).not.toBe('mine');
    expect(made.headers['location']).toBe(`${door.origin}${PATH}/${made.body.id}/_history/1`);
    expect([made.headers['etag'], made.body.meta.versionId]).toEqual(['W/"1"', '1']);
    expect(made.headers['last-modified']).toMatch(HTTP_DATE);
  });

  test.each([
    ['no JSON', 400, '{', 'structure', 'the body is not JSON from line 1, column 2', 'http.body'],
    ['no resource', 400, '[]', 'structure', 'the body is a resource: a JSON object with its resourceType', 'resourceType'],
    ['another type', 400, '{"resourceType":"Patient"}', 'structure', 'is Practitioner, as the address says', 'resourceType'],
  ])('of %s is %i', async (_name, status, text, code, help, at) => {
    const before = await door.stored();
    const answer = await send('post', PATH).set('Content-Type', 'application/fhir+json').serialize(String).send(text);
    expectRefusal(answer, status, { category: 'malformed', code, text: help, at });
    expect(await door.stored()).toBe(before);
  });

  test('of a type that is not offered is 404', async () => {
    expect((await door.post(TRUST, '/fhir/Observation', { resourceType: 'Observation' })).status).toBe(404);
  });

  test('of what the caller may not write is 403', async () => {
    expectRefusal(await door.post(TRUST, '/fhir/Organization', { resourceType: 'Organization', name: 'Invented' }), 403, {
      category: 'forbidden',
      code: 'forbidden',
      text: 'a service of this kind may not create Organization',
      at: null,
    });
  });

  test('Prefer: return=minimal has no body, representation the resource, OperationOutcome an outcome; Location and ETag stand in all', async () => {
    const prefer = (what: string) => door.post(TRUST, PATH, practitioner('preferred')).set('Prefer', `return=${what}`);
    const [minimal, representation, outcome] = [await prefer('minimal'), await prefer('representation'), await prefer('OperationOutcome')];
    expect([minimal.text, representation.body.resourceType]).toEqual(['', 'Practitioner']);
    expect(outcome.body).toEqual({
      resourceType: 'OperationOutcome',
      issue: [
        expect.objectContaining({
          severity: 'information',
          code: 'informational',
          details: expect.objectContaining({ text: 'stored as version W/"1"' }),
        }),
      ],
    });
    for (const { status, headers } of [minimal, representation, outcome])
      expect([status, headers['etag'], headers['location']]).toEqual([201, 'W/"1"', expect.stringContaining('/_history/1')]);
  });
});

describe('conditional create', () => {
  test('no match creates, one match answers 200 with it, several are 412', async () => {
    const condition = `identifier=${STAFF}|conditional`;
    const create = () => door.post(TRUST, PATH, practitioner('conditional')).set('If-None-Exist', condition);
    const [first, again] = [await create(), await create()];
    expect([first.status, again.status, again.headers['location'], again.body]).toEqual([201, 200, first.headers['location'], first.body]);
    await make('conditional');
    expectRefusal(await create(), 412, {
      category: 'stale',
      code: 'multiple-matches',
      text: 'more than one resource meets the condition',
      at: 'http.If-None-Exist',
    });
  });

  test('a condition that says nothing is 412, one that is not understood 400', async () => {
    expectRefusal(await door.post(TRUST, PATH, practitioner('x')).set('If-None-Exist', '_format=json'), 412, {
      category: 'stale',
      code: 'conflict',
      text: 'a condition names at least one search parameter',
      at: 'http.If-None-Exist',
    });
    expectRefusal(await door.post(TRUST, PATH, practitioner('x')).set('If-None-Exist', 'banana=1'), 400, {
      category: 'unsupported',
      code: 'not-supported',
      text: 'is no parameter of this search',
      at: 'http.banana',
    });
  });
});

describe('conditional update', () => {
  const at = (value: string): string => `${PATH}?identifier=${STAFF}|${value}`;
  test('no match without id creates; no match with id creates under it; one match updates it', async () => {
    const made = await putAt(at('cu'), practitioner('cu'));
    const under = await putAt(at('cu-id'), practitioner('cu-id', { id: 'cu-chosen' }));
    const changed = await putAt(at('cu'), practitioner('cu', { active: true }));
    expect([made.status, under.status, changed.status]).toEqual([201, 201, 200]);
    expect([under.body.id, changed.body.id, changed.headers['etag']]).toEqual(['cu-chosen', made.body.id, 'W/"2"']);
  });

  test('one match with another id is 400, several 412', async () => {
    expectRefusal(await putAt(at('cu'), practitioner('cu', { id: 'another' })), 400, {
      category: 'malformed',
      code: 'value',
      text: 'the id in the body is not that of the resource that meets the condition',
      at: 'http.path',
    });
    await make('cu');
    expectRefusal(await putAt(at('cu'), practitioner('cu')), 412, {
      category: 'stale',
      code: 'multiple-matches',
      text: 'more than one resource meets the condition',
      at: 'http.path',
    });
  });
});

describe('patch', () => {
  const patch = (path: string, operations: unknown) =>
    send('patch', path).set('Content-Type', 'application/json-patch+json').send(JSON.stringify(operations));
  test('SHALL process its operations as one, and the result as an update', async () => {
    const made = await make('patched');
    const path = `${PATH}/${made.body.id}`;
    const done = await patch(path, [{ op: 'add', path: '/active', value: true }]);
    expect([done.status, done.headers['etag'], done.body]).toEqual([200, 'W/"2"', { ...made.body, active: true, meta: done.body.meta }]);
    const half = await patch(path, [
      { op: 'replace', path: '/active', value: false },
      { op: 'remove', path: '/photo' },
    ]);
    expectRefusal(half, 422, {
      category: 'incorrect',
      code: 'processing',
      text: 'there is nothing here that could be done with remove',
      at: 'Practitioner.photo',
    });
    expect((await send('get', path)).body.active).toBe(true);
  });

  test('of what is not there is 404, of what was deleted 410, in another media type 415', async () => {
    expectRefusal(await patch(`${PATH}/nobody-at-all`, []), 404, NOT_FOUND);
    const made = await make('patch-gone');
    await send('delete', `${PATH}/${made.body.id}`);
    expectRefusal(await patch(`${PATH}/${made.body.id}`, []), 410, DELETED);
    const xml = await send('patch', `${PATH}/x`).set('Content-Type', 'application/xml-patch+xml').serialize(String).send('<x/>');
    expectRefusal(xml, 415, {
      category: 'unsupported',
      code: 'not-supported',
      text: 'a patch is sent as application/json-patch+json',
      at: 'http.Content-Type',
    });
  });
});

describe('delete', () => {
  test('of what is there is 204, of what is deleted already 204, of what never was 404', async () => {
    const made = await make('deleted');
    const path = `${PATH}/${made.body.id}`;
    const first = await send('delete', path);
    expect([first.status, first.text]).toEqual([204, '']);
    expect((await send('delete', path)).status).toBe(204);
    expectRefusal(await send('delete', `${PATH}/nobody-at-all`), 404, { ...NOT_FOUND, text: 'no such resource' });
  });

  test('a deleted resource SHALL NOT be found by searches', async () => {
    const made = await make('unfound');
    await send('delete', `${PATH}/${made.body.id}`);
    expect((await send('get', `${PATH}?identifier=${STAFF}|unfound`)).body.total).toBe(0);
  });

  test('by a condition: none 204, one 204, several 412, no condition 412', async () => {
    await make('cd');
    expect((await send('delete', `${PATH}?identifier=${STAFF}|cd`)).status).toBe(204);
    expect((await send('delete', `${PATH}?identifier=${STAFF}|cd`)).status).toBe(204);
    await make('cd');
    await make('cd');
    const several = await send('delete', `${PATH}?identifier=${STAFF}|cd`);
    expectRefusal(several, 412, {
      category: 'stale',
      code: 'multiple-matches',
      text: 'more than one resource meets the condition',
      at: 'http.path',
    });
    expectRefusal(await send('delete', PATH), 412, {
      category: 'stale',
      code: 'conflict',
      text: 'a condition names at least one search parameter',
      at: 'http.path',
    });
  });

  test('of a type that may not be deleted is 405, of what others refer to 409', async () => {
    const answer = await send('delete', '/fhir/Organization/trust', OPERATOR);
    expect([answer.status, answer.body.issue[0].code]).toEqual([405, 'not-supported']);
    expectRefusal(await send('delete', `${PATH}/nurse`), 409, {
      category: 'conflict',
      code: 'conflict',
      text: expect.stringMatching(/^an? [A-Z][A-Za-z]+ refers to it$/) as unknown as string,
      at: 'Practitioner',
    });
  });
});

describe('capabilities', () => {
  test('GET metadata SHALL return a CapabilityStatement; HEAD the same without it', async () => {
    const { status, body } = await door.agent.get('/fhir/metadata');
    expect([status, body.resourceType, body.fhirVersion, body.kind]).toEqual([200, 'CapabilityStatement', '4.0.1', 'instance']);
    expect((await door.agent.head('/fhir/metadata')).status).toBe(200);
    expect((await door.agent.get('/fhir/metadata?_format=xml')).status).toBe(406);
  });
});
