import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { System } from '../../profiles/canonicals.ts';
import * as body from '../support/bodies.ts';
import type { OpenDoor } from './open-door.ts';
import { OPERATOR, openDoor } from './open-door.ts';

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
