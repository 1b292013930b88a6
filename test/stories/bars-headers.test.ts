import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { System } from '../../profiles/canonicals.ts';
import { layGround, operator, publisher, type Ground, type Lane } from '../store/ground.ts';
import * as body from '../support/bodies.ts';
import { startFakeFhirRecipient } from '../support/fake-fhir-recipient.ts';
import type { FakeRecipient } from '../support/fake-recipient.ts';
import { openSending, type Sending } from '../support/sending.ts';

let ground: Ground;
let sending: Sending;
let epr: FakeRecipient;
let lane: Lane;

beforeAll(async () => {
  ground = await layGround();
  sending = openSending(ground, 10_000, { sendTimeout: 5_000 });
  epr = await startFakeFhirRecipient();
  lane = await ground.lane('bars', 'epr', epr.address);
}, 60_000);
afterAll(async () => {
  await epr?.stop();
  await sending?.close();
  await ground?.close();
});

const decoded = (header: string | undefined): unknown => JSON.parse(Buffer.from(header ?? '', 'base64').toString('utf8'));
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

test('an Endpoint that names its id in the Directory of Services gets every header of BaRS, and no person in any of them', async () => {
  await ground.put(operator, {
    ...body.endpoint('end-bars', lane.service, 'org-bars', epr.address),
    identifier: [{ system: System.dosService, value: '2000099999' }],
    payloadType: [{ coding: [{ system: System.barsUseCase, code: 'a6t1' }] }],
  });
  await sending.step(lane.service);
  await ground.put(publisher, body.consent(lane.consent, lane.patient, 'org-trust', { kinds: ['epr'], status: 'inactive' }));
  await sending.step(lane.service);
  const [update, recall] = epr.received();
  for (const [message, reason] of [
    [update, 'new'],
    [recall, 'delete'],
  ] as const) {
    const headers = message?.headers ?? {};
    expect(decoded(headers['nhsd-target-identifier'])).toEqual({ system: System.dosService, value: '2000099999' });
    expect(decoded(headers['nhsd-end-user-organisation'])).toMatchObject({
      resourceType: 'Organization',
      identifier: [{ value: 'BROKER' }],
    });
    expect(decoded(headers['nhsd-requesting-software'])).toMatchObject({ resourceType: 'Device' });
    expect(headers).toMatchObject({
      'nhsd-end-user-organisation-ods': 'BROKER',
      accept: 'application/fhir+json; version=1.4.0',
      'use-context': `a6t1|notification|document-notification|${reason}`,
      'x-request-id': expect.stringMatching(UUID),
      'x-correlation-id': expect.stringMatching(UUID),
    });
    expect(JSON.stringify(headers)).not.toContain(lane.number);
  }
  // One plan there has one correlation; each message has a request of its own.
  expect(update?.headers['x-correlation-id']).toBe(recall?.headers['x-correlation-id']);
  expect(update?.headers['x-request-id']).not.toBe(recall?.headers['x-request-id']);
});

test('any other Endpoint is named by its organisation, as before', async () => {
  const plain = await startFakeFhirRecipient();
  const { service, ods } = await ground.lane('plain', 'epr', plain.address);
  await ground.fanOutAll();
  await sending.step(service);
  const headers = plain.received()[0]?.headers ?? {};
  expect(decoded(headers['nhsd-target-identifier'])).toEqual({ system: System.odsOrganization, value: ods });
  expect(headers['accept']).toBe('application/fhir+json');
  expect(headers).not.toHaveProperty('use-context');
  await plain.stop();
});
