import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { System } from '../../profiles/canonicals.ts';
import * as body from '../support/bodies.ts';
import type { OpenDoor } from './open-door.ts';
import { OPERATOR, openDoor, openDoorOn } from './open-door.ts';

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
  await door.put(OPERATOR, { ...body.organization('org-rest', 'ZZR1', 'epr') });
  await door.put(OPERATOR, { ...body.service('svc-rest', 'org-rest', 'epr') });
});
afterAll(() => door.close());

const pushed = (id: string, readBack = true) => ({ ...body.restEndpoint(id, 'svc-rest', 'org-rest', 'http://127.0.0.1:1/fhir', readBack) });
const onRecord = (id: string) => ({
  ...body.endpoint(id, 'svc-rest', 'org-rest', 'http://127.0.0.1:1/fhir'),
  connectionType: { system: System.connectionType, code: 'hl7-fhir-rest' },
});

test('a plain FHIR server is registered, to be pushed to or only on record', async () => {
  expect((await door.put(OPERATOR, pushed('rest-read'))).status).toBe(201);
  expect((await door.put(OPERATOR, pushed('rest-taken', false))).status).toBe(201);
  expect((await door.put(OPERATOR, onRecord('rest-record'))).status).toBe(201);
  // One on record may become one that is pushed to, and not the other way: what lies there is to be taken away over this road.
  expect((await door.put(OPERATOR, pushed('rest-record'))).status).toBe(200);
  const back = await door.put(OPERATOR, onRecord('rest-record'));
  expect([back.status, back.body.issue[0].expression]).toEqual([409, ['Endpoint.connectionType']]);
  expect((await door.put(OPERATOR, { ...pushed('rest-record'), status: 'off' })).status).toBe(200);
});

test('I10: what contradicts itself is refused with the place, and nothing is registered', async () => {
  const message = { ...pushed('rest-wrong'), connectionType: { system: System.connectionType, code: 'hl7-fhir-msg' } };
  const refused = await door.put(OPERATOR, message);
  expect([refused.status, refused.body.issue[0].expression]).toEqual([422, ['Endpoint.connectionType']]);
  const { address: _, ...nowhere } = pushed('rest-wrong');
  expect((await door.put(OPERATOR, nowhere)).status).toBeGreaterThanOrEqual(400);
  expect((await door.put(OPERATOR, { ...pushed('rest-wrong'), address: 'mllp://127.0.0.1:1' })).status).toBe(422);
  expect((await door.get(OPERATOR, '/fhir/Endpoint/rest-wrong')).status).toBe(404);
});

const locator = (id: string, service = 'svc-rest') => ({
  ...body.locatorEndpoint(id, service, 'org-rest', 'http://127.0.0.1:1/producer/FHIR/R4'),
});

test('a record locator is registered, stays one, and may be active without a check', async () => {
  expect((await door.put(OPERATOR, locator('nrl'))).status).toBe(201);
  const other = await door.put(OPERATOR, pushed('nrl'));
  expect([other.status, other.body.issue[0].expression]).toEqual([409, ['Endpoint.connectionType']]);
  expect((await door.put(OPERATOR, { ...locator('nrl'), status: 'off' })).status).toBe(200);
});

test('REQUIRE_CHECK asks no check of a record locator, and asks one of a FHIR server', async () => {
  const strict = await openDoorOn(door.database, undefined, undefined, { config: { requireCheck: true } });
  try {
    expect((await strict.put(OPERATOR, locator('nrl-unchecked'))).status).toBe(201);
    const refused = await strict.put(OPERATOR, pushed('rest-unchecked'));
    expect([refused.status, refused.body.issue[0].expression]).toEqual([422, ['Endpoint.status']]);
  } finally {
    await strict.close();
  }
});

test('I10: a record locator of another kind of service, or over another connection, is refused with the place', async () => {
  await door.put(OPERATOR, { ...body.service('svc-police', 'org-rest', 'police') });
  const police = await door.put(OPERATOR, locator('nrl-wrong', 'svc-police'));
  expect([police.status, police.body.issue[0].expression]).toEqual([422, ['Endpoint.extension']]);
  const message = { ...locator('nrl-wrong'), connectionType: { system: System.connectionType, code: 'hl7-fhir-msg' } };
  const refused = await door.put(OPERATOR, message);
  expect([refused.status, refused.body.issue[0].expression]).toEqual([422, ['Endpoint.connectionType']]);
  expect((await door.get(OPERATOR, '/fhir/Endpoint/nrl-wrong')).status).toBe(404);
});

test('a record locator is not checked: a test pointer would be a record of somebody', async () => {
  await door.put(OPERATOR, locator('nrl-check'));
  const { status, body: outcome } = await door.post(OPERATOR, '/fhir/Endpoint/nrl-check/$check', { resourceType: 'Parameters' });
  expect([status, outcome.issue[0].expression]).toEqual([422, ['Endpoint.extension']]);
  expect(outcome.issue[0].details.text).toContain('is not checked');
  expect((await door.pool.query('SELECT FROM recipient_check')).rows).toEqual([]);
});
