import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { approvePlan, type OpenDoor, openDoor } from '../http/open-door.ts';
import { DELETED, expectRefusal, NOT_FOUND } from '../support/outcome.ts';
import { HTTP_DATE, PATH, practitioner, type RawHttp, rawHttp, STAFF } from './raw-http.ts';

// One test a sentence of https://hl7.org/fhir/R4/http.html; the heading of each group is the section.

let door: OpenDoor;
let send: RawHttp['send'];
let putAt: RawHttp['putAt'];
let make: RawHttp['make'];
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
  ({ send, putAt, make } = rawHttp(door));
});
afterAll(() => door.close());

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

describe('capabilities', () => {
  test('GET metadata SHALL return a CapabilityStatement; HEAD the same without it', async () => {
    const { status, body } = await door.agent.get('/fhir/metadata');
    expect([status, body.resourceType, body.fhirVersion, body.kind]).toEqual([200, 'CapabilityStatement', '4.0.1', 'instance']);
    expect((await door.agent.head('/fhir/metadata')).status).toBe(200);
    expect((await door.agent.get('/fhir/metadata?_format=xml')).status).toBe(406);
  });
});
