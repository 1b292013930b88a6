import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { createRateLimit } from '../../../src/http/access/rate-limit.ts';
import { parseConfig } from '../../../src/config.ts';
import { openDatabase, type TestDatabase } from '../../support/database.ts';
import { AMBER, AMBULANCE, approvePlan, type Caller, openDoorOn } from '../open-door.ts';
import { BASE, consumerAt, SUBJECT } from './consumer.ts';

type LimitedDoor = Awaited<ReturnType<typeof openDoorOn>>;
let database: TestDatabase;
let door: LimitedDoor;
let nrl: ReturnType<typeof consumerAt>;
beforeAll(async () => {
  database = await openDatabase();
  door = await openDoorOn(database);
  await approvePlan(door);
  nrl = consumerAt(door);
});
afterAll(async () => {
  await door.close();
  await database.close();
});

const SUBJECT_OF_AMBER = { 'subject:identifier': `${SUBJECT}${AMBER}` };
const odd = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom('', '\0', '|', ',', '||', 'http://snomed.info/sct|', `${SUBJECT}${AMBER}`, '-'.repeat(1_500), '%', '__proto__'),
);
const name = fc.oneof(
  fc.constantFrom('subject:identifier', 'type', 'category', 'custodian:identifier', '_summary', 'next-page-token'),
  fc.string({ maxLength: 20 }),
);

test('I10 no search makes a 5xx, and each refusal is one issue that names nobody [nrl.13]', async () => {
  const searches = fc.array(fc.tuple(name, odd), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(searches, fc.boolean(), async (given, byPost) => {
      const parameters = Object.fromEntries(given.map(([key, value]) => [key, value.toWellFormed()]));
      const answer = await (byPost ? nrl.post : nrl.find)(AMBULANCE, parameters);
      expect([200, 400, 413, 414]).toContain(answer.status);
      if (answer.status === 200) return;
      expect(answer.body.issue).toHaveLength(1);
      expect(answer.text).not.toContain(AMBER);
    }),
    { numRuns: 80 },
  );
}, 60_000);

test('I10 no address makes a 5xx [nrl.13]', async () => {
  const paths = [
    '/nrl/content/%00/plan',
    '/nrl/content/%zz/contact',
    '/nrl/content/../plan',
    '/nrl/content/0/plan',
    `${BASE}/ZZ1-%00`,
    `${BASE}/ZZ1-`,
    `${BASE}/${'a'.repeat(500)}`,
    `${BASE}/${AMBER}`,
    `${BASE}/_search`,
    `${BASE}/`,
    '/nrl//consumer',
  ];
  for (const path of paths) {
    const { status, text } = await nrl.get(AMBULANCE, path);
    expect([path, [404, 405].includes(status)]).toEqual([path, true]);
    expect(text).not.toContain(AMBER);
  }
  expect((await nrl.get(AMBULANCE, `${BASE}?${'a'.repeat(9_000)}`)).status).toBe(414);
});

test('who asks too often is told so in the words of the NRL [nrl.13]', async () => {
  const limited = await openDoorOn(database, undefined, undefined, {
    limiting: (pool, log) => createRateLimit(pool, { perMinute: 2, refusedPerMinute: 1_000, log, metrics: new Registry() }),
  });
  try {
    const asked = consumerAt(limited);
    // A name of its own: the count of a client is kept for a minute.
    const caller: Caller = { ...AMBULANCE, scopes: ['system/DocumentReference.rs'] };
    const answers = [1, 2, 3].map(() => asked.post(caller, SUBJECT_OF_AMBER));
    const settled = await Promise.all(answers);
    const refused = settled.find(({ status }) => status === 429);
    expect(settled.map(({ status }) => status).toSorted()).toEqual([200, 200, 429]);
    expect(refused?.body.issue[0]).toMatchObject({ code: 'throttled', details: { coding: [{ code: 'TOO_MANY_REQUESTS' }] } });
    expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(0);
  } finally {
    await limited.close();
  }
});

test('the system of errors and the practice setting are those that are set [nrl.10] [nrl.13]', async () => {
  const { nrl: site } = parseConfig({
    NRL_ERROR_CODE_SYSTEM: 'urn:example:errors',
    NRL_PRACTICE_SETTING: '892811000000109|Children | young people',
  });
  const set = await openDoorOn(database, undefined, undefined, { config: { nrl: site } });
  try {
    const asked = consumerAt(set);
    const { body } = await asked.post(AMBULANCE, SUBJECT_OF_AMBER);
    expect(body.entry[0].resource.context.practiceSetting.coding).toEqual([
      { system: 'http://snomed.info/sct', code: '892811000000109', display: 'Children | young people' },
    ]);
    const refused = await asked.post(AMBULANCE, {});
    expect(refused.body.issue[0].details.coding[0]).toMatchObject({ system: 'urn:example:errors', code: 'INVALID_PARAMETER' });
    const headless = await asked.post(AMBULANCE, SUBJECT_OF_AMBER, { Authorization: 'Bearer none' });
    expect(headless.body.issue[0].details.coding[0]).toMatchObject({ system: 'urn:example:errors', code: 'ACCESS_DENIED' });
  } finally {
    await set.close();
  }
});

test('a fault of ours is told as ours, with none of its words [nrl.13]', async () => {
  const apart = await openDatabase();
  const broken = await openDoorOn(apart);
  try {
    const asked = consumerAt(broken);
    await asked.post(AMBULANCE, SUBJECT_OF_AMBER);
    await apart.owner.query('ALTER TABLE person RENAME TO person_gone');
    const { status, body, text } = await asked.post(AMBULANCE, SUBJECT_OF_AMBER);
    expect([status, body.issue[0].code, body.issue[0].details.coding[0].code]).toEqual([500, 'exception', 'INTERNAL_SERVER_ERROR']);
    expect(text).not.toMatch(/person_gone|relation/);
    expect(broken.lines.join('')).not.toContain(AMBER);
  } finally {
    await broken.close();
    await apart.close();
  }
});
