import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Resource } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import type { Principal } from '../../src/model/principal.ts';
import * as body from '../support/bodies.ts';
import type { TestEngine } from '../support/engine.ts';
import { startTestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import type { FakeFhirServer } from '../support/fake-fhir-server.ts';
import { startFakeFhirServer } from '../support/fake-fhir-server.ts';

/** A plan over plain FHIR servers: one that may be read, one that only takes, and one that is on record and is sent nothing. What is asked is what lies there. */

const operator: Principal = { organization: 'BROKER', kind: 'operator', scopes: ['system/*.cruds'], user: null };
const publisher: Principal = { organization: 'TRUST1', kind: 'publisher', scopes: ['system/*.cruds'], user: null };

const NUMBER = '9990000018';
const OTHER_NUMBER = '9990000026';
const WORDS = {
  'please-do': 'Speak slowly please',
  triggers: 'Loud sirens upset me',
  'who-to-ring': 'Ring the crisis team, day and night: 01632 960001',
};
const REACH = ['svc-epr', 'svc-ed', 'svc-pull'];

let engine: TestEngine;
let epr: FakeFhirServer;
let ed: FakeFhirServer;
let pull: FakeFhirServer;
const both = (): readonly FakeFhirServer[] => [epr, ed];

const put = (principal: Principal, resource: Resource) =>
  engine.store.write({ principal, resource, id: resource.id ?? null, ifMatch: null });
const held = (server: FakeFhirServer) =>
  server.holds().map(({ person, text }) => [person, text.includes('Crowds upset me') ? 'new' : 'old']);
const eachHolds = (...expected: readonly (readonly string[])[]): Promise<void> =>
  eventually(() => {
    for (const server of both()) expect(held(server)).toEqual(expected);
  }, 20_000);
const current = (server: FakeFhirServer) =>
  server.current('DocumentReference').filter(({ body: pointer }) => pointer['status'] === 'current');
/** Nothing is owed any more. */
const atRest = (): Promise<void> =>
  eventually(async () => {
    const { rows } = await engine.database.pool.query(
      'SELECT FROM ledger_key WHERE look_at <= clock_timestamp() OR observed < generation OR lease_until IS NOT NULL',
    );
    expect(rows).toHaveLength(0);
  }, 20_000);

beforeAll(async () => {
  engine = await startTestEngine();
  epr = await startFakeFhirServer();
  ed = await startFakeFhirServer({ mayBeRead: false });
  pull = await startFakeFhirServer();
  for (const [id, ods, kind] of [
    ['org-trust', 'TRUST1', 'publisher'],
    ['org-epr', 'EPR1', 'epr'],
    ['org-ed', 'ED1', 'ed'],
    ['org-pull', 'PULL1', 'epr'],
  ] as const) {
    await put(operator, body.organization(id, ods, kind));
  }
  await put(operator, body.service('svc-epr', 'org-epr', 'epr'));
  await put(operator, body.service('svc-ed', 'org-ed', 'ed'));
  await put(operator, body.service('svc-pull', 'org-pull', 'epr'));
  await put(operator, body.restEndpoint('end-epr', 'svc-epr', 'org-epr', epr.address, true));
  await put(operator, body.restEndpoint('end-ed', 'svc-ed', 'org-ed', ed.address, false));
  const onRecord = body.endpoint('end-pull', 'svc-pull', 'org-pull', pull.address);
  await put(operator, { ...onRecord, connectionType: { system: System.connectionType, code: 'hl7-fhir-rest' } });
  await put(operator, body.agreement('org-trust', REACH));
  for (const id of ['author', 'approver']) await put(publisher, body.practitioner(id));
  await put(publisher, body.patient('p1', NUMBER));
  await put(publisher, body.composition('words1', 'p1', WORDS));
  await put(publisher, body.carePlan('v1', 'p1', 'words1', { reach: REACH }));
  await put(publisher, body.consent('c1', 'p1', 'org-trust', { kinds: ['epr', 'ed'] }));
}, 60_000);

afterAll(async () => {
  await engine?.stop();
  for (const server of [epr, ed, pull]) await server?.stop();
});

describe('a plan is put on plain FHIR servers, and taken away again', () => {
  test('I3: both hold it once it is approved, with one pointer each', async () => {
    await engine.store.approve(publisher, 'v1', '1', body.approval('v1'), body.approver);
    await eachHolds([NUMBER, 'old']);
    await atRest();
    for (const server of both()) {
      expect(current(server)).toMatchObject([
        {
          body: {
            type: { coding: [{ code: '736253002' }] },
            category: [{ coding: [{ code: '734163000' }] }],
            securityLabel: [{ coding: [{ code: 'V' }] }, { coding: [{ code: 'NORDSCLCD' }] }],
          },
        },
      ]);
      const [pointer] = current(server);
      const [document] = server.holds();
      expect(JSON.stringify(pointer?.body)).toContain(`${encodeURIComponent(`${System.document}|${document?.document}`)}`);
    }
  });

  test('I2 I3: a new version replaces it, though the first answer is lost', async () => {
    for (const server of both()) server.behave({ how: 'lose-answer', times: 1 });
    await put(publisher, body.composition('words2', 'p1', { ...WORDS, triggers: 'Crowds upset me' }));
    await put(publisher, body.carePlan('v2', 'p1', 'words2', { reach: REACH, replaces: 'v1' }));
    await engine.store.approve(publisher, 'v2', '1', body.approval('v2'), body.approver);
    await eachHolds([NUMBER, 'new']);
    await atRest();
    for (const server of both()) {
      expect(JSON.stringify(server.current('Bundle'))).not.toContain('Loud sirens upset me');
      await eventually(() => expect(current(server)).toHaveLength(1));
    }
  }, 60_000);

  test('I2 I3: a corrected number: what lies under the old one is taken away first', async () => {
    const before = epr.received().length;
    await put(publisher, body.patient('p1', OTHER_NUMBER));
    await eachHolds([OTHER_NUMBER, 'new']);
    const since = epr.received().slice(before);
    expect(since[0]).toMatchObject({ kind: 'recall', person: NUMBER });
    const firstUpdate = since.findIndex(({ kind }) => kind === 'update');
    expect(since.slice(firstUpdate).filter(({ person }) => person === NUMBER)).toEqual([]);
  }, 60_000);

  test('I1 I2 G9: consent that no longer names the ED recalls there, and nowhere else', async () => {
    await put(publisher, body.consent('c2', 'p1', 'org-trust', { deny: ['ed'], kinds: ['epr'] }));
    await eventually(() => expect(ed.holds()).toEqual([]));
    expect(held(epr)).toEqual([[OTHER_NUMBER, 'new']]);
    await eventually(() => expect(current(ed)).toEqual([]));
  }, 60_000);

  test('I3: consent given again: it holds it again', async () => {
    await put(publisher, body.consent('c3', 'p1', 'org-trust', { kinds: ['epr', 'ed'], supersedes: ['c1', 'c2'] }));
    await eachHolds([OTHER_NUMBER, 'new']);
    await atRest();
  }, 60_000);

  test('I2 I3: an update that is under way while its recall is answered does not stay', async () => {
    const before = both().map((server) => server.received().length);
    for (const server of both()) server.behave({ how: 'arrive-late', times: 1, delayMs: 900 });
    await put(publisher, body.composition('words3', 'p1', WORDS));
    await put(publisher, body.carePlan('v3', 'p1', 'words3', { reach: REACH, replaces: 'v2' }));
    await engine.store.approve(publisher, 'v3', '1', body.approval('v3'), body.approver);
    await eventually(() => {
      for (const [index, server] of both().entries())
        expect(server.received()[before[index] ?? 0]).toMatchObject({ kind: 'update', bytes: expect.stringContaining('Loud sirens') });
    });
    await engine.store.withdraw(publisher, 'v3', 'The person asked for it');
    await eachHolds();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await eachHolds();
    await eventually(async () => {
      const { rows } = await engine.database.pool.query(
        "SELECT FROM ledger_key WHERE look_at <= clock_timestamp() OR jsonb_path_exists(state, '$.copies[*] ? (@.effect != null)')",
      );
      expect(rows).toHaveLength(0);
    }, 20_000);
    for (const server of both()) {
      expect(server.holds()).toEqual([]);
      expect(current(server)).toEqual([]);
      for (const words of ['Crowds upset me', 'Loud sirens upset me'])
        expect(JSON.stringify(server.current('Bundle'))).not.toContain(words);
    }
  }, 90_000);

  test('the one on record was sent nothing, and asked nothing', () => {
    expect([pull.received(), pull.reads()]).toEqual([[], 0]);
    expect(ed.reads()).toBe(0);
    expect(epr.reads()).toBeGreaterThan(0);
  });
});
