import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Encounter, Patient, Resource } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import { subscriptionOf } from '../../src/store/subscriptions.ts';
import type { Principal } from '../../src/model/principal.ts';
import { personKey } from '../../src/store/keys/person-keys.ts';
import { deliveredBytes, inspect, signedVersion } from '../../src/store/signed-version.ts';
import { digest } from '../../src/decide/digest.ts';
import { searchAmong } from '../../src/store/search/search.ts';
import { codedText } from '../../src/store/search/token-text.ts';
import { anyNumber, personFinder } from '../privacy/find-persons.ts';
import * as body from '../support/bodies.ts';
import { startTestEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { startFakeFhirRecipient } from '../support/fake-fhir-recipient.ts';
import { startFakeMllpRecipient } from '../support/fake-mllp-recipient.ts';
import type { FakeRecipient } from '../support/fake-recipient.ts';
import { nhsNumbersFrom } from '../support/nhs-numbers.ts';
import { policeSubscription } from '../support/police-program.ts';
import { everyRow } from './every-row.ts';

const operator: Principal = { organization: 'BROKER', kind: 'operator', scopes: ['*'], user: null };
const publisher: Principal = { organization: 'TRUST1', kind: 'publisher', scopes: ['*'], user: null };
const ambulance: Principal = { organization: 'AMB1', kind: 'ambulance', scopes: ['*'], user: null };
const numbers = nhsNumbersFrom(710_000);
const [NUMBER, CORRECTED, STRANGER] = [numbers.next(), numbers.next(), numbers.next()];
const FAMILY = 'Testperson-Quillonby';
const SENTENCE = 'Zebrafinch lullabies calm me, sirens do not';
const SECRET = 'sesame-opens-at-rest';
const ACTION = 'Quokka pictures first, then ask';

let engine: TestEngine;
let epr: FakeRecipient;
let ed: FakeRecipient;
const put = async (principal: Principal, resource: Resource) =>
  (await engine.store.write({ principal, resource, id: resource.id ?? null, ifMatch: null })).stored;
const sql = async (text: string, ...values: unknown[]) => (await engine.database.pool.query(text, values)).rows;
const contact = (id: string, number: string): Encounter => ({
  resourceType: 'Encounter',
  id,
  identifier: [{ system: 'https://ambulance.example/incident', value: id }],
  status: 'in-progress',
  class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'EMER' },
  subject: { identifier: { system: System.nhsNumber, value: number } },
  period: { start: '2026-11-25T10:00:00Z' },
  reasonCode: [{ text: SENTENCE }],
});

beforeAll(async () => {
  engine = await startTestEngine();
  epr = await startFakeFhirRecipient();
  ed = await startFakeMllpRecipient();
  for (const [id, ods, kind] of [
    ['org-trust', 'TRUST1', 'publisher'],
    ['org-epr', 'EPR1', 'epr'],
    ['org-ed', 'ED1', 'ed'],
    ['org-amb', 'AMB1', 'ambulance'],
  ] as const)
    await put(operator, body.organization(id, ods, kind));
  for (const kind of ['epr', 'ed'] as const) {
    await put(operator, body.service(`svc-${kind}`, `org-${kind}`, kind));
    await put(operator, body.endpoint(`end-${kind}`, `svc-${kind}`, `org-${kind}`, (kind === 'epr' ? epr : ed).address));
  }
  await put(operator, body.service('svc-amb', 'org-amb', 'ambulance'));
  await put(operator, body.agreement('org-trust', ['svc-epr', 'svc-ed', 'svc-amb']));
  for (const id of ['author', 'approver']) await put(publisher, body.practitioner(id));
  await put(publisher, body.patient('p', NUMBER, FAMILY));
  await put(
    publisher,
    body.composition('w', 'p', { 'please-do': SENTENCE, 'who-to-ring': `Ring ${FAMILY} on 01632 960001, day and night` }),
  );
  const draft = body.carePlan('v1', 'p', 'w', { reach: ['svc-epr', 'svc-ed', 'svc-amb'] });
  const detail = {
    code: { coding: [{ system: System.heading, code: 'crisis-steps' }] },
    status: 'not-started' as const,
    description: ACTION,
  };
  await put(publisher, { ...draft, activity: [{ detail }] });
  await put(publisher, body.consent('c', 'p', 'org-trust', { kinds: ['epr', 'ed', 'ambulance'] }));
  // New ones that say no fact share a statement, and their moment is the database's.
  const beside = {
    resourceType: 'Communication',
    status: 'completed',
    subject: { reference: 'Patient/p' },
    payload: [{ contentString: SENTENCE }],
  };
  await put(publisher, beside as Resource);
  await engine.store.approve(publisher, 'v1', '1', body.approval('v1'), body.approver);
  await eventually(() => expect([...epr.holds(), ...ed.holds()]).toHaveLength(2));
  await engine.store.lookUp(ambulance, { nhsNumber: NUMBER }, true);
  await put(publisher, body.patient('p', CORRECTED, FAMILY));
  await eventually(() => expect([...epr.holds(), ...ed.holds()].map(({ person }) => person)).toEqual([CORRECTED, CORRECTED]));
  await engine.store.lookUp(ambulance, { nhsNumber: CORRECTED }, true);
  const hook = policeSubscription('hook', { address: 'http://127.0.0.1:9/hook' } as Parameters<typeof policeSubscription>[1]);
  await put(ambulance, { ...hook, channel: { ...hook.channel, header: [`Authorization: Bearer ${SECRET}`] } });
  await put(ambulance, contact('incident', CORRECTED));
  await put(ambulance, contact('stranger', STRANGER));
}, 60_000);
afterAll(async () => {
  await engine?.stop();
  await epr?.stop();
  await ed?.stop();
});

describe('what lies in the database', () => {
  test('holds no NHS number and no sentence of a plan, in any column of any table; a name only where it is searched by', async () => {
    const rows = await everyRow(engine.database.pool);
    expect(rows.filter(([, text]) => text !== '').map(([name]) => name)).toEqual(
      expect.arrayContaining(
        ['resource', 'resource_version', 'delivery', 'ledger_key', 'approved_version', 'contact', 'audit', 'person'].map(
          (name) => `public.${name}`,
        ),
      ),
    );
    const secrets = [
      ...[NUMBER, CORRECTED, STRANGER].map((value) => ({ what: 'number' as const, value })),
      { what: 'other' as const, value: SECRET },
      ...[SENTENCE, ACTION, 'Zebrafinch', 'Quokka'].map((value) => ({ what: 'words' as const, value })),
    ];
    const find = personFinder(secrets);
    expect(rows.flatMap(([name, text]) => [...find(name, text), ...anyNumber(name, text)])).toEqual([]);
    const findName = personFinder([{ what: 'name', value: FAMILY }]);
    expect(rows.filter(([name, text]) => findName(name, text).length > 0).map(([name]) => name)).toEqual(['public.resource_string']);
  });

  test('the search can fail: a number in clear is found', async () => {
    const { owner } = engine.database;
    await owner.query(`CREATE TABLE planted AS SELECT 'x ${NUMBER} y' AS n`);
    const rows = await everyRow(owner);
    await owner.query('DROP TABLE planted');
    expect(rows.flatMap(([name, text]) => anyNumber(name, text)).map(({ where }) => where)).toEqual(['public.planted']);
  });

  test('is sealed under the key of whom it is about; an incident of another organisation under the broker’s', async () => {
    const rows = await sql('SELECT type, id, sealed_by FROM resource ORDER BY type, id');
    const by = (type: string) => rows.filter((row) => row.type === type).map((row) => row.sealed_by);
    for (const type of ['Patient', 'Composition', 'CarePlan', 'Consent', 'Communication']) expect(by(type)).toEqual(['p']);
    for (const type of ['Organization', 'Practitioner', 'Endpoint']) expect(new Set(by(type))).toEqual(new Set([null]));
    for (const type of ['Encounter', 'Provenance', 'Task']) expect(new Set(by(type))).toEqual(new Set(['broker:']));
  });
});

describe('what the doors see', () => {
  test('header lines of a subscriber are those that it sent', async () => {
    expect((await subscriptionOf(engine.database.pool, 'hook')).headers).toEqual([`Authorization: Bearer ${SECRET}`]);
  });

  test('is found by an identifier, with its system and without, and by that of a reference', async () => {
    const found = async (type: string, param: string, token: string) =>
      (await engine.store.search(searchAmong(type, { is: 'all' }, [{ is: 'token', param, anyOf: [token] }], 10))).rows.map(({ id }) => id);
    expect(await found('Patient', 'identifier', codedText(System.nhsNumber, CORRECTED))).toEqual(['p']);
    expect(await found('Patient', 'identifier', CORRECTED)).toEqual(['p']);
    expect(await found('Patient', 'identifier', NUMBER)).toEqual([]);
    expect(await found('Encounter', 'patient:identifier', codedText(System.nhsNumber, CORRECTED))).toEqual(['incident']);
  });

  test('a resource whose moment the database said is the same in every read of it', async () => {
    const [{ id }] = (await sql(`SELECT id FROM resource WHERE type = 'Communication'`)) as [{ id: string }];
    const read = await engine.store.read('Communication', id);
    expect(read?.body.meta?.lastUpdated).toBe(new Date(read?.updatedAt ?? 0).toISOString());
    expect(JSON.stringify(read?.body)).toBe(JSON.stringify((await engine.store.read('Communication', id, 1))?.body));
    expect(
      (await engine.store.history({ type: 'Communication', id, writer: null, since: null, until: null, count: 5, after: null })).rows[0]
        ?.body,
    ).toEqual(read?.body);
  });

  test('a body that was put in the place of another does not open', async () => {
    await put(publisher, { ...(body.patient('swap-1', numbers.next()) as Patient) });
    await sql(
      `UPDATE resource SET body = (SELECT body FROM resource_version WHERE type = 'Patient' AND id = 'p' AND version = 1) WHERE type = 'Patient' AND id = 'p'`,
    );
    await expect(engine.store.read('Patient', 'p')).rejects.toThrow('does not open');
    await sql(
      `UPDATE resource SET body = (SELECT body FROM resource_version WHERE type = 'Patient' AND id = 'p' AND version = 2) WHERE type = 'Patient' AND id = 'p'`,
    );
    expect((await engine.store.read('Patient', 'p'))?.version).toBe(2);
  });
});

describe('I9: an auditor', () => {
  test('is shown each approved version and each delivery byte for byte, and it is on record', async () => {
    const { pool } = engine.database;
    const signed = await signedVersion(pool, 'v1');
    expect(signed?.bytes).toContain(SENTENCE);
    expect(digest([signed?.bytes])).toBe(signed?.hash);
    const sent = (await sql(`SELECT id FROM delivery WHERE action = 'update' AND outcome = 'accepted' AND parcel IS NOT NULL`)) as {
      id: string;
    }[];
    const bytes = await Promise.all(sent.map(({ id }) => deliveredBytes(pool, id)));
    expect(bytes.length).toBeGreaterThanOrEqual(4);
    for (const one of epr.received().filter(({ kind }) => kind === 'update')) expect(bytes).toContain(one.bytes);
    expect(await inspect(pool, { operator: 'BROKER', reason: 'complaint 7', id: 'v1' })).toBe(signed?.bytes);
    expect(await inspect(pool, { operator: 'BROKER', reason: 'complaint 7', id: sent[0]?.id ?? '' })).toBe(bytes[0]);
    expect(await inspect(pool, { operator: 'BROKER', reason: 'complaint 7', id: 'nothing' })).toBeNull();
    const trail = await engine.store.trail(publisher, {
      ids: null,
      from: null,
      before: null,
      patients: ['p'],
      carePlans: null,
      agents: null,
      kinds: ['inspect'],
      count: 10,
      after: null,
    });
    expect(trail.map(({ organization, because, refused }) => [organization, because, refused])).toEqual([
      ['BROKER', 'complaint 7', false],
      ['BROKER', 'complaint 7', false],
    ]);
  });

  test('a key belongs to one record: another of the same person has another', async () => {
    const other: Principal = { ...publisher, organization: 'TRUST2' };
    await put(operator, body.organization('org-other', 'TRUST2', 'publisher'));
    await put(other, body.patient('p-other', CORRECTED, FAMILY));
    const { pool } = engine.database;
    expect(await personKey(pool, 'p-other')).not.toBe(await personKey(pool, 'p'));
    expect(await sql(`SELECT DISTINCT person_id FROM patient_fact WHERE patient_id IN ('p', 'p-other')`)).toHaveLength(1);
  });
});
