import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Encounter, Resource } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import type { Principal } from '../../src/model/principal.ts';
import { sealOpen } from '../../src/store/keys/seal-open.ts';
import { rebuildIndex } from '../../src/store/search/rebuild-index.ts';
import { searchAmong } from '../../src/store/search/search.ts';
import { codedText } from '../../src/store/search/token-text.ts';
import { deliveredBytes, signedVersion } from '../../src/store/signed-version.ts';
import { anyNumber, personFinder } from '../privacy/find-persons.ts';
import * as body from '../support/bodies.ts';
import { startTestEngine, type TestEngine } from '../support/engine.ts';
import { withTestKeys } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { startFakeFhirRecipient } from '../support/fake-fhir-recipient.ts';
import type { FakeRecipient } from '../support/fake-recipient.ts';
import { nhsNumbersFrom } from '../support/nhs-numbers.ts';
import { everyRow } from './every-row.ts';
import { layOpen } from './lay-open.ts';

const operator: Principal = { organization: 'BROKER', kind: 'operator', scopes: ['*'], user: null };
const publisher: Principal = { organization: 'TRUST1', kind: 'publisher', scopes: ['*'], user: null };
const ambulance: Principal = { organization: 'AMB1', kind: 'ambulance', scopes: ['*'], user: null };
const numbers = nhsNumbersFrom(720_000);
const NUMBER = numbers.next();
const SENTENCE = 'Zebrafinch lullabies calm me, sirens do not';
const PERSONS = 210;

let engine: TestEngine;
let epr: FakeRecipient;
const put = async (principal: Principal, resource: Resource) =>
  (await engine.store.write({ principal, resource, id: resource.id ?? null, ifMatch: null })).stored;
const incident: Encounter = {
  resourceType: 'Encounter',
  id: 'incident',
  identifier: [{ system: 'https://ambulance.example/incident', value: 'incident' }],
  status: 'in-progress',
  class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'EMER' },
  subject: { identifier: { system: System.nhsNumber, value: NUMBER } },
  period: { start: '2026-11-25T10:00:00Z' },
};

beforeAll(async () => {
  engine = await startTestEngine();
  epr = await startFakeFhirRecipient();
  for (const [id, ods, kind] of [
    ['org-trust', 'TRUST1', 'publisher'],
    ['org-epr', 'EPR1', 'epr'],
    ['org-amb', 'AMB1', 'ambulance'],
  ] as const)
    await put(operator, body.organization(id, ods, kind));
  await put(operator, body.service('svc-epr', 'org-epr', 'epr'));
  await put(operator, body.endpoint('end-epr', 'svc-epr', 'org-epr', epr.address));
  await put(operator, body.service('svc-amb', 'org-amb', 'ambulance'));
  await put(operator, body.agreement('org-trust', ['svc-epr', 'svc-amb']));
  for (const id of ['author', 'approver']) await put(publisher, body.practitioner(id));
  await put(publisher, body.patient('p', NUMBER));
  await put(
    publisher,
    body.composition('w', 'p', { 'please-do': SENTENCE, 'who-to-ring': 'Ring the crisis team, day and night: 01632 960001' }),
  );
  await put(publisher, body.carePlan('v1', 'p', 'w', { reach: ['svc-epr', 'svc-amb'] }));
  await put(publisher, body.consent('c', 'p', 'org-trust', { kinds: ['epr', 'ambulance'] }));
  await engine.store.approve(publisher, 'v1', '1', body.approval('v1'), body.approver);
  await eventually(() => expect(epr.holds()).toHaveLength(1));
  await engine.store.lookUp(ambulance, { nhsNumber: NUMBER }, true);
  await put(ambulance, incident);
  // More than one batch.
  for (let n = 0; n < PERSONS; n += 1) await put(publisher, body.patient(`more-${n}`, numbers.next()));
}, 120_000);
afterAll(async () => {
  await engine?.stop();
  await epr?.stop();
});

test('A database that an older version left open is sealed at the start, says the same as before byte for byte, and its loop goes on', async () => {
  const { pool } = engine.database;
  const { store } = engine;
  const find = personFinder([
    { what: 'number', value: NUMBER },
    { what: 'words', value: SENTENCE },
  ]);
  const openTables = async () =>
    (await everyRow(pool)).filter(([name, text]) => [...find(name, text), ...anyNumber(name, text)].length > 0).map(([name]) => name);
  const said = async () => {
    const { rows } = await pool.query<{ type: string; id: string; version: number }>(
      'SELECT type, id, version FROM resource_version ORDER BY type, id, version',
    );
    const bodies = [];
    for (const { type, id, version } of rows) bodies.push(JSON.stringify((await store.read(type, id, version))?.body));
    const sent = (await pool.query<{ id: string }>('SELECT id FROM delivery WHERE parcel IS NOT NULL ORDER BY id')).rows;
    return [bodies, await signedVersion(pool, 'v1'), await Promise.all(sent.map(({ id }) => deliveredBytes(pool, id)))];
  };
  const states = async () => (await pool.query(`SELECT state->'copies' AS copies FROM ledger_key ORDER BY id`)).rows;

  const before = await said();
  const owner = await withTestKeys(engine.database.owner);
  await layOpen(owner);
  expect((await openTables()).sort()).toEqual(
    ['approved_version', 'contact', 'ledger_key', 'patient_fact', 'person', 'resource', 'resource_token', 'resource_version'].map(
      (name) => `public.${name}`,
    ),
  );
  const copies = await states();
  // What lies open is read until it is sealed.
  expect(await said()).toEqual(before);

  const [one, two] = await Promise.all([sealOpen(owner), sealOpen(owner)]);
  expect(one + two).toBeGreaterThan(3 * PERSONS);
  expect(await sealOpen(owner)).toBe(0);
  expect(await rebuildIndex(pool, 'blind')).toBeGreaterThan(PERSONS);
  expect(await openTables()).toEqual([]);
  expect(await said()).toEqual(before);
  expect((await states()).map(({ copies: each }) => each.length)).toEqual(copies.map(({ copies: each }) => each.length));
  await expect(pool.query(`UPDATE approved_version SET bytes = ''`)).rejects.toThrow('append-only');

  // It is found as before, a match finds by the birth date, and what it held is asked back under its number.
  const found = await store.search(
    searchAmong(
      'Patient',
      { is: 'owner', owner: 'TRUST1', service: null },
      [{ is: 'token', param: 'identifier', anyOf: [codedText(System.nhsNumber, NUMBER)] }],
      5,
    ),
  );
  expect(found.rows.map(({ id }) => id)).toEqual(['p']);
  expect(await store.lookUp(ambulance, { nhsNumber: NUMBER }, true)).toMatchObject([{ person: { nhsNumber: NUMBER } }]);
  expect((await pool.query('SELECT FROM patient_fact WHERE birth_index IS NULL')).rows).toEqual([]);
  const received = epr.received().length;
  const another = numbers.next();
  await put(publisher, body.patient('p', another));
  await eventually(() => expect(epr.holds()).toMatchObject([{ person: another }]));
  expect(
    epr
      .received()
      .slice(received)
      .map(({ kind, person }) => [kind, person]),
  ).toEqual([
    ['recall', NUMBER],
    ['update', another],
  ]);
}, 60_000);
