import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Resource } from '@medplum/fhirtypes';
import type { Principal } from '../../src/model/principal.ts';
import { type EndpointOptions, endpointCommand } from '../../src/endpoint-commands.ts';
import { attentionId } from '../../src/store/attention.ts';
import * as body from '../support/bodies.ts';
import { AUTHORITY } from '../support/certificates.ts';
import { secretFolder } from '../support/credential-files.ts';
import { startTestEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { type FakeMns, startFakeMns } from '../support/fake-mns.ts';
import { type FakeTokenEndpoint, startFakeTokenEndpoint } from '../support/fake-token-endpoint.ts';

/** Events of plans at an event service, over the real loop and two workers. What is asked is what its subscribers were told. */

const operator: Principal = { organization: 'BROKER', kind: 'operator', scopes: ['system/*.cruds'], user: null };
const publisher: Principal = { organization: 'TRUST1', kind: 'publisher', scopes: ['system/*.cruds'], user: null };
const NUMBER = '9990000018';
const OTHER_NUMBER = '9990000026';
const WORDS = {
  'please-do': 'Speak slowly please',
  'important-to-me': 'My cat',
  'who-to-ring': 'Ring the crisis team, day and night: 01632 960001',
};
const ALL = ['publisher', 'epr', 'ed', 'ambulance', 'police', 'crisis-line'] as const;
const REACH = ['svc-mns', 'svc-hub'];
const ENV = { EVENT_SIGNAL: 'mns', PUBLIC_URL: 'https://broker.example', MESSAGE_LIFETIME_MS: '1000' };

let one: TestEngine;
let another: TestEngine;
let mns: FakeMns;
let hub: FakeMns;
let version = 0;
let platform: FakeTokenEndpoint;
/** Whether the service asks for a token. */
let isGuarded = false;
const secrets = secretFolder();

const put = (principal: Principal, resource: Resource) => one.store.write({ principal, resource, id: resource.id ?? null, ifMatch: null });
const numbers = (service: FakeMns) => service.told().map(({ nhsNumber }) => nhsNumber);
/** Nothing is owed any more, also nothing that is said again because of what may still come. */
const atRest = (): Promise<void> =>
  eventually(async () => {
    const { rows } = await one.database.pool.query(
      `SELECT 1 FROM ledger_key WHERE look_at <= clock_timestamp() + interval '5 s' OR observed < generation OR lease_until IS NOT NULL
       UNION ALL SELECT 1 FROM fan_out`,
    );
    expect(rows).toHaveLength(0);
  }, 20_000);
/** What each service was told of while something happened, and after it had come to rest. */
const during = async (does: () => Promise<unknown>): Promise<readonly (readonly string[])[]> => {
  const before = [mns, hub].map((each) => each.told().length);
  await does();
  await atRest();
  return [mns, hub].map((each, index) => numbers(each).slice(before[index]));
};
const approve = async (words: Readonly<Record<string, string>>): Promise<void> => {
  version += 1;
  await put(publisher, body.composition(`words${version}`, 'p1', words));
  const replaces = version === 1 ? {} : { replaces: `v${version - 1}` };
  await put(publisher, body.carePlan(`v${version}`, 'p1', `words${version}`, { reach: REACH, ...replaces }));
  await one.store.approve(publisher, `v${version}`, '1', body.approval(`v${version}`), body.approver);
};
const consent = (id: string, kinds: Parameters<typeof body.consent>[3], supersedes: readonly string[] = []) =>
  put(publisher, body.consent(id, 'p1', 'org-trust', { ...kinds, supersedes: [...supersedes] }));

beforeAll(async () => {
  one = await startTestEngine(ENV);
  another = await startTestEngine(ENV, one.database);
  platform = await startFakeTokenEndpoint();
  mns = await startFakeMns((header) => !isGuarded || platform.holderOf(header) === 'client-mns');
  hub = await startFakeMns();
  await put(operator, body.organization('org-trust', 'TRUST1', 'publisher'));
  for (const [name, ods, address, form] of [
    ['mns', 'X26', mns.address, undefined],
    ['hub', 'X27', hub.address, 'fhir-signal'],
  ] as const) {
    await put(operator, body.organization(`org-${name}`, ods, 'epr'));
    await put(operator, body.service(`svc-${name}`, `org-${name}`, 'epr'));
    await put(operator, body.eventEndpoint(`end-${name}`, `svc-${name}`, `org-${name}`, address, form));
  }
  await put(operator, body.agreement('org-trust', REACH));
  for (const id of ['author', 'approver']) await put(publisher, body.practitioner(id));
  await put(publisher, body.patient('p1', NUMBER));
}, 60_000);

afterAll(async () => {
  await another?.stop();
  await one?.stop();
  for (const each of [mns, hub, platform]) await each?.stop();
  secrets.remove();
});

describe('an event of a plan', () => {
  test('I1 I4: nobody is told while one kind, the police, may not know', async () => {
    const told = during(async () => {
      await consent('c1', { kinds: ['publisher', 'epr', 'ed', 'ambulance', 'crisis-line'] });
      await approve(WORDS);
    });
    expect(await told).toEqual([[], []]);
    expect([...mns.received(), ...hub.received()]).toEqual([]);
  }, 60_000);

  test('I3 I4 I8: once all may, each service is told once, in its shape; no word, name or version of the plan is in it [mns.3]', async () => {
    expect(await during(() => consent('c2', { kinds: ALL }, ['c1']))).toEqual([[NUMBER], [NUMBER]]);
    expect(mns.told()[0]?.contentType).toBe('application/cloudevents+json');
    expect(JSON.parse(mns.told()[0]?.bytes ?? '{}')).toEqual({
      specversion: '1.0',
      id: mns.told()[0]?.id,
      source: 'example.crisis-plan-broker',
      type: 'crisis-plan-change-1',
      time: expect.any(String),
      subject: NUMBER,
      dataref: 'https://broker.example/nrl/consumer/FHIR/R4/DocumentReference',
    });
    expect(hub.told()[0]?.contentType).toBe('application/fhir+json');
    for (const word of [...Object.values(WORDS), 'Testperson-Amber', '1990-04-01', 'TRUST1', 'p1', 'v1'])
      for (const { bytes } of [...mns.told(), ...hub.told()]) expect(bytes).not.toContain(word);
  }, 60_000);

  test('the person and the trust see that it was told, and that none of the words were', async () => {
    const shared = (await one.store.sharing(publisher, 'p1')).find(({ recipient }) => recipient.id === 'svc-mns');
    expect(shared?.explained.want).toMatchObject({ hold: expect.anything(), headings: [] });
    expect(shared?.at).toMatchObject([{ channel: 'mns', wanted: { headings: [] }, held: [{ state: 'held', headings: [] }] }]);
  });

  test('I7: why it was told can be said later', async () => {
    const { rows } = await one.database.pool.query('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now');
    const asked = { patientId: 'p1', carePlanId: 'v1', recipientId: 'svc-mns', publisher: 'TRUST1' };
    expect(await one.store.explainThen(publisher, asked, Math.floor(Number(rows[0].now)))).toMatchObject({
      explained: { want: { hold: expect.anything(), headings: [] } },
      at: [{ channel: 'mns', wanted: { headings: [] } }],
    });
  });

  test('I4 I5: what some may not see changes, and nobody is told; what all may see does, and they are', async () => {
    expect(await during(() => approve({ ...WORDS, 'important-to-me': 'My garden' }))).toEqual([[], []]);
    expect(await during(() => approve({ ...WORDS, 'please-do': 'Speak quietly please' }))).toEqual([[NUMBER], [NUMBER]]);
  }, 60_000);

  test('I2 I3: a corrected number: those who were told of the old one are told to look again, then of the new', async () => {
    expect(await during(() => put(publisher, body.patient('p1', OTHER_NUMBER)))).toEqual([
      [NUMBER, OTHER_NUMBER],
      [NUMBER, OTHER_NUMBER],
    ]);
  }, 60_000);

  test('I1 I2: consent that no longer reaches all: whoever was told is told to look again, by an event like any other; then nothing more [mns.9] [mns.11]', async () => {
    const [update] = mns.told();
    const recalled = await during(() => consent('c3', { kinds: ['epr'], deny: ['police'] }));
    expect(recalled).toEqual([[OTHER_NUMBER], [OTHER_NUMBER]]);
    const keys = (bytes = '{}') => Object.keys(JSON.parse(bytes)).sort();
    expect(keys(mns.told().at(-1)?.bytes)).toEqual(keys(update?.bytes));
    expect(await during(() => approve({ ...WORDS, 'please-do': 'Sit down with me' }))).toEqual([[], []]);
    const { rows } = await one.database.pool.query(`SELECT state->'copies' AS copies FROM ledger_key`);
    expect(rows.map(({ copies }) => copies)).toEqual([[], []]);
  }, 60_000);

  test('I3: a lost answer, a service that is away: told again under one id, and at last', async () => {
    mns.behave('lose-answer');
    await hub.stop();
    const before = mns.received().length;
    const told = during(async () => {
      await consent('c4', { kinds: ALL }, ['c2', 'c3']);
      await eventually(() => expect(mns.received().length).toBeGreaterThan(before + 1));
      await hub.start();
    });
    expect(await told).toEqual([[OTHER_NUMBER], [OTHER_NUMBER]]);
  }, 60_000);

  test('I12: one that the service does not take is told to the trust; with a token that it takes it goes [mns.7]', async () => {
    const isTask = async (status: 'requested' | 'completed') => {
      const { rows } = await one.database.pool.query(`SELECT id FROM ledger_key WHERE recipient_id = 'svc-mns'`);
      const task = await one.store.read('Task', attentionId('TRUST1', rows[0].id));
      expect(task?.body).toMatchObject({ resourceType: 'Task', status });
    };
    isGuarded = true;
    const before = mns.told().length;
    await approve({ ...WORDS, 'please-do': 'Give me time' });
    await eventually(() => isTask('requested'), 20_000);
    expect(mns.told()).toHaveLength(before);
    expect(mns.received().at(-1)?.status).toBe(401);
    const { kid, key } = platform.register('client-mns', 'kid-mns');
    const options: EndpointOptions = {
      'token-url': platform.url,
      client: 'client-mns',
      kid,
      key: secrets.put('mns.pem', key),
      'token-ca': AUTHORITY,
    };
    await endpointCommand(one.database.pool, one.config, 'endpoint credential set', 'end-mns', options);
    await eventually(() => isTask('completed'), 20_000);
    expect(mns.told()).toHaveLength(before + 1);
  }, 60_000);

  test('I2: withdrawn while its address is switched off: nobody calls it, and people are asked to tell those whom it told', async () => {
    const off = { ...body.eventEndpoint('end-hub', 'svc-hub', 'org-hub', hub.address, 'fhir-signal'), status: 'off' as const };
    await put(operator, off);
    const before = hub.received().length;
    await one.store.withdraw(publisher, `v${version}`, 'The person asked for it');
    await eventually(async () => {
      const { rows } = await one.database.pool.query(`SELECT id FROM resource WHERE type = 'Task'`);
      const tasks = await Promise.all(rows.map(({ id }: { id: string }) => one.store.read('Task', id)));
      const byHand = tasks.map((task) => task?.body).filter((task) => JSON.stringify(task).includes('"recall-by-hand"'));
      expect(byHand).toMatchObject([{ status: 'requested', description: expect.stringContaining('X27') }]);
    }, 20_000);
    expect(hub.received()).toHaveLength(before);
  }, 60_000);
});
