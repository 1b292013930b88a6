import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Resource } from '@medplum/fhirtypes';
import * as body from '../support/bodies.ts';
import { nhsNumbersFrom } from '../support/nhs-numbers.ts';
import { keysOf } from '../../src/store/keys/keys-of.ts';
import type { Caller, OpenDoor } from './open-door.ts';
import { AMBER, AMBULANCE, approvePlan, example, NHS_NUMBER_SYSTEM, OPERATOR, openDoor, OTHER_TRUST, POLICE, TRUST } from './open-door.ts';

let door: OpenDoor;
const numbers = nhsNumbersFrom(410_000);
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
  await door.put(OPERATOR, { ...body.organization('other-trust', 'ZZ9', 'publisher') });
});
afterAll(async () => {
  expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  await door.close();
});

const put = (caller: Caller, resource: Resource | Record<string, unknown>) => door.put(caller, { ...resource });
const isPlanShown = async (): Promise<boolean> => {
  const form = `patient.identifier=${encodeURIComponent(`${NHS_NUMBER_SYSTEM}|${AMBER}`)}`;
  return (await door.search(AMBULANCE, 'Flag', form)).body.total === 1;
};
const addressOf = async (id: string) => (await door.pool.query('SELECT recipient_id, facts FROM destination WHERE id = $1', [id])).rows;

describe('addresses of others', () => {
  test('I4 a Subscription under the id of another recipient’s Endpoint does not take it over, nor the other way round', async () => {
    expect((await put(OPERATOR, body.endpoint('taken', 'ambulance', 'ambulance-trust', 'http://127.0.0.1:9/fhir'))).status).toBe(201);
    const before = await addressOf('taken');
    expect(before).toHaveLength(1);
    expect((await put(POLICE, { ...example('plan-subscription'), id: 'taken' })).status).toBe(409);
    expect(await addressOf('taken')).toEqual(before);

    expect((await put(POLICE, { ...example('plan-subscription'), id: 'police-hook' })).status).toBe(201);
    const hook = await addressOf('police-hook');
    expect((await put(OPERATOR, body.endpoint('police-hook', 'ambulance', 'ambulance-trust', 'http://127.0.0.1:9/fhir'))).status).toBe(409);
    expect(await addressOf('police-hook')).toEqual(hook);
  });

  test('an address keeps its type: what went over one channel is recalled over that one', async () => {
    expect((await put(OPERATOR, body.endpoint('typed', 'ambulance', 'ambulance-trust', 'http://127.0.0.1:9/fhir'))).status).toBe(201);
    const answer = await put(OPERATOR, body.endpoint('typed', 'ambulance', 'ambulance-trust', 'mllp://127.0.0.1:9'));
    expect(answer.status).toBe(409);
    expect(answer.body.issue[0].expression).toEqual(['Endpoint.connectionType']);
  });

  test('a service of another kind in the same organisation does not write the Subscription', async () => {
    const epr: Caller = { ods: POLICE.ods, kind: 'epr' };
    const hook = await addressOf('police-hook');
    expect((await put(epr, { ...example('plan-subscription'), id: 'police-hook' })).status).toBeGreaterThanOrEqual(400);
    expect(await addressOf('police-hook')).toEqual(hook);
  });
});

describe('consents of others', () => {
  test('I4 a consent of another publisher for the same person lifts no denial', async () => {
    expect(await isPlanShown()).toBe(true);
    expect((await put(TRUST, body.consent('deny-ambulance', 'amber', 'trust', { deny: ['ambulance'] }))).status).toBe(201);
    expect(await isPlanShown()).toBe(false);

    expect((await put(OTHER_TRUST, body.patient('same-person', AMBER))).status).toBe(201);
    const lift = await put(
      OTHER_TRUST,
      body.consent('lift', 'same-person', 'other-trust', { kinds: ['ambulance'], supersedes: ['deny-ambulance'] }),
    );
    const absent = await put(
      OTHER_TRUST,
      body.consent('lift', 'same-person', 'other-trust', { kinds: ['ambulance'], supersedes: ['nowhere'] }),
    );
    expect(lift.status).toBe(422);
    expect(lift.text).toBe(absent.text);
    expect(await isPlanShown()).toBe(false);
    expect((await put(TRUST, body.consent('deny-ambulance', 'amber', 'trust', { deny: ['ambulance'], status: 'inactive' }))).status).toBe(
      200,
    );
    expect(await isPlanShown()).toBe(true);
  });

  test('I2 a consent that names no publisher that is known freezes nobody’s plans', async () => {
    const answer = await put(OTHER_TRUST, body.consent('of-nobody', 'same-person', 'not-registered', { kinds: ['epr'] }));
    expect(answer.status).toBe(422);
    expect(answer.body.issue[0].expression).toEqual(['Consent.organization']);
    expect(await isPlanShown()).toBe(true);
  });

  test('a consent for a patient of another answers as for one who is not there', async () => {
    const theirs = await put(OTHER_TRUST, body.consent('c-theirs', 'amber', 'other-trust', { kinds: ['epr'] }));
    const absent = await put(OTHER_TRUST, body.consent('c-theirs', 'nobody', 'other-trust', { kinds: ['epr'] }));
    expect(theirs.status).toBe(422);
    expect(theirs.text).toBe(absent.text);
  });
});

describe('contacts', () => {
  const contact = (id: string | null, identifier: string, number: string, status = 'in-progress') => ({
    resourceType: 'Encounter',
    ...(id === null ? {} : { id }),
    identifier: [{ system: 'https://ambulance.example/incident', value: identifier }],
    status,
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'FLD' },
    subject: { identifier: { system: NHS_NUMBER_SYSTEM, value: number } },
    period: { start: '2026-10-20T21:14:00+01:00' },
  });

  test('a second Encounter of one identifier is a duplicate, whatever its id', async () => {
    const number = numbers.next();
    const first = await door.post(AMBULANCE, '/fhir/Encounter', contact(null, 'INC-1', number));
    expect(first.status).toBe(201);
    const again = await door.post(AMBULANCE, '/fhir/Encounter', contact(null, 'INC-1', number));
    expect([again.status, again.headers['location']]).toEqual([200, first.headers['location']]);
    const other = await put(AMBULANCE, contact('other-id', 'INC-1', number));
    expect(other.status).toBe(409);
    expect(other.body.issue[0].expression).toEqual(['Encounter.identifier[0]']);
  });

  test('I4 a contact that turns out to be of somebody else is no longer of the first', async () => {
    const [first, second] = [numbers.next(), numbers.next()];
    expect((await put(AMBULANCE, contact('mistaken', 'INC-2', first))).status).toBe(201);
    expect((await put(AMBULANCE, contact('mistaken', 'INC-2', second))).status).toBe(200);
    const { rows } = await door.pool.query("SELECT nhs_number FROM contact WHERE encounter_id = 'mistaken'");
    expect(rows).toEqual([{ nhs_number: keysOf(door.pool).index.number(second) }]);
  });
});
