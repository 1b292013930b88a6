import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { nhsNumbersFrom } from '../support/nhs-numbers.ts';
import type { OpenDoor } from './open-door.ts';
import { AMBER, AMBULANCE, approvePlan, example, NHS_NUMBER_SYSTEM, NOBODY, openDoor, OTHER_TRUST, TRUST } from './open-door.ts';

let door: OpenDoor;
const numbers = nhsNumbersFrom(430_000);
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
});
afterAll(async () => {
  expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  await door.close();
});

const { id: _, ...whole } = example('crisis-contact');
let told = 0;
const contact = (number: string) => ({
  ...whole,
  identifier: [{ system: 'https://ambulance.example/incident', value: `SILENT-${++told}` }],
  subject: { identifier: { system: NHS_NUMBER_SYSTEM, value: number } },
});
const transaction = (...entry: readonly unknown[]) => ({ resourceType: 'Bundle', type: 'transaction', entry });
const telling = (number: string) => ({ request: { method: 'POST', url: 'Encounter' }, resource: contact(number) });
const timed = async (work: () => PromiseLike<{ status: number }>, status: number): Promise<number> => {
  const startedAt = performance.now();
  expect((await work()).status).toBe(status);
  return performance.now() - startedAt;
};

/** Milliseconds at which a contact is answered, or a multiple of it. */
const MOMENT = 60;

describe('I6 a contact of somebody who has a plan takes no longer to answer', () => {
  test.each([AMBER, NOBODY])('where it is only rehearsed', async (number) => {
    expect(await timed(() => door.post(AMBULANCE, '/fhir/Encounter/$validate?mode=create', contact(number)), 200)).toBeGreaterThanOrEqual(
      MOMENT,
    );
  });

  test.each([AMBER, NOBODY])('where the transaction around it fails', async (number) => {
    const failing = { request: { method: 'GET', url: 'Encounter/not-there' } };
    expect(await timed(() => door.post(AMBULANCE, '/fhir', transaction(telling(number), failing)), 404)).toBeGreaterThanOrEqual(MOMENT);
  });

  test.each([AMBER, NOBODY])('where twenty are told at once: each has its time', async (number) => {
    const many = transaction(...Array.from({ length: 20 }, () => telling(number)));
    expect(await timed(() => door.post(AMBULANCE, '/fhir', many), 200)).toBeGreaterThanOrEqual(20 * MOMENT);
  });

  test('and of several persons at once', async () => {
    const many = transaction(telling(numbers.next()), telling(AMBER), telling(numbers.next()));
    expect(await timed(() => door.post(AMBULANCE, '/fhir', many), 200)).toBeGreaterThanOrEqual(3 * MOMENT);
  });
});

describe('I6 what another holds, held and gave up', () => {
  const person = (id: string) => ({ resourceType: 'Practitioner', id, name: [{ family: 'Plainly-Invented' }] });
  beforeAll(async () => {
    await door.put(OTHER_TRUST, person('theirs'));
    await door.put(OTHER_TRUST, person('given-up'));
    await door.as(door.agent.delete('/fhir/Practitioner/given-up'), OTHER_TRUST);
  });

  test('is refused in the same words', async () => {
    const [held, gone] = [await door.put(TRUST, person('theirs')), await door.put(TRUST, person('given-up'))];
    expect([held.status, gone.status]).toEqual([404, 404]);
    expect(gone.text).toBe(held.text);
  });

  test.each(['theirs', 'given-up', 'nowhere'])('has no version that an update could name: %s', async (id) => {
    const answer = await door.put(TRUST, person(id)).set('If-Match', 'W/"1"');
    expect(answer.status).toBe(412);
    expect(answer.text).toBe((await door.put(TRUST, person('no-such-one')).set('If-Match', 'W/"1"')).text);
  });
});

test('I8 a parameter of a message is not repeated where it could be a number of a person', async () => {
  const message = { resourceType: 'Bundle', type: 'message', entry: [{ resource: { resourceType: 'MessageHeader' } }] };
  const answer = await door.post(AMBULANCE, `/fhir/$process-message?${AMBER}=1`, message);
  expect(answer.status).toBe(400);
  expect(answer.text).not.toContain(AMBER);
});
