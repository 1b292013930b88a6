import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { OpenDoor } from '../http/open-door.ts';
import { openDoor } from '../http/open-door.ts';
import type { Json, Loose } from './broken.ts';
import { BROKEN, loose, resource } from './broken.ts';
import { contactsOf, encounterMessage, incident, send, SENDER } from './incident.ts';

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
}, 60_000);
afterAll(() => door?.close());

describe('a message that cannot be taken', () => {
  test.each(BROKEN)('%s: refused, with the place', async (_, spoil, status, code, places) => {
    const bundle = loose(incident({ caseNumber: 'broken', second: 0 }));
    spoil(bundle);
    const before = await door.stored();
    const answer = await send(door, SENDER, JSON.stringify(bundle));
    expect(answer.status).toBe(status);
    const issues = answer.body.issue as { severity: string; code: string; expression?: string[] }[];
    const found = issues.filter(({ expression }) => places.includes(expression?.[0] ?? ''));
    expect([issues, found.map((issue) => issue.code)]).toEqual([issues, expect.arrayContaining([code])]);
    for (const issue of issues) expect(issue).toMatchObject({ severity: 'error', expression: [expect.stringMatching(/^Bundle/)] });
    expect(await door.stored()).toBe(before);
    expect(await contactsOf(door, SENDER, 'broken')).toEqual([]);
  });

  test('a general message without the id of its header: refused, for nothing could be answered', async () => {
    const bundle = loose(encounterMessage({ caseNumber: 'broken', second: 0 }));
    delete resource(bundle, 0)['id'];
    const answer = await send(door, SENDER, JSON.stringify(bundle));
    expect([answer.status, answer.body.issue[0].expression]).toEqual([422, ['Bundle.entry[0].resource.id']]);
  });

  test.each([
    ['a MessageHeader alone', { resourceType: 'MessageHeader' }, 400, 'resourceType'],
    ['Parameters', { resourceType: 'Parameters', parameter: [] }, 400, 'resourceType'],
    ['nothing', {}, 400, 'resourceType'],
  ])('%s: refused', async (_, body, status, place) => {
    const answer = await send(door, SENDER, JSON.stringify(body));
    expect([answer.status, answer.body.issue[0].expression]).toEqual([status, [place]]);
  });

  test.each([
    ['async=true', 'http.async', 'not-supported'],
    ['async=false&response-url=https://sender.example/', 'http.response-url', 'not-supported'],
    ['prefer=now', 'http.prefer', 'value'],
  ])('asked for in a way that is not offered (%s): 400', async (query, place, code) => {
    const answer = await door.post(SENDER, `/fhir/$process-message?${query}`, incident({ caseNumber: 'broken', second: 0 }));
    expect([answer.status, answer.body.issue[0].code, answer.body.issue[0].expression]).toEqual([400, code, [place]]);
  });

  test('another method is not offered', async () => {
    const answer = await door.get(SENDER, '/fhir/$process-message');
    expect([answer.status, answer.headers['allow']]).toEqual([405, 'POST']);
  });
});

describe('a message of which a part cannot be taken', () => {
  const warned = async (spoil: (bundle: Loose) => void, caseNumber: string) => {
    const bundle = loose(incident({ caseNumber, second: 0, number: '9990012342' }));
    spoil(bundle);
    const answer = await send(door, SENDER, JSON.stringify(bundle));
    const [contact] = await contactsOf(door, SENDER, caseNumber);
    const issues = (answer.body.entry?.[1]?.resource.issue ?? []) as { severity: string; expression: string[] }[];
    return {
      status: answer.status,
      number: contact?.subject?.identifier?.value ?? null,
      places: issues.map(({ severity, expression }) => `${severity} ${expression[0]}`),
    };
  };

  test.each<[string, (bundle: Loose) => void, string | null, readonly string[]]>([
    [
      'an NHS number that fails its check digit',
      (b) => Object.assign((resource(b, 3)['identifier'] as Json[])[0] ?? {}, { value: '9990012343' }),
      null,
      ['warning Bundle.entry[3].resource.identifier[0].value', 'warning Bundle.entry[3].resource.identifier'],
    ],
    [
      'an NHS number that nobody verified',
      (b) => delete (resource(b, 3)['identifier'] as Json[])[0]?.['extension'],
      null,
      ['warning Bundle.entry[3].resource.identifier'],
    ],
    [
      'two NHS numbers',
      (b) => (resource(b, 3)['identifier'] as Json[]).push({ system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990000018' }),
      null,
      ['warning Bundle.entry[3].resource.identifier'],
    ],
    ['no person', (b) => delete resource(b, 2)['subject'], null, ['warning Bundle.entry[2].resource.subject']],
    ['a receiver that R4 refuses', (b) => (resource(b, 5)['active'] = 'yes'), '9990012342', ['warning Bundle.entry[5].resource.active']],
    [
      'a sender whose system is misspelt as in the published messages',
      (b) => Object.assign((resource(b, 4)['identifier'] as Json[])[0] ?? {}, { system: 'https://fhir.nhs.uk/id/ods-organization-code' }),
      '9990012342',
      ['warning Bundle.entry[4].resource.identifier[0].system'],
    ],
    [
      'remarks of DSTU 2',
      (b) => {
        resource(b, 2)['fhir_comments'] = ['of the sender'];
        resource(b, 2)['_status'] = { fhir_comments: ['as it was'] };
      },
      '9990012342',
      [],
    ],
  ])('%s: taken, and said in the answer', async (name, spoil, number, places) => {
    expect(await warned(spoil, `part-${name.replaceAll(' ', '-').slice(0, 40)}`)).toEqual({ status: 200, number, places });
  });
});
