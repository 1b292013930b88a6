import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Resource } from '@medplum/fhirtypes';
import type { Principal } from '../../src/model/principal.ts';
import * as body from '../support/bodies.ts';
import type { TestEngine } from '../support/engine.ts';
import { startTestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { startFakeFhirRecipient } from '../support/fake-fhir-recipient.ts';
import { startFakeMllpRecipient } from '../support/fake-mllp-recipient.ts';
import type { FakeRecipient } from '../support/fake-recipient.ts';

const operator: Principal = { organization: 'BROKER', kind: 'operator', scopes: ['system/*.cruds'], user: null };
const publisher: Principal = { organization: 'TRUST1', kind: 'publisher', scopes: ['system/*.cruds'], user: null };

const NUMBER = '9990000018';
const OTHER_NUMBER = '9990000026';
const WORDS = {
  'please-do': 'Speak slowly please',
  triggers: 'Loud sirens upset me',
  'who-to-ring': 'Ring the crisis team, day and night: 01632 960001',
};

let engine: TestEngine;
let epr: FakeRecipient;
let ed: FakeRecipient;

const put = (principal: Principal, resource: Resource) =>
  engine.store.write({ principal, resource, id: resource.id ?? null, ifMatch: null });

beforeAll(async () => {
  engine = await startTestEngine();
  epr = await startFakeFhirRecipient();
  ed = await startFakeMllpRecipient();
  for (const [id, ods, kind] of [
    ['org-trust', 'TRUST1', 'publisher'],
    ['org-epr', 'EPR1', 'epr'],
    ['org-ed', 'ED1', 'ed'],
  ] as const) {
    await put(operator, body.organization(id, ods, kind));
  }
  await put(operator, body.service('svc-epr', 'org-epr', 'epr'));
  await put(operator, body.service('svc-ed', 'org-ed', 'ed'));
  await put(operator, body.endpoint('end-epr', 'svc-epr', 'org-epr', epr.address));
  await put(operator, body.endpoint('end-ed', 'svc-ed', 'org-ed', ed.address));
  await put(operator, body.agreement('org-trust', ['svc-epr', 'svc-ed']));
  for (const id of ['author', 'approver']) await put(publisher, body.practitioner(id));
  await put(publisher, body.patient('p1', NUMBER));
  await put(publisher, body.composition('words1', 'p1', WORDS));
  await put(publisher, body.carePlan('v1', 'p1', 'words1', { reach: ['svc-epr', 'svc-ed'] }));
  await put(publisher, body.consent('c1', 'p1', 'org-trust', { kinds: ['epr', 'ed'] }));
}, 60_000);

afterAll(async () => {
  await engine?.stop();
  await epr?.stop();
  await ed?.stop();
});

describe('an approved plan is pushed, and brought back', () => {
  test('I3: both hold it once it is approved', async () => {
    await engine.store.approve(publisher, 'v1', '1', body.approval('v1'), body.approver);
    await eventually(() => expect(epr.holds()).toMatchObject([{ person: NUMBER, text: expect.stringContaining('Loud sirens upset me') }]));
    await eventually(() => expect(ed.holds()).toMatchObject([{ person: NUMBER, text: expect.stringContaining('Loud sirens upset me') }]));
  });

  test('I2 I3: a corrected number: what lies under the old one is recalled first', async () => {
    const before = epr.received().length;
    await put(publisher, body.patient('p1', OTHER_NUMBER));
    await eventually(() => expect(epr.holds()).toMatchObject([{ person: OTHER_NUMBER }]));
    await eventually(() => expect(ed.holds()).toMatchObject([{ person: OTHER_NUMBER }]));
    expect(
      epr
        .received()
        .slice(before)
        .map(({ kind, person }) => [kind, person]),
    ).toEqual([
      ['recall', NUMBER],
      ['update', OTHER_NUMBER],
    ]);
  });

  test('I1 I2 G9: a new consent that denies the ED recalls there, and nowhere else', async () => {
    await put(publisher, body.consent('c2', 'p1', 'org-trust', { deny: ['ed'], kinds: ['epr'] }));
    await eventually(() => expect(ed.holds()).toEqual([]));
    expect(epr.holds()).toMatchObject([{ person: OTHER_NUMBER }]);
  });

  test('I3: consent given again by a link: it holds it again', async () => {
    await put(publisher, body.consent('c3', 'p1', 'org-trust', { kinds: ['epr', 'ed'], supersedes: ['c1', 'c2'] }));
    await eventually(() => expect(ed.holds()).toMatchObject([{ person: OTHER_NUMBER }]));
  });

  test('I2 I3: a lost answer does not leave a copy behind', async () => {
    ed.behave({ how: 'lose-answer', times: 1 });
    await put(publisher, body.composition('words2', 'p1', { ...WORDS, triggers: 'Crowds upset me' }));
    await put(publisher, body.carePlan('v2', 'p1', 'words2', { reach: ['svc-epr', 'svc-ed'], replaces: 'v1' }));
    await engine.store.approve(publisher, 'v2', '1', body.approval('v2'), body.approver);
    await eventually(() => expect(ed.holds()).toMatchObject([{ text: expect.stringContaining('Crowds upset me') }]));
    await eventually(() => expect(epr.holds()).toMatchObject([{ text: expect.stringContaining('Crowds upset me') }]));
  });

  test('I2: a withdrawn plan is recalled from everyone', async () => {
    await engine.store.withdraw(publisher, 'v2', 'The person asked for it');
    await eventually(() => expect([...epr.holds(), ...ed.holds()]).toEqual([]));
    await eventually(async () => {
      const { rows } = await engine.database.pool.query(
        "SELECT FROM ledger_key WHERE look_at <= clock_timestamp() OR state->'copies' <> '[]'",
      );
      expect(rows).toHaveLength(0);
    }, 15_000);
  }, 30_000);
});
