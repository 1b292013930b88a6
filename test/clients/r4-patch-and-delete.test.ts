import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { approvePlan, type OpenDoor, openDoor, OPERATOR } from '../http/open-door.ts';
import { DELETED, expectRefusal, NOT_FOUND } from '../support/outcome.ts';
import { PATH, type RawHttp, rawHttp, STAFF } from './raw-http.ts';

// One test a sentence of https://hl7.org/fhir/R4/http.html; the heading of each group is the section.

let door: OpenDoor;
let send: RawHttp['send'];
let make: RawHttp['make'];
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
  ({ send, make } = rawHttp(door));
});
afterAll(() => door.close());

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
    expectRefusal(await send('delete', `${PATH}/nobody-at-all`), 404, NOT_FOUND);
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
