import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Bundle } from '@medplum/fhirtypes';
import type { Caller, OpenDoor } from '../http/open-door.ts';
import { openDoor } from '../http/open-door.ts';
import { responseTo } from '../support/message-response.ts';

const EPR: Caller = { ods: 'ZZ7', kind: 'epr' };
const SENT = JSON.stringify({
  resourceType: 'Bundle',
  id: randomUUID(),
  type: 'message',
  entry: [
    {
      resource: {
        resourceType: 'MessageHeader',
        id: randomUUID(),
        eventCoding: { system: 'https://fhir.nhs.uk/CodeSystem/message-event', code: 'document-notification' },
        source: { endpoint: 'https://crisis-plan-broker.example/fhir' },
      },
    },
  ],
});

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
}, 60_000);
afterAll(() => door?.close());

type Loose = Bundle & { entry: { resource: Record<string, unknown> }[] };
const headerOf = (bundle: Loose): Record<string, unknown> => bundle.entry[0]?.resource ?? {};
const responseOf = (bundle: Loose): Record<string, unknown> => headerOf(bundle)['response'] as Record<string, unknown>;
const post = (caller: Caller, bundle: unknown, headers: Readonly<Record<string, string>> = {}) =>
  door.post(caller, '/fhir/$process-message', bundle).set(headers);
const ids = () => ({ 'X-Request-ID': randomUUID(), 'X-Correlation-ID': randomUUID() });

describe('[3a.8] an answer to a message of ours, at the door', () => {
  const broken: readonly (readonly [string, (b: Loose) => unknown, number, string])[] = [
    ['no code', (b) => delete responseOf(b)['code'], 422, 'Bundle.entry[0].resource.response.code'],
    ['another code', (b) => Object.assign(responseOf(b), { code: 'perhaps' }), 422, 'Bundle.entry[0].resource.response.code'],
    ['no identifier', (b) => delete responseOf(b)['identifier'], 422, 'Bundle.entry[0].resource.response.identifier'],
    ['no source', (b) => delete headerOf(b)['source'], 422, 'Bundle.entry[0].resource.source'],
    ['no message', (b) => Object.assign(b, { type: 'collection' }), 422, 'Bundle.type'],
    [
      'another sender',
      (b) =>
        Object.assign(headerOf(b), {
          sender: { identifier: { system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'ZZ8' } },
        }),
      403,
      'Bundle.entry[0].resource.sender.identifier',
    ],
    [
      'a sender without a code',
      (b) => Object.assign(headerOf(b), { sender: { display: 'An EPR' } }),
      422,
      'Bundle.entry[0].resource.sender',
    ],
    [
      'an identifier that is no UUID',
      (b) => Object.assign(responseOf(b), { identifier: 'no-uuid' }),
      404,
      'Bundle.entry[0].resource.response.identifier',
    ],
    ['an answer to nothing', () => null, 404, 'Bundle.entry[0].resource.response.identifier'],
  ];
  test.each(broken)('I10: %s: refused with the place, and nothing is changed', async (_, spoil, status, place) => {
    const bundle = responseTo(SENT) as Loose;
    spoil(bundle);
    const before = await door.stored();
    const answer = await post(EPR, bundle);
    expect(answer.status).toBe(status);
    const places = (answer.body.issue as { expression?: string[] }[]).flatMap(({ expression = [] }) => expression);
    expect(places.some((each) => each.startsWith(place))).toBe(true);
    expect(await door.stored()).toBe(before);
  });

  test('a copy of what it answers, and what else it holds, is read by nobody: it may be wrong', async () => {
    const bundle = responseTo(SENT) as Loose;
    bundle.entry.push({ resource: { resourceType: 'Patient', gender: 'banana' } });
    expect((await post(EPR, bundle)).status).toBe(404);
  });

  test('BaRS asks for both ids of a request, R4 for none', async () => {
    expect((await post(EPR, responseTo(SENT, { bars: true }))).status).toBe(400);
    expect((await post(EPR, responseTo(SENT, { bars: true }), ids())).status).toBe(404);
    expect((await post(EPR, responseTo(SENT))).status).toBe(404);
  });

  test('who may answer: kinds that receive, with the scope that answers Tasks; a contact needs its own', async () => {
    expect((await post({ ...EPR, scopes: ['system/Task.u'] as never }, responseTo(SENT))).status).toBe(404);
    expect((await post({ ...EPR, scopes: ['system/Encounter.c'] as never }, responseTo(SENT))).status).toBe(403);
    expect((await post({ ...EPR, scopes: ['system/Flag.rs'] as never }, responseTo(SENT))).status).toBe(403);
    const contact = responseTo(SENT) as Loose;
    delete headerOf(contact)['response'];
    const refused = await post({ ...EPR, scopes: ['system/Task.u'] as never }, contact);
    expect([refused.status, refused.body.issue[0].details.text]).toEqual([403, expect.stringContaining('system/Encounter.c')]);
    for (const kind of ['publisher', 'operator', 'evaluator'] as const)
      expect((await post({ ods: 'ZZ1', kind }, responseTo(SENT))).status).toBe(403);
  });

  test('I6: an answer to nothing looks the same for every id, and each is on the trail', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => post(EPR, responseTo(SENT, { names: randomUUID() }))));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    const { rows } = await door.pool.query("SELECT DISTINCT because, organization, kind FROM audit WHERE event = 'answer'");
    expect(rows).toEqual([{ because: 'unknown-message', organization: 'ZZ7', kind: 'epr' }]);
    const trail = await door.get({ ods: 'BROKER', kind: 'operator' }, '/fhir/AuditEvent?subtype=answer');
    expect(trail.status).toBe(200);
    expect(trail.body.entry[0].resource).toMatchObject({ outcome: '8' });
  });
});
