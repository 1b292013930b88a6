import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Resource } from '@medplum/fhirtypes';
import type { Principal } from '../../src/model/principal.ts';
import * as body from '../support/bodies.ts';
import type { TestEngine } from '../support/engine.ts';
import { startTestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { type FakeNrl, startFakeNrl } from '../support/fake-nrl.ts';

/** Pointers at a record locator, over the real loop. What is asked is what a consumer would find there. */

const operator: Principal = { organization: 'BROKER', kind: 'operator', scopes: ['system/*.cruds'], user: null };
const publisher: Principal = { organization: 'TRUST1', kind: 'publisher', scopes: ['system/*.cruds'], user: null };

const NUMBER = '9990000018';
const OTHER_NUMBER = '9990000026';
const WORDS = {
  'please-do': 'Speak slowly please',
  triggers: 'Loud sirens upset me',
  'who-to-ring': 'Ring the crisis team, day and night: 01632 960001',
};
const REACH = ['svc-nrl'];
const ALL = ['epr', 'ed', 'ambulance', 'crisis-line'] as const;

let engine: TestEngine;
let nrl: FakeNrl;

const put = (principal: Principal, resource: Resource) =>
  engine.store.write({ principal, resource, id: resource.id ?? null, ifMatch: null });
const writes = () => nrl.received().filter(({ does }) => does !== 'search');
const standing = () => nrl.stands().map(({ subject }) => subject?.identifier?.value);
const stands = (...expected: readonly string[]): Promise<void> => eventually(() => expect(standing()).toEqual(expected), 20_000);
/** Nothing is owed any more. */
const atRest = (): Promise<void> =>
  eventually(async () => {
    const { rows } = await engine.database.pool.query(
      `SELECT FROM ledger_key WHERE look_at <= clock_timestamp() + interval '5 s' OR observed < generation OR lease_until IS NOT NULL
       UNION ALL SELECT FROM fan_out`,
    );
    expect(rows).toHaveLength(0);
  }, 20_000);
const approve = async (version: number, words: Readonly<Record<string, string>>): Promise<void> => {
  await put(publisher, body.composition(`words${version}`, 'p1', words));
  const replaces = version === 1 ? {} : { replaces: `v${version - 1}` };
  await put(publisher, body.carePlan(`v${version}`, 'p1', `words${version}`, { reach: REACH, ...replaces }));
  await engine.store.approve(publisher, `v${version}`, '1', body.approval(`v${version}`), body.approver);
};

beforeAll(async () => {
  engine = await startTestEngine();
  nrl = await startFakeNrl();
  await put(operator, body.organization('org-trust', 'TRUST1', 'publisher'));
  await put(operator, body.organization('org-nrl', 'X26', 'epr'));
  await put(operator, body.service('svc-nrl', 'org-nrl', 'epr'));
  await put(operator, body.locatorEndpoint('end-nrl', 'svc-nrl', 'org-nrl', nrl.address));
  await put(operator, body.agreement('org-trust', REACH));
  for (const id of ['author', 'approver']) await put(publisher, body.practitioner(id));
  await put(publisher, body.patient('p1', NUMBER));
}, 60_000);

afterAll(async () => {
  await engine?.stop();
  await nrl?.stop();
});

describe('a pointer to a plan at a record locator', () => {
  test('I1 I11: none is published before consent for every consumer', async () => {
    await put(publisher, body.consent('c1', 'p1', 'org-trust', { kinds: ['epr', 'ed', 'ambulance'] }));
    await approve(1, WORDS);
    await atRest();
    expect(nrl.received()).toEqual([]);
  }, 60_000);

  test('I3 I4: consented for all, it stands there once, by the rules of the NRL, and says nothing of the plan [nrlp.2] [nrlp.3]', async () => {
    await put(publisher, body.consent('c2', 'p1', 'org-trust', { kinds: ALL, supersedes: ['c1'] }));
    await stands(NUMBER);
    await atRest();
    const [pointer] = nrl.stands();
    expect(pointer).toMatchObject({
      type: { coding: [{ code: '736253002' }] },
      custodian: { identifier: { value: 'TRUST1' } },
      securityLabel: [{ coding: [{ code: 'V' }] }],
      content: [{ format: { code: 'urn:nhs-ic:unstructured' } }, { format: { code: 'urn:nhs-ic:record-contact' } }],
    });
    for (const word of [...Object.values(WORDS), 'Testperson-Amber', '1990-04-01'])
      expect(
        nrl
          .received()
          .map(({ bytes }) => bytes)
          .join(),
      ).not.toContain(word);
    expect(writes().map(({ does, status }) => [does, status])).toEqual([['create', 201]]);
    for (const { headers, url } of nrl.received()) {
      expect(url).not.toMatch(/\d{10}/);
      expect(headers).toMatchObject({ 'nhsd-end-user-organisation-ods': 'TRUST1', accept: 'application/fhir+json;version=1' });
    }
  }, 60_000);

  test('the person and the trust see that it stands there, and that none of the words do', async () => {
    const shared = (await engine.store.sharing(publisher, 'p1')).find(({ recipient }) => recipient.id === 'svc-nrl');
    expect(shared?.explained.want).toMatchObject({ hold: expect.anything(), headings: [] });
    expect(shared?.at).toMatchObject([{ channel: 'nrl', wanted: { headings: [] }, held: [{ state: 'held', headings: [] }] }]);
  });

  test('I7: why it stood there can be told later, and why not before all were asked', async () => {
    const { rows } = await engine.database.pool.query(`SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now`);
    const asked = { patientId: 'p1', carePlanId: 'v1', recipientId: 'svc-nrl', publisher: 'TRUST1' };
    const now = await engine.store.explainThen(publisher, asked, Math.floor(Number(rows[0].now)));
    expect(now).toMatchObject({
      explained: { want: { hold: expect.anything(), headings: [] } },
      at: [{ channel: 'nrl', wanted: { headings: [] } }],
    });
    // The consent for all was given a moment before the first delivery; what went before it was for three kinds.
    const [{ given }] = (
      await engine.database.pool.query(
        `SELECT extract(epoch FROM min(updated_at)) * 1000 AS given FROM resource_version WHERE type = 'Consent' AND id = 'c2'`,
      )
    ).rows;
    const before = await engine.store.explainThen(publisher, asked, Math.floor(Number(given)) - 1);
    expect(before).toMatchObject({ explained: { want: { nothing: true, because: 'no-consent' } } });
  });

  test('I5: a new version changes nothing there, and nothing is sent', async () => {
    const before = nrl.received().length;
    await approve(2, { ...WORDS, triggers: 'Crowds upset me' });
    await atRest();
    expect(nrl.received()).toHaveLength(before);
    expect(standing()).toEqual([NUMBER]);
  }, 60_000);

  test('I2 I3: a corrected number: the pointer under the old one is deleted before the new is created', async () => {
    const before = writes().length;
    await put(publisher, body.patient('p1', OTHER_NUMBER));
    await stands(OTHER_NUMBER);
    expect(
      writes()
        .slice(before)
        .map(({ does, person }) => [does, person]),
    ).toEqual([
      ['delete', NUMBER],
      ['create', OTHER_NUMBER],
    ]);
  }, 60_000);

  test('I1 I2: one kind is denied: it is deleted; police are no consumers, and denying them takes nothing away', async () => {
    await put(publisher, body.consent('c3', 'p1', 'org-trust', { deny: ['police'], kinds: ['epr'] }));
    await atRest();
    expect(standing()).toEqual([OTHER_NUMBER]);
    await put(publisher, body.consent('c4', 'p1', 'org-trust', { deny: ['ed'], kinds: ['epr'] }));
    await stands();
    await put(publisher, body.consent('c5', 'p1', 'org-trust', { kinds: ALL, supersedes: ['c2', 'c3', 'c4'] }));
    await stands(OTHER_NUMBER);
  }, 60_000);

  test('I2: withdrawn, it is deleted, though the answer to the delete is lost [nrlp.8]', async () => {
    nrl.behave({ how: 'lose-answer', on: 'write', times: 1 });
    await engine.store.withdraw(publisher, 'v2', 'The person asked for it');
    await stands();
    await atRest();
    expect(standing()).toEqual([]);
  }, 60_000);
});
