import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { NEVER_STOPS_CARE } from '../../profiles/canonicals.ts';
import {
  AMBER,
  AMBULANCE,
  approvePlan,
  type Caller,
  example,
  NOBODY,
  OPERATOR,
  openDoor,
  type OpenDoor,
  POLICE,
  TRUST,
} from './open-door.ts';

/** CDS Hooks 2.0, for systems that want the first screen and speak no FHIR. */

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
}, 60_000);
afterAll(() => door?.close());

const call = (caller: Caller, change: object = {}, path = '/cds-services/crisis-plan') =>
  door
    .as(door.agent.post(path), caller)
    .set('Content-Type', 'application/json')
    .send(JSON.stringify({ hook: 'crisis-call', hookInstance: randomUUID(), context: { nhsNumber: AMBER }, ...change }));
const trail = async () => (await door.pool.query('SELECT event, organization, because FROM audit ORDER BY id DESC LIMIT 1')).rows[0];

describe('CDS Hooks', () => {
  test('discovery says which service there is, and by which hook', async () => {
    const { status, body, headers } = await door.as(door.agent.get('/cds-services'), AMBULANCE);
    expect([status, headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    expect(body.services).toMatchObject([{ id: 'crisis-plan', hook: 'crisis-call' }]);
  });

  test('I7 a call is answered with the first screen of what may be seen, on record as a read, and kept by nobody', async () => {
    const { status, body, headers } = await call(AMBULANCE);
    expect([status, headers['cache-control'], body.cards.length]).toEqual([200, 'no-store', 1]);
    const [card] = body.cards;
    expect(card.summary.length).toBeLessThan(140);
    expect(card.detail).toContain(NEVER_STOPS_CARE.split('.')[0]);
    expect(card.detail.split(/\s+/).filter((word: string) => word !== '-').length).toBeLessThanOrEqual(80);
    expect(await trail()).toMatchObject({ event: 'read', organization: AMBULANCE.ods, because: null });
    await door.as(door.agent.get(new URL(card.links[0].url).pathname), AMBULANCE).expect(200);
    expect(door.lines.join('\n')).not.toContain(AMBER);
  });

  test('I6 nobody, and whoever may not see it: the same empty answer', async () => {
    const nobody = await call(AMBULANCE, { context: { nhsNumber: NOBODY } });
    const stranger = await call({ ods: 'ZZ8', kind: 'ambulance' });
    // Its service is registered, and no consent reaches it.
    const police = await call(POLICE);
    expect([nobody.status, stranger.status, police.status]).toEqual([200, 200, 200]);
    expect(nobody.text).toBe('{"cards":[]}');
    expect([stranger.text, police.text]).toEqual([nobody.text, nobody.text]);
  });

  test('is for whoever may read plans: no operator, no publisher by this road, nobody without the scopes or a token', async () => {
    expect((await call(OPERATOR)).status).toBe(403);
    expect((await call({ ...AMBULANCE, scopes: ['system/Flag.rs'] })).status).toBe(403);
    expect((await door.agent.post('/cds-services/crisis-plan').send({})).status).toBe(401);
    const publisher = await call(TRUST);
    expect([publisher.status, publisher.text]).toEqual([200, '{"cards":[]}']);
  });

  test.each<[string, object, string]>([
    ['another hook', { hook: 'patient-view' }, 'hook'],
    ['no instance', { hookInstance: 'x' }, 'hookInstance'],
    ['no context', { context: null }, 'context'],
    ['no number', { context: {} }, 'context.nhsNumber'],
    ['a number that is none', { context: { nhsNumber: '1234567890' } }, 'context.nhsNumber'],
    ['a number as a number', { context: { nhsNumber: 9990000018 } }, 'context.nhsNumber'],
  ])('I10 %s: 400, and where; nothing of it is repeated', async (_what, change, place) => {
    const { status, body, text } = await call(AMBULANCE, change);
    expect([status, body.resourceType]).toEqual([400, 'OperationOutcome']);
    expect(JSON.stringify(body.issue[0])).toContain(place);
    expect(text).not.toMatch(/\d{10}/);
  });

  test('I10 other methods, other services and other bodies', async () => {
    expect((await door.as(door.agent.get('/cds-services/crisis-plan'), AMBULANCE)).status).toBe(405);
    expect((await call(AMBULANCE, {}, '/cds-services/another')).status).toBe(404);
    expect(
      (await door.as(door.agent.post('/cds-services/crisis-plan'), AMBULANCE).set('Content-Type', 'application/json').send('{')).status,
    ).toBe(400);
    expect(
      (await door.as(door.agent.post('/cds-services/crisis-plan'), AMBULANCE).set('Content-Type', 'text/plain').send('{}')).status,
    ).toBe(415);
    expect(
      (await door.as(door.agent.post('/cds-services/crisis-plan'), AMBULANCE).set('Content-Type', 'application/json').send('[]')).status,
    ).toBe(400);
  });

  // Last: nothing is left to see after it.
  test('I1 I6 a consent that is taken back: the very next call is answered as for nobody', async () => {
    expect((await call(AMBULANCE)).body.cards).toHaveLength(1);
    await door.put(TRUST, { ...example('sharing-consent', 'valid-first'), status: 'inactive' }).expect(200);
    const after = await call(AMBULANCE);
    expect([after.status, after.text]).toEqual([200, '{"cards":[]}']);
  });
});
