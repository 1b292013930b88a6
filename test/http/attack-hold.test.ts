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
const send = (step: number, entries: number) => {
  const entry = Array.from({ length: entries }, (_, at) => ({
    request: { method: 'PUT', url: `Practitioner/held-${at}` },
    resource: { resourceType: 'Practitioner', id: `held-${at}` },
  }));
  return door
    .as(request(onClock(step)).post('/fhir'), TRUST)
    .set('Content-Type', 'application/fhir+json')
    .send(JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry }));
};

test('I12 a transaction that holds its locks for more than ten seconds gives them up, and leaves nothing', async () => {
  const before = await door.stored();
  const answer = await send(3_000, 20);
  expect(answer.status).toBe(429);
  expect(answer.body.issue[0]).toMatchObject({ code: 'too-costly', expression: ['Bundle.entry'] });
  expect(await door.stored()).toBe(before);
});

test('one that does not is done', async () => {
  expect((await send(1, 20)).status).toBe(200);
});
