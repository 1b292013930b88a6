import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Patient, Resource } from '@medplum/fhirtypes';
import { Extension, System } from '../../profiles/canonicals.ts';
import { type EndpointOptions, endpointCommand } from '../../src/endpoint-commands.ts';
import type { Principal } from '../../src/model/principal.ts';
import { attentionId } from '../../src/store/attention.ts';
import { type Caller, openDoorOn } from '../http/open-door.ts';
import * as body from '../support/bodies.ts';
import { AUTHORITY } from '../support/certificates.ts';
import { secretFolder } from '../support/credential-files.ts';
import { startTestEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { type FakeNrl, startFakeNrl } from '../support/fake-nrl.ts';
import { type FakeTokenEndpoint, startFakeTokenEndpoint } from '../support/fake-token-endpoint.ts';
import { nhsNumbersFrom } from '../support/nhs-numbers.ts';

/** What goes wrong at a record locator, and what ends a pointer: two workers on one database, and the broker's own door for who follows a pointer. */

const operator: Principal = { organization: 'BROKER', kind: 'operator', scopes: ['system/*.cruds'], user: null };
const publisher: Principal = { organization: 'TRUST1', kind: 'publisher', scopes: ['system/*.cruds'], user: null };
const AMBULANCE: Caller = { ods: 'AMB1', kind: 'ambulance' };
const STRANGER: Caller = { ods: 'EPR1', kind: 'epr' };
const POLICE: Caller = { ods: 'POL1', kind: 'police' };

const WORDS = { 'please-do': 'Speak slowly please', 'who-to-ring': 'Ring the crisis team, day and night: 01632 960001' };
const AT_LAST = 20_000;
const ENV = { PUBLIC_URL: 'https://broker.example', SEND_BEFORE_MS: '1200', MESSAGE_LIFETIME_MS: '1000' };

let one: TestEngine;
let another: TestEngine;
let nrl: FakeNrl;
let guarded: FakeNrl;
let platform: FakeTokenEndpoint;
let expiring: Plan;
let door: Awaited<ReturnType<typeof openDoorOn>>;
const secrets = secretFolder();
const numbers = nhsNumbersFrom(61_000);

const put = (principal: Principal, resource: Resource) => one.store.write({ principal, resource, id: resource.id ?? null, ifMatch: null });
const under = (number: string) => nrl.stands().filter(({ subject }) => subject?.identifier?.value === number);
const stands = (number: string, count: number): Promise<void> => eventually(() => expect(under(number)).toHaveLength(count), AT_LAST);
/** Nothing is owed of a plan any more, also nothing that is said again because of what may still come. */
const atRest = (service = 'svc-nrl'): Promise<void> =>
  eventually(async () => {
    const { rows } = await one.database.pool.query(
      `SELECT 1 FROM ledger_key WHERE recipient_id = $1 AND (look_at <= clock_timestamp() + interval '5 s' OR observed < generation OR lease_until IS NOT NULL)
       UNION ALL SELECT 1 FROM fan_out`,
      [service],
    );
    expect(rows).toHaveLength(0);
  }, AT_LAST);

interface Plan {
  readonly patient: Patient;
  readonly number: string;
  readonly id: string;
}
/** A person who consents to everything, and an approved plan of theirs in the reach of a locator. */
const plan = async (name: string, { service = 'svc-nrl', periodEnd }: { service?: string; periodEnd?: string } = {}): Promise<Plan> => {
  const number = numbers.next();
  const patient = body.patient(`p-${name}`, number);
  await put(publisher, patient);
  await put(publisher, body.consent(`c-${name}`, `p-${name}`, 'org-trust', { kinds: ['epr', 'ed', 'ambulance', 'crisis-line'] }));
  await put(publisher, body.composition(`w-${name}`, `p-${name}`, WORDS));
  const more = periodEnd === undefined ? {} : { periodEnd };
  await put(publisher, body.carePlan(`v-${name}`, `p-${name}`, `w-${name}`, { reach: [service], ...more }));
  await one.store.approve(publisher, `v-${name}`, '1', body.approval(`v-${name}`), body.approver);
  return { patient, number, id: `v-${name}` };
};
const isTold = async (service: string): Promise<boolean> => {
  const { rows } = await one.database.pool.query('SELECT id FROM ledger_key WHERE recipient_id = $1', [service]);
  const tasks = await Promise.all(rows.map(({ id }: { id: string }) => one.store.read('Task', attentionId('TRUST1', id))));
  return tasks.some((task) => task?.body.resourceType === 'Task' && task.body.status === 'requested');
};

beforeAll(async () => {
  one = await startTestEngine(ENV);
  another = await startTestEngine(ENV, one.database);
  platform = await startFakeTokenEndpoint();
  nrl = await startFakeNrl();
  guarded = await startFakeNrl({ authorizes: (header) => platform.holderOf(header) === 'client-nrl' });
  door = await openDoorOn(one.database);
  for (const [id, ods, kind] of [
    ['org-trust', 'TRUST1', 'publisher'],
    ['org-nrl', 'X26', 'epr'],
    ['org-brief', 'X28', 'epr'],
    ['org-guarded', 'X27', 'epr'],
    ['org-amb', 'AMB1', 'ambulance'],
    ['org-epr', 'EPR1', 'epr'],
    ['org-pol', 'POL1', 'police'],
  ] as const)
    await put(operator, body.organization(id, ods, kind));
  for (const [id, organization, kind] of [
    ['svc-nrl', 'org-nrl', 'epr'],
    ['svc-brief', 'org-brief', 'epr'],
    ['svc-guarded', 'org-guarded', 'epr'],
    ['svc-amb', 'org-amb', 'ambulance'],
    ['svc-epr', 'org-epr', 'epr'],
    ['svc-pol', 'org-pol', 'police'],
  ] as const)
    await put(operator, body.service(id, organization, kind));
  await put(operator, body.locatorEndpoint('end-nrl', 'svc-nrl', 'org-nrl', nrl.address));
  await put(operator, body.locatorEndpoint('end-brief', 'svc-brief', 'org-brief', nrl.address));
  await put(operator, body.locatorEndpoint('end-guarded', 'svc-guarded', 'org-guarded', guarded.address));
  for (const service of ['svc-nrl', 'svc-brief', 'svc-guarded', 'svc-amb'])
    await put(operator, { ...body.agreement('org-trust', [service]), id: `con-${service}` });
  for (const id of ['author', 'approver']) await put(publisher, body.practitioner(id));
  // Long enough to be seen there on a slow machine; the end of this file waits for the rest.
  expiring = await plan('expires', { service: 'svc-brief', periodEnd: new Date(Date.now() + 6_000).toISOString() });
  await stands(expiring.number, 1);
}, 60_000);

afterAll(async () => {
  await door?.close();
  await another?.stop();
  await one?.stop();
  for (const each of [nrl, guarded, platform]) await each?.stop();
  secrets.remove();
});

describe('two workers, and a record locator that has trouble', () => {
  test('I3: the answer to a create is dropped: one pointer in the end', async () => {
    nrl.behave({ how: 'lose-answer', on: 'write', times: 1 });
    const { number } = await plan('dropped');
    await stands(number, 1);
    await atRest();
    expect(under(number)).toHaveLength(1);
    expect(nrl.received().filter(({ does, person }) => does === 'create' && person === number)).toHaveLength(1);
  }, 60_000);

  test('I2 I3: a create that is still under way when the plan is withdrawn does not stay', async () => {
    nrl.behave({ how: 'arrive-late', on: 'write', times: 1, delayMs: 500 });
    const { number, id } = await plan('late');
    await eventually(() => expect(nrl.received().some(({ does, person }) => does === 'create' && person === number)).toBe(true), AT_LAST);
    await one.store.withdraw(publisher, id, 'The person asked for it');
    await atRest();
    expect(under(number)).toEqual([]);
    // It had come, and was found.
    expect(nrl.received().some(({ does, person }) => does === 'delete' && person === number)).toBe(true);
  }, 60_000);

  test('I3 I5: many plans at once, each one pointer, and each is created once', async () => {
    const plans = await Promise.all(Array.from({ length: 8 }, (_, index) => plan(`many${index}`)));
    for (const { number } of plans) await stands(number, 1);
    await atRest();
    for (const { number } of plans) {
      expect(under(number)).toHaveLength(1);
      expect(nrl.received().filter(({ does, person }) => does !== 'search' && person === number)).toHaveLength(1);
    }
  }, 60_000);

  test('I2: deleted by somebody else, the delete is answered 404, and that is the end of it', async () => {
    const { number, id } = await plan('elsewhere');
    await stands(number, 1);
    await atRest();
    const [pointer] = under(number);
    nrl.meanwhile(() => nrl.drop(pointer?.id ?? ''));
    await one.store.withdraw(publisher, id, 'The person asked for it');
    await eventually(() =>
      expect(
        nrl
          .received()
          .filter(({ url }) => url.endsWith(`/${pointer?.id}`))
          .map(({ status }) => status),
      ).toEqual([404]),
    );
    await atRest();
    const { rows } = await one.database.pool.query(`SELECT outcome FROM delivery WHERE action = 'recall' ORDER BY serial DESC LIMIT 1`);
    expect(rows).toEqual([{ outcome: 'accepted' }]);
  }, 60_000);

  test('I7: the audit row and the delivery are there before the first byte [nrlp.14]', async () => {
    let rows: readonly unknown[] = [];
    nrl.meanwhile(async () => {
      rows = (
        await one.database.pool.query(
          `SELECT a.event, a.organization, a.headings, d.outcome FROM delivery d JOIN audit a ON a.key_id = d.key_id WHERE d.outcome = 'open' AND d.action = 'update'`,
        )
      ).rows;
    });
    const { number } = await plan('audited');
    await stands(number, 1);
    expect(rows).toEqual([expect.objectContaining({ organization: 'X26', headings: [], outcome: 'open' })]);
  }, 60_000);
});

describe('what ends a pointer', () => {
  test.each<readonly [string, (patient: Patient) => Patient]>([
    ['death', (patient) => ({ ...patient, deceasedBoolean: true })],
    ['restriction', (patient) => ({ ...patient, meta: { security: [{ system: System.confidentiality, code: 'R' }] } })],
    [
      'a number that is not verified any more',
      (patient) => ({
        ...patient,
        identifier: (patient.identifier ?? []).map((each) => ({
          ...each,
          extension: [
            {
              url: Extension.nhsNumberVerification,
              valueCodeableConcept: { coding: [{ system: System.nhsNumberVerification, code: '02' }] },
            },
          ],
        })),
      }),
    ],
  ])(
    'I1 I2: %s [nrlp.8]',
    async (what, change) => {
      const { number, patient } = await plan(what.replace(/[^a-z]/g, '').slice(0, 12));
      await stands(number, 1);
      await put(publisher, change(patient));
      await stands(number, 0);
      await atRest();
      expect(under(number)).toEqual([]);
    },
    60_000,
  );

  test('I1 I2: consent revoked, and given again', async () => {
    const { number } = await plan('revoked');
    await stands(number, 1);
    await put(
      publisher,
      body.consent('c-revoked', 'p-revoked', 'org-trust', { kinds: ['epr', 'ed', 'ambulance', 'crisis-line'], status: 'inactive' }),
    );
    await stands(number, 0);
    await put(publisher, body.consent('c-revoked', 'p-revoked', 'org-trust', { kinds: ['epr', 'ed', 'ambulance', 'crisis-line'] }));
    await stands(number, 1);
  }, 60_000);

  test('I1 I2: the agreement with the locator is terminated, and executed again', async () => {
    const { number } = await plan('agreed');
    await stands(number, 1);
    const agreement = { ...body.agreement('org-trust', ['svc-nrl']), id: 'con-svc-nrl' };
    await put(operator, { ...agreement, status: 'terminated' });
    await stands(number, 0);
    await put(operator, { ...body.agreement('org-trust', ['svc-nrl']), id: 'con-again' });
    await stands(number, 1);
  }, 60_000);
});

describe('a credential that the locator does not take', () => {
  test('I12: nothing is published, and a person is asked; set right, it is', async () => {
    const { number } = await plan('guarded', { service: 'svc-guarded' });
    await eventually(async () => expect(await isTold('svc-guarded')).toBe(true), AT_LAST);
    expect(guarded.stands()).toEqual([]);
    expect(new Set(guarded.received().map(({ status }) => status))).toEqual(new Set([401]));
    const { kid, key } = platform.register('client-nrl', 'kid-nrl');
    const options: EndpointOptions = {
      'token-url': platform.url,
      client: 'client-nrl',
      kid,
      key: secrets.put('nrl.pem', key),
      'token-ca': AUTHORITY,
    };
    await endpointCommand(one.database.pool, one.config, 'endpoint credential set', 'end-guarded', options);
    await eventually(() => expect(guarded.stands()).toMatchObject([{ subject: { identifier: { value: number } } }]), AT_LAST);
    await eventually(async () => expect(await isTold('svc-guarded')).toBe(false), AT_LAST);
  }, 60_000);
});

describe('whoever follows a pointer', () => {
  let urls: readonly string[];
  let number: string;
  const follow = (caller: Caller, url: string) =>
    door.as(door.agent.get(url), caller).set('NHSD-End-User-Organisation-ODS', caller.ods).set('X-Request-ID', randomUUID());

  beforeAll(async () => {
    number = (await plan('followed')).number;
    await stands(number, 1);
    urls = (under(number)[0]?.content ?? []).map(({ attachment }) => attachment?.url ?? '');
  }, 60_000);
  const path = (index: number): string => new URL(urls[index] ?? '').pathname;

  test('I8: its addresses are the broker’s, and hold no person', () => {
    expect(urls).toHaveLength(2);
    for (const url of urls) {
      expect(url).toMatch(/^https:\/\/broker\.example\/nrl\/content\/pointer\/[0-9a-f-]{36}\/(?:plan|contact)$/);
      expect(url).not.toContain(number);
    }
  });

  test('I4 I7: is shown what it may see, each on record, under an id of its own', async () => {
    const pdf = await follow(AMBULANCE, path(0));
    expect([pdf.status, pdf.headers['content-type']]).toEqual([200, 'application/pdf']);
    const page = await follow(AMBULANCE, path(1));
    expect(page.status).toBe(200);
    expect(page.text).toContain('01632 960001');
    expect(page.text).not.toContain('Speak slowly');
    const { rows } = await one.database.pool.query(`SELECT event FROM audit WHERE organization = 'AMB1' AND event = 'read'`);
    expect(rows).toHaveLength(2);
  });

  test('I4 I6: is shown nothing without an agreement: as where there is no such pointer; police are no consumers', async () => {
    for (const index of [0, 1]) {
      const refused = await follow(STRANGER, path(index));
      const absent = await follow(STRANGER, path(index).replace(/[0-9a-f-]{36}/, randomUUID()));
      expect([refused.status, absent.status]).toEqual([404, 404]);
      expect(refused.body).toEqual(absent.body);
      expect((await follow(POLICE, path(index))).status).toBe(403);
      expect((await door.agent.get(path(index))).status).toBe(401);
    }
    // The id by which a service itself knows the plan is no pointer's, nor is it the other way about.
    const { rows } = await one.database.pool.query(`SELECT DISTINCT disclosure_id AS id FROM ledger_key WHERE recipient_id = 'svc-amb'`);
    expect(rows).toHaveLength(1);
    expect((await follow(AMBULANCE, `/nrl/content/${rows[0].id}/contact`)).status).toBe(200);
    expect((await follow(AMBULANCE, `/nrl/content/pointer/${rows[0].id}/contact`)).status).toBe(404);
    expect((await follow(AMBULANCE, path(1).replace('/pointer/', '/'))).status).toBe(404);
    for (const odd of ['x', '%00', '9990000018', 'a/b'])
      expect((await follow(AMBULANCE, `/nrl/content/pointer/${odd}/plan`)).status).toBe(404);
  });

  test('I1: the id by which the locator knows a plan opens nothing once the plan is withdrawn', async () => {
    await one.store.withdraw(publisher, 'v-followed', 'The person asked for it');
    expect((await follow(AMBULANCE, path(1))).status).toBe(404);
    await stands(number, 0);
  }, 60_000);

  test('I8: no line of the door holds a number', () => expect(door.lines.join('\n')).not.toMatch(/999\d{7}/));
});

test('I1 I2: past its hard expiry a plan has no pointer [nrlp.8]', async () => {
  await stands(expiring.number, 0);
  await atRest('svc-brief');
  expect(under(expiring.number)).toEqual([]);
}, 60_000);
