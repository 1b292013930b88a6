import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { approvePlan, type OpenDoor, openDoor, TRUST } from '../http/open-door.ts';
import { expectRefusal, NO_NARRATIVE, STALE } from '../support/outcome.ts';
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
        // What `$validate` would say of it.
        { ...NO_NARRATIVE, expression: ['Practitioner'] },
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
