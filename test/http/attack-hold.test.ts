import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import request from 'supertest';
import { System } from '../../profiles/canonicals.ts';
import { createApp } from '../../src/http/app.ts';
import { createLog } from '../../src/log.ts';
import { validate } from '../../src/validate/validate.ts';
import type { OpenDoor } from './open-door.ts';
import { accessParts } from '../support/access.ts';
import { openDoor, TRUST } from './open-door.ts';

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.close());

/** The same store behind a door on whose clock each look takes so many milliseconds. */
const onClock = (step: number) => {
  let at = Date.now();
  const config = { operatorOds: 'BROKER', behindProxy: false, publicUrl: null, outboundAllow: [], errorCodeSystem: System.httpErrorCodes };
  const now = () => {
    at += step;
    return at;
  };
  return createApp({
    store: door.store,
    ...accessParts(door.pool),
    config,
    metrics: new Registry(),
    validate,
    log: createLog('silent'),
    newId: randomUUID,
    now,
  });
};
const send = (step: number, entries: number, type: 'transaction' | 'batch' = 'transaction') => {
  const entry = Array.from({ length: entries }, (_, at) => ({
    request: { method: 'PUT', url: `Practitioner/held-${at}` },
    resource: { resourceType: 'Practitioner', id: `held-${at}` },
  }));
  return door
    .as(request(onClock(step)).post('/fhir'), TRUST)
    .set('Content-Type', 'application/fhir+json')
    .send(JSON.stringify({ resourceType: 'Bundle', type, entry }));
};

test('I12 a transaction that holds its locks for more than ten seconds gives them up, and leaves nothing', async () => {
  const before = await door.stored();
  const answer = await send(3_000, 20);
  expect(answer.status).toBe(429);
  expect(answer.body.issue[0]).toMatchObject({ code: 'too-costly', expression: ['Bundle.entry'] });
  expect(await door.stored()).toBe(before);
});

test('I12 a batch that has run for ten seconds does no more: what was done stands, and each entry that was not says so', async () => {
  const answer = await send(1_000, 20, 'batch');
  const statuses = (answer.body.entry as { response: { status: string; outcome?: { issue: { code: string }[] } } }[]).map(({ response }) =>
    response.outcome?.issue[0]?.code === 'too-costly' ? 'too-costly' : response.status.slice(0, 3),
  );
  const done = statuses.indexOf('too-costly');
  expect(done).toBeGreaterThan(0);
  expect(new Set(statuses.slice(0, done))).toEqual(new Set(['201']));
  expect(new Set(statuses.slice(done))).toEqual(new Set(['too-costly']));
});

test('one that does not is done', async () => {
  expect((await send(1, 20)).status).toBe(200);
});
