import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as body from '../support/bodies.ts';
import { openDatabase, type TestDatabase } from '../support/database.ts';
import { type OpenDoor, OPERATOR, openDoorOn } from './open-door.ts';

// An Endpoint that is an event service, at a door of a broker that tells events, and at one that does not.
type Door = Omit<OpenDoor, 'close'> & { close(): Promise<void> };
const at = (id: string, address = 'https://mns.example/multicast-notification-service', form?: 'fhir-signal') => ({
  ...body.eventEndpoint(id, 'epr', 'hospital', address, form),
});
let database: TestDatabase;
let telling: Door;
let silent: Door;

beforeAll(async () => {
  database = await openDatabase();
  telling = await openDoorOn(database, undefined, undefined, { config: { eventSignal: true, requireCheck: true } });
  silent = await openDoorOn(database);
  await telling.put(OPERATOR, { ...body.organization('hospital', 'RHOSP', 'epr') });
  await telling.put(OPERATOR, { ...body.service('epr', 'hospital', 'epr') });
  await telling.put(OPERATOR, { ...body.service('ed', 'hospital', 'ed') });
}, 60_000);
afterAll(async () => {
  for (const door of [telling, silent]) await door?.close();
  await database?.close();
});
const places = (answer: { readonly body: { readonly issue?: readonly { readonly expression?: readonly string[] }[] } }) =>
  (answer.body.issue ?? []).flatMap(({ expression }) => expression ?? []);

test('is taken where events are told, also where checks are asked for: none is held with it', async () => {
  expect((await telling.put(OPERATOR, at('mns'))).status).toBe(201);
  expect((await telling.put(OPERATOR, at('hub', 'https://hub.example', 'fhir-signal'))).status).toBe(201);
  const answer = await telling.post(OPERATOR, '/fhir/Endpoint/mns/$check', { resourceType: 'Parameters' });
  expect(answer.status).toBe(422);
  expect(answer.text).toContain('an event service is not checked');
});

test('I1: where they are not, it cannot be active, and says so; off it may be registered', async () => {
  const answer = await silent.put(OPERATOR, at('silent'));
  expect(answer.status).toBe(422);
  expect(places(answer)).toEqual(['Endpoint.status']);
  expect(answer.text).toContain('tells no events of plans (EVENT_SIGNAL');
  expect((await silent.put(OPERATOR, { ...at('silent'), status: 'off' })).status).toBe(201);
});

test('I10: another scheme, a query, another kind of service and a form that it has not are refused with their place', async () => {
  const form = { ...at('odd') };
  const document = { ...form, extension: [...(form.extension ?? []), body.contentForm('document')] };
  const ofEd = body.eventEndpoint('odd', 'ed', 'hospital', 'https://mns.example');
  for (const [endpoint, place] of [
    [at('odd', 'mesh://X26?workflow_id=A'), 'Endpoint.address'],
    [at('odd', 'https://mns.example?subject=1'), 'Endpoint.address'],
    [ofEd, 'Endpoint.extension'],
    [document, 'Endpoint.extension'],
  ] as const) {
    const answer = await telling.put(OPERATOR, { ...endpoint });
    expect(answer.status).toBe(422);
    expect(places(answer).join()).toContain(place);
  }
  expect((await telling.get(OPERATOR, '/fhir/Endpoint/odd')).status).toBe(404);
});
