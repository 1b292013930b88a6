import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { errorsOf, validate } from '../../src/validate/validate.ts';
import type { Caller, OpenDoor } from '../http/open-door.ts';
import { AMBER, approvePlan, openDoor, OPERATOR, TRUST } from '../http/open-door.ts';
import { CASES, contactsOf, incident, RECEIVER, send, SENDER, START } from './incident.ts';
import { publishedMessages, whereShared } from './published.ts';

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
  const organization = { resourceType: 'Organization', id: 'other-ambulance', name: 'Example receiver' };
  const identifier = [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: RECEIVER.ods }];
  expect((await door.put(OPERATOR, { ...organization, identifier })).status).toBe(201);
}, 60_000);
afterAll(() => door?.close());

/** As the published messages go on: first nobody is known, then the receiver's number, then the person, then the end. */
const four = (caseNumber: string, receiver: string, number: string | null = AMBER) => [
  incident({ caseNumber, second: 0 }),
  incident({ caseNumber, second: 2, reason: 'update', receiver }),
  incident({ caseNumber, second: 3, reason: 'update', receiver, status: 'triaged', number }),
  incident({ caseNumber, second: 4, reason: 'update', receiver, status: 'finished', number }),
];
const tasks = async (): Promise<readonly string[]> => {
  const answer = await door.get(TRUST, '/fhir/Task?code=crisis-contact');
  return (answer.body.entry ?? []).map(({ resource }: { resource: { focus: { reference: string } } }) => resource.focus.reference);
};
const tasksAbout = async (ids: readonly (string | undefined)[]): Promise<readonly string[]> =>
  (await tasks()).filter((focus) => ids.includes(focus.replace('Encounter/', '')));
const parts = async (identifiers: readonly string[]) =>
  (
    await door.pool.query(`SELECT sender, identifier, same_as IS NULL AS first FROM contact WHERE identifier = ANY($1) ORDER BY told_at`, [
      identifiers.map((value) => `${CASES}|${value}`),
    ])
  ).rows;

describe('an incident of four messages', () => {
  test('is one contact, told once and changed three times, and one Task for the owner of the plan', async () => {
    const [first, ...updates] = four('case-1', 'receiver-1');
    if (first === undefined) throw new Error('there are four');
    const answer = await send(door, SENDER, first);
    expect(answer.status).toBe(200);
    const [contact] = await contactsOf(door, SENDER, 'case-1');
    expect(contact).toEqual({
      resourceType: 'Encounter',
      id: contact?.id,
      meta: { versionId: '1', lastUpdated: contact?.meta?.lastUpdated },
      identifier: [{ system: CASES, value: 'case-1' }],
      status: 'in-progress',
      class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'EMER' },
      subject: {
        extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' }],
        type: 'Patient',
      },
      period: { start: START },
    });
    expect(await tasksAbout([contact?.id])).toEqual([]);
    for (const update of updates) expect((await send(door, SENDER, update)).status).toBe(200);
    const history = await door.get(SENDER, `/fhir/Encounter/${contact?.id}/_history`);
    const said = history.body.entry.map(({ resource }: { resource: Record<string, unknown> }) => [
      (resource['meta'] as { versionId: string }).versionId,
      resource['status'],
      (resource['subject'] as { identifier?: { value: string } }).identifier?.value ?? null,
      (resource['identifier'] as { value: string }[]).map(({ value }) => value),
    ]);
    expect(said).toEqual([
      ['4', 'finished', AMBER, ['case-1', 'receiver-1']],
      ['3', 'triaged', AMBER, ['case-1', 'receiver-1']],
      ['2', 'in-progress', null, ['case-1', 'receiver-1']],
      ['1', 'in-progress', null, ['case-1']],
    ]);
    expect(await contactsOf(door, SENDER, 'case-1')).toHaveLength(1);
    expect(await tasksAbout([contact?.id])).toEqual([`Encounter/${contact?.id}`]);
    // What was said of the person beside the number is not kept.
    expect(history.text).not.toContain('Invented-Incident');
  });

  test('the answer is a message with the roles reversed, and says what was not taken', async () => {
    const sent = incident({ caseNumber: 'case-answer', second: 0 });
    const answer = await send(door, SENDER, sent, {
      request: '6f40cebe-7b55-461d-9d7f-eadb4c065701',
      correlation: '6f40cebe-7b55-461d-9d7f-eadb4c065702',
    });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/fhir+json; charset=utf-8',
      'x-request-id': '6f40cebe-7b55-461d-9d7f-eadb4c065701',
      'x-correlation-id': '6f40cebe-7b55-461d-9d7f-eadb4c065702',
    });
    const { id, meta, timestamp, entry } = answer.body;
    const [header, outcome] = entry;
    const organization = (value: string) => ({
      type: 'Organization',
      identifier: { system: 'https://fhir.nhs.uk/Id/ods-organization-code', value },
    });
    expect(answer.body).toEqual({
      resourceType: 'Bundle',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      meta: { lastUpdated: timestamp },
      type: 'message',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      entry: [
        {
          fullUrl: `urn:uuid:${header.resource.id}`,
          resource: {
            resourceType: 'MessageHeader',
            id: expect.stringMatching(/^[0-9a-f-]{36}$/),
            meta,
            eventCoding: { system: 'https://fhir.nhs.uk/CodeSystem/message-events-bars', code: 'servicerequest-response' },
            destination: [{ endpoint: 'https://fhir.nhs.uk/Id/dos-service-id|2222222222', receiver: organization('ZZ3') }],
            sender: organization('BROKER'),
            source: { name: 'crisis-plan-broker', endpoint: 'https://fhir.nhs.uk/Id/dos-service-id|111111111' },
            reason: { coding: [{ system: 'https://fhir.nhs.uk/CodeSystem/message-reason-bars', code: 'new' }] },
            response: { identifier: sent.id, code: 'ok', details: { reference: outcome.fullUrl } },
          },
        },
        {
          fullUrl: expect.stringMatching(/^urn:uuid:/),
          resource: expect.objectContaining({
            resourceType: 'OperationOutcome',
            issue: [
              expect.objectContaining({ severity: 'warning', code: 'incomplete', expression: ['Bundle.entry[3].resource.identifier'] }),
            ],
          }),
        },
      ],
    });
    expect(id).not.toBe(sent.id);
    expect(errorsOf(validate(answer.body))).toEqual([]);
  });

  test('where everything was taken, the answer has no more than its header', async () => {
    const answer = await send(door, SENDER, incident({ caseNumber: 'case-all', second: 0, number: AMBER, status: 'finished' }));
    expect(answer.status).toBe(200);
    expect(answer.body.entry).toHaveLength(1);
    expect(answer.body.entry[0].resource.response).toEqual({ identifier: 'incident-case-all', code: 'ok' });
    expect(answer.text).not.toContain(AMBER);
  });

  test.each([
    ['last first', [3, 2, 1, 0], '1'],
    ['the end before the middle', [0, 3, 1, 2], '2'],
    ['first and second changed', [1, 0, 2, 3], '3'],
  ])('that come in another order are still one contact, as the newest said: %s', async (name, order, version) => {
    const caseNumber = `case-${name.replaceAll(' ', '-')}`;
    const messages = four(caseNumber, `receiver-${caseNumber}`);
    let newest = -1;
    for (const index of order) {
      const answer = await send(door, SENDER, JSON.stringify(messages[index]));
      expect(answer.status).toBe(200);
      expect(answer.body.entry[0].resource.response.code).toBe('ok');
      const told = answer.text.includes('a newer message of this contact was taken before');
      expect(told).toBe(index < newest);
      newest = Math.max(newest, index);
    }
    const [contact, second] = await contactsOf(door, SENDER, caseNumber);
    expect(second).toBeUndefined();
    expect(contact).toMatchObject({ status: 'finished', meta: { versionId: version } });
  });
});

describe('the receiver’s own Encounter', () => {
  const own = (value: string, extra: readonly { system: string; value: string }[] = [], number = AMBER) => ({
    resourceType: 'Encounter',
    identifier: [{ system: CASES, value }, ...extra],
    status: 'in-progress',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'FLD' },
    subject: { identifier: { system: 'https://fhir.nhs.uk/Id/nhs-number', value: number } },
    period: { start: START },
  });

  test('in a message makes no contact', async () => {
    for (const message of four('case-2', 'receiver-2')) expect((await send(door, SENDER, message)).status).toBe(200);
    expect(await parts(['case-2', 'receiver-2'])).toEqual([{ sender: 'ZZ3', identifier: `${CASES}|case-2`, first: true }]);
  });

  test('that the receiver sends itself is a part of that contact, and no second Task', async () => {
    for (const message of four('case-3', 'receiver-3')) expect((await send(door, SENDER, message)).status).toBe(200);
    const posted = await door.post(RECEIVER, '/fhir/Encounter', own('receiver-3'));
    expect(posted.status).toBe(201);
    expect(await parts(['case-3', 'receiver-3'])).toEqual([
      { sender: 'ZZ3', identifier: `${CASES}|case-3`, first: true },
      { sender: 'ZZ5', identifier: `${CASES}|receiver-3`, first: false },
    ]);
    const [contact] = await contactsOf(door, SENDER, 'case-3');
    expect(await tasksAbout([contact?.id, posted.body.id])).toEqual([`Encounter/${contact?.id}`]);
    // It is theirs alone to read, as every Encounter is.
    expect((await door.get(SENDER, `/fhir/Encounter/${posted.body.id}`)).status).toBe(404);
    expect((await door.get(RECEIVER, `/fhir/Encounter/${contact?.id}`)).status).toBe(404);
  });

  test('makes one Task also where the receiver tells first, and who it is, before the sender knows', async () => {
    const [first, second, third] = four('case-4', 'receiver-4');
    expect((await send(door, SENDER, JSON.stringify(first))).status).toBe(200);
    const posted = await door.post(RECEIVER, '/fhir/Encounter', own('receiver-4'));
    expect(posted.status).toBe(201);
    for (const message of [second, third]) expect((await send(door, SENDER, JSON.stringify(message))).status).toBe(200);
    const [contact] = await contactsOf(door, SENDER, 'case-4');
    expect(await tasksAbout([contact?.id, posted.body.id])).toEqual([`Encounter/${posted.body.id}`]);
    expect((await parts(['case-4', 'receiver-4'])).filter((part: { first: boolean }) => part.first)).toHaveLength(1);
  });

  test('that names the sender’s case itself is a part of it', async () => {
    expect((await send(door, SENDER, incident({ caseNumber: 'case-5', second: 0, number: AMBER }))).status).toBe(200);
    const posted = await door.post(RECEIVER, '/fhir/Encounter', own('receiver-5', [{ system: CASES, value: 'case-5' }]));
    expect(posted.status).toBe(201);
    const [contact] = await contactsOf(door, SENDER, 'case-5');
    expect(await tasksAbout([contact?.id, posted.body.id])).toEqual([`Encounter/${contact?.id}`]);
  });

  test('of another person is another contact, whatever number it has: nobody’s contact is hidden by what another says', async () => {
    const other = '9990000018';
    expect((await send(door, SENDER, incident({ caseNumber: 'case-6', second: 0, number: other, receiver: 'receiver-6' }))).status).toBe(
      200,
    );
    const posted = await door.post(RECEIVER, '/fhir/Encounter', own('receiver-6'));
    expect(posted.status).toBe(201);
    expect((await parts(['case-6', 'receiver-6'])).map(({ first }: { first: boolean }) => first)).toEqual([true, true]);
    expect(await tasksAbout([posted.body.id])).toHaveLength(1);
  });
});

describe('a sender', () => {
  test.each<[string, Caller, string]>([
    ['another ambulance service', RECEIVER, 'Bundle.entry[4].resource.identifier[0]'],
    ['an ED', { ods: 'ZZ6', kind: 'ed' }, 'Bundle.entry[4].resource.identifier[0]'],
  ])('does not speak for another organisation: %s', async (_, caller, place) => {
    const before = await door.stored();
    const answer = await send(door, caller, incident({ caseNumber: 'case-stolen', second: 0, number: AMBER }));
    expect(answer.status).toBe(403);
    expect(answer.body.issue).toEqual([
      {
        severity: 'error',
        code: 'forbidden',
        details: { coding: expect.any(Array), text: 'names another sender than the organisation that calls' },
        expression: [place],
      },
    ]);
    expect(await door.stored()).toBe(before);
  });

  test('has cases of its own: the same number of two senders is two contacts', async () => {
    expect((await send(door, SENDER, incident({ caseNumber: 'case-7', second: 0 }))).status).toBe(200);
    expect((await send(door, RECEIVER, incident({ caseNumber: 'case-7', second: 0, sender: RECEIVER.ods }))).status).toBe(200);
    const [mine] = await contactsOf(door, SENDER, 'case-7');
    const [theirs] = await contactsOf(door, RECEIVER, 'case-7');
    expect(mine?.id).not.toBe(theirs?.id);
    expect([mine?.meta?.versionId, theirs?.meta?.versionId]).toEqual(['1', '1']);
  });

  test.each(['operator', 'publisher', 'evaluator', 'person'] as const)('is a service that may tell of contacts, not %s', async (kind) => {
    const ods = kind === 'operator' ? 'BROKER' : SENDER.ods;
    const answer = await send(door, { ods, kind }, incident({ caseNumber: 'case-8', second: 0, sender: ods }));
    expect(answer.status).toBe(403);
    expect(await contactsOf(door, SENDER, 'case-8')).toEqual([]);
  });
});

whereShared('the published incident', () => {
  const RND: Caller = { ods: 'RND', kind: 'ambulance' };

  test('REFREQ8A to 8D are one contact of case sender1234, updated three times; the receiver’s own Encounter makes no second', async () => {
    for (const text of publishedMessages(['REFREQ8A', 'REFREQ8B', 'REFREQ8C', 'REFREQ8D'])) {
      const answer = await send(door, RND, text);
      expect([answer.status, answer.body.entry?.[0].resource.response.code]).toEqual([200, 'ok']);
    }
    const [contact, second] = await contactsOf(door, RND, 'sender1234');
    expect(second).toBeUndefined();
    expect((await contactsOf(door, RND, 'receiver1234')).map(({ id }) => id)).toEqual([contact?.id]);
    expect(contact).toMatchObject({
      meta: { versionId: '4' },
      status: 'finished',
      identifier: [
        { system: 'https://sender.url/Id/case-number', value: 'sender1234' },
        { use: 'secondary', system: 'https://sender.url/Id/case-number', value: 'receiver1234' },
      ],
    });
    const history = await door.get(RND, `/fhir/Encounter/${contact?.id}/_history`);
    expect(history.body.entry.map(({ resource }: { resource: { status: string } }) => resource.status)).toEqual([
      'finished',
      'triaged',
      'in-progress',
      'in-progress',
    ]);
    // The published number fails its check digit: nobody is guessed.
    expect(history.text).not.toContain('3478526985');
    expect((await door.pool.query(`SELECT count(*)::integer AS n FROM contact WHERE sender = 'RND'`)).rows).toEqual([{ n: 1 }]);
  });
});
