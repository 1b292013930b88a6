import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Resource, Subscription } from '@medplum/fhirtypes';
import { Extension, PLAN_TOPIC } from '../../profiles/canonicals.ts';
import type { Principal } from '../../src/model/principal.ts';
import * as body from '../support/bodies.ts';
import type { TestEngine } from '../support/engine.ts';
import { startTestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { startFakeFhirRecipient } from '../support/fake-fhir-recipient.ts';
import type { FakeRecipient } from '../support/fake-recipient.ts';

const operator: Principal = { organization: 'BROKER', kind: 'operator', scopes: ['system/*.cruds'], user: null };
const publisher: Principal = { organization: 'TRUST1', kind: 'publisher', scopes: ['system/*.cruds'], user: null };
const hospital: Principal = { organization: 'EPR1', kind: 'epr', scopes: ['system/*.cruds'], user: null };
const SEND_TIMEOUT = 5_000;

let engine: TestEngine;
let epr: FakeRecipient;
const silent = createServer(() => {});
const put = (principal: Principal, resource: Resource) =>
  engine.store.write({ principal, resource, id: resource.id ?? null, ifMatch: null });

beforeAll(async () => {
  engine = await startTestEngine({ SEND_TIMEOUT_MS: String(SEND_TIMEOUT), SEND_BEFORE_MS: '5000' });
  epr = await startFakeFhirRecipient();
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  await put(operator, body.organization('org-trust', 'TRUST1', 'publisher'));
  await put(operator, body.organization('org-epr', 'EPR1', 'epr'));
  await put(operator, body.service('svc-epr', 'org-epr', 'epr'));
  await put(operator, body.endpoint('end-epr', 'svc-epr', 'org-epr', epr.address));
  await put(operator, body.agreement('org-trust', ['svc-epr']));
  for (const id of ['author', 'approver']) await put(publisher, body.practitioner(id));
  await put(publisher, body.patient('p1', '9990000018'));
  await put(
    publisher,
    body.composition('words1', 'p1', {
      'please-do': 'Speak slowly please',
      'who-to-ring': 'Ring the crisis team, day and night: 01632 960001',
    }),
  );
  await put(publisher, body.carePlan('v1', 'p1', 'words1', { reach: ['svc-epr'] }));
  await put(publisher, body.consent('c1', 'p1', 'org-trust', { kinds: ['epr'] }));
  await engine.store.approve(publisher, 'v1', '1', body.approval('v1'), body.approver);
  await eventually(() => expect(epr.holds()).toHaveLength(1));
}, 60_000);

afterAll(async () => {
  silent.closeAllConnections();
  silent.close();
  await engine?.stop();
  await epr?.stop();
});

/** `_payload` carries the extension of the primitive; the published type leaves it out. */
const subscription = (endpoint: string): Subscription => ({
  resourceType: 'Subscription',
  status: 'requested',
  reason: 'What we may see of a plan changed',
  criteria: PLAN_TOPIC,
  channel: {
    type: 'rest-hook',
    endpoint,
    payload: 'application/fhir+json',
    ...{ _payload: { extension: [{ url: Extension.backportPayloadContent, valueCode: 'id-only' }] } },
  },
});

test('I2: subscribers that never answer their handshake keep no recall of their service waiting', async () => {
  const address = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/hook`;
  let asked = 0;
  silent.on('connection', () => (asked += 1));
  for (let count = 0; count < 12; count += 1) await put(hospital, subscription(address));
  await eventually(() => expect(asked).toBeGreaterThan(0));
  await put(publisher, body.consent('c1', 'p1', 'org-trust', { kinds: ['epr'], status: 'inactive' }));
  await eventually(() => expect(epr.holds()).toEqual([]), SEND_TIMEOUT - 2_000);
}, 30_000);
