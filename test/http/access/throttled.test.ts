import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { System } from '../../../profiles/canonicals.ts';
import { type Tokens, tokensAt } from '../../support/access.ts';
import { type BrokerProcess, spawnBroker } from '../../support/broker.ts';
import { makeDataDir, type TestDataDir } from '../../support/data-dir.ts';
import { openDatabase, type TestDatabase, testKeyFile } from '../../support/database.ts';
import { AMBULANCE, callersAt, OTHER_TRUST, TRUST } from '../open-door.ts';

let database: TestDatabase;
let folder: TestDataDir;
let broker: BrokerProcess;
let origin: string;
let tokens: Tokens;
beforeAll(async () => {
  [database, folder] = await Promise.all([openDatabase(), makeDataDir()]);
  broker = spawnBroker({
    DATA_DIR: folder.path,
    DATABASE_URL: database.url,
    KEY_FILE: await testKeyFile(folder.path),
    BEHIND_PROXY: '1',
    RATE_PER_MINUTE: '30',
    REFUSED_PER_MINUTE: '15',
  });
  origin = new URL(await broker.ready()).origin;
  tokens = tokensAt(() => origin, database.pool);
}, 60_000);
afterAll(async () => {
  broker.signal('SIGTERM');
  await broker.exit();
  await folder.remove();
  await database.close();
}, 60_000);

const throttled = (expression?: string) => ({
  resourceType: 'OperationOutcome',
  issue: [
    {
      severity: 'error',
      code: 'throttled',
      details: {
        coding: [
          { system: System.anomaly, code: 'busy' },
          { system: System.httpErrorCodes, code: 'REC_TOO_MANY_REQUESTS' },
        ],
        text: expect.stringMatching(/^an? .* has at most \d+ in a minute: ask again in \d+ s$/),
      },
      ...(expression === undefined ? {} : { expression: [expression] }),
    },
  ],
});

test('A client that asks too much is told so, and when to come again; others are not', async () => {
  const door = callersAt(origin, tokens);
  const statuses = (await Promise.all(Array.from({ length: 40 }, () => door.get(TRUST, '/fhir/Practitioner')))).map(({ status }) => status);
  expect([200, 429].map((status) => statuses.filter((each) => each === status).length)).toEqual([30, 10]);
  const answer = await door.get(TRUST, '/fhir/Practitioner');
  expect(answer.status).toBe(429);
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  expect(answer.body).toEqual(throttled());
  expect((await door.get(OTHER_TRUST, '/fhir/Practitioner')).status).toBe(200);
  expect((await door.agent.get('/metrics')).text).toMatch(/broker_throttled_total\{by="client"\} 11\n/);
});

test('An address that is refused too often is not even looked at; others are, and what is open stays open', async () => {
  const door = callersAt(origin, tokens);
  const from = (address: string) => door.agent.get('/fhir/Practitioner').set('X-Forwarded-For', address);
  // What the caller writes himself stands before what the proxy writes, and counts for nothing.
  for (let each = 0; each < 15; each += 1) expect((await from(`10.0.0.${each}, 198.51.100.7`)).status).toBe(401);
  const answer = await from('198.51.100.7');
  expect(answer.status).toBe(429);
  expect(answer.body).toEqual(throttled());
  expect((await door.get(AMBULANCE, '/fhir/Flag').set('X-Forwarded-For', '198.51.100.7')).status).toBe(429);
  expect((await from('198.51.100.8')).status).toBe(401);
  expect((await door.agent.get('/fhir/metadata').set('X-Forwarded-For', '198.51.100.7')).status).toBe(200);
  expect((await door.agent.get('/metrics')).text).toMatch(/broker_throttled_total\{by="address"\} 2\n/);
});
