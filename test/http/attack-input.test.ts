import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as body from '../support/bodies.ts';
import type { Caller, OpenDoor } from './open-door.ts';
import { AMBULANCE, approvePlan, example, openDoor, TRUST } from './open-door.ts';

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
});
afterAll(async () => {
  // I10: whatever was sent below, none of it was the broker's fault.
  expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  await door.close();
});

const { id: _, ...contact } = example('crisis-contact');
const bundle = (type: 'batch' | 'transaction', entry: readonly unknown[]) => ({ resourceType: 'Bundle', type, entry });

describe('I10 an address with a NUL', () => {
  const paths = (type: string, id: string) => [
    ['GET', `${type}/${id}`],
    ['GET', `${type}/${id}/_history`],
    ['GET', `${type}/${id}/_history/1`],
    ['GET', `${type}/${id}/$validate`],
    ['DELETE', `${type}/${id}`],
  ];
  test.each(['\u0000', '%00', 'a%00b'])('%j in a Bundle is the caller’s fault', async (id) => {
    const asked = [...paths('Practitioner', id), ...paths('Subscription', id), ['GET', `Patient/${id}/$everything`]];
    const answer = await door.post(
      TRUST,
      '/fhir',
      bundle(
        'batch',
        asked.map(([method, url]) => ({ request: { method, url } })),
      ),
    );
    expect(answer.body.entry.map((each: { response: { status: string } }) => each.response.status)).toEqual(asked.map(() => '400'));
    const one = bundle('transaction', [{ request: { method: 'DELETE', url: `Practitioner/${id}` } }]);
    expect((await door.post(TRUST, '/fhir', one)).status).toBe(400);
  });
});

describe('I10 the end of the calendar', () => {
  const LAST = ['9999', '9999-12', '9999-12-31', '9999-12-31T23:59:59-14:00'];
  test.each(LAST)('%s is a date that can be searched for', async (date) => {
    for (const address of [
      `Patient?birthdate=${date}`,
      `Patient?birthdate=ap${date}`,
      `Patient?_lastUpdated=lt${date}`,
      `AuditEvent?date=${date}`,
      `Patient/_history?_since=${date}`,
      `Patient/amber/$everything?_since=${date}`,
    ])
      expect([address, (await door.get(TRUST, `/fhir/${address}`)).status]).toEqual([address, 200]);
  });

  test.each(LAST)('%s is an end that a contact and a consent may have', async (end) => {
    const told = {
      ...contact,
      identifier: [{ system: 'https://ambulance.example/incident', value: end }],
      period: { start: '2026-11-20', end },
    };
    expect((await door.post(AMBULANCE, '/fhir/Encounter', told)).status).toBe(201);
    const consent = body.consent('without-end', 'amber', 'trust', { kinds: ['ambulance'] });
    const long = { ...consent, provision: { ...consent.provision, period: { start: '2026-11-01', end } } };
    expect([200, 201]).toContain((await door.put(TRUST, { ...long })).status);
  });
});

describe('I10 work without bound', () => {
  const values = Array.from({ length: 50 }, (_each, at) => `n${at}`).join(',');
  const times = (count: number, parameter: string): string => Array.from({ length: count }, () => parameter).join('&');
  test.each<[string, Caller, string, string]>([
    ['texts anywhere', TRUST, 'Patient', times(60, `name:contains=${values}`)],
    ['chains to every type that has a name', TRUST, 'Composition', times(60, `entry:Communication.recipient.name=${values}`)],
  ])('%s: a search of too many lists is refused, and says which parameter', async (_each, caller, type, form) => {
    const startedAt = performance.now();
    const answer = await door.search(caller, type, form);
    expect(answer.status).toBe(400);
    expect(answer.body.issue[0].code).toBe('too-costly');
    expect(answer.body.issue[0].expression).toEqual([`http.${form.split('=')[0]}`]);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  test.each([
    ['Patient', `name=${values}`],
    ['Patient', 'name:contains=amber'],
    ['Composition', `entry:Communication.recipient.name=${values}`],
  ])('one of them is answered: %s', async (type, form) => {
    expect((await door.search(TRUST, type, form)).status).toBe(200);
  });

  test('a transaction of more conditional references than entries is refused', async () => {
    const identifier = Array.from({ length: 600 }, (_each, at) => ({ value: `many-${at}` }));
    expect((await door.put(TRUST, { resourceType: 'Practitioner', id: 'of-many-numbers', identifier })).status).toBe(201);
    const group = (count: number) =>
      bundle('transaction', [
        {
          request: { method: 'POST', url: 'Group' },
          resource: {
            resourceType: 'Group',
            type: 'practitioner',
            actual: true,
            member: identifier.slice(0, count).map(({ value }) => ({ entity: { reference: `Practitioner?identifier=${value}` } })),
          },
        },
      ]);
    expect((await door.post(TRUST, '/fhir', group(500))).status).toBe(200);
    const answer = await door.post(TRUST, '/fhir', group(600));
    expect(answer.status).toBe(413);
    expect(answer.body.issue[0].expression).toEqual(['Bundle.entry[0].resource']);
  });
});
