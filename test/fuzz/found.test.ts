import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Response } from 'supertest';
import { AMBULANCE, approvePlan, example, type OpenDoor, openDoor, OPERATOR, TRUST } from '../http/open-door.ts';
import { expectRefusal } from '../support/outcome.ts';

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
});
afterAll(() => door.close());

const batch = (...request: readonly object[]) => ({
  resourceType: 'Bundle',
  type: 'batch',
  entry: request.map((each) => ({ request: each })),
});

describe('what fuzzing found', () => {
  test.each([
    'Practitioner/%00',
    'Practitioner/a\u0000b',
    'Practitioner/\ud800',
    'Practitioner/%00/_history',
    'Practitioner/%00/_history/1',
  ])('an address in a Bundle that is no text is refused: %j', async (url) => {
    const { status, body } = await door.post(TRUST, '/fhir', batch({ method: 'GET', url }, { method: 'DELETE', url }));
    expect(status).toBe(200);
    for (const { response } of body.entry)
      expect(response).toMatchObject({
        status: '400',
        outcome: { issue: [{ severity: 'error', code: 'value', expression: ['http.path'] }] },
      });
  });

  const SAID = { extension: [{ url: 'https://example.org/said', valueString: 'a' }] };
  test.each([
    ['a reference', { entity: { reference: SAID } }, 'Group.member[0].entity.reference'],
    ['a truth value', { entity: { reference: 'Patient/amber' }, inactive: SAID }, 'Group.member[0].inactive'],
    ['a date', { entity: { reference: 'Patient/amber' }, period: { start: SAID } }, 'Group.member[0].period.start'],
    ['what is said about no primitive', { entity: { reference: 'Patient/amber' }, _entity: SAID }, 'Group.member[0].entity'],
  ])('%s that is an object is refused with its place, and stored nowhere', async (_name, member, at) => {
    const before = await door.stored();
    const { status, body } = await door.post(TRUST, '/fhir/Group', {
      resourceType: 'Group',
      type: 'person',
      actual: true,
      member: [member],
    });
    expect([status, body.issue[0].code, body.issue[0].expression]).toEqual([422, 'structure', [at]]);
    expect(await door.stored()).toBe(before);
  });

  /** Milliseconds that an answer took, and that what was asked beside it waited. */
  const timed = async (work: PromiseLike<Response>): Promise<{ readonly answer: Response; readonly ms: number }> => {
    const startedAt = performance.now();
    const answer = await work;
    return { answer, ms: performance.now() - startedAt };
  };
  const LONG = 'x'.repeat(1_900_000);

  test.each([
    ['a text where an object should be', { text: LONG }, 'structure', 'Practitioner.text'],
    ['a given name', { name: [{ given: [LONG] }] }, 'too-long', 'Practitioner.name[0].given[0]'],
    ['a value with something said about it', { birthDate: LONG, _birthDate: SAID }, 'too-long', 'Practitioner.birthDate'],
  ])('%s of 1.9 MB is refused at once (it took up to 8.5 s)', async (_name, wrong, code, at) => {
    const { answer, ms } = await timed(door.post(TRUST, '/fhir/Practitioner', { resourceType: 'Practitioner', ...wrong }));
    expect([answer.status, answer.body.issue[0].code, answer.body.issue[0].expression]).toEqual([422, code, [at]]);
    expect(ms).toBeLessThan(4_000);
  });

  test('an element that repeats the one it stands in is known below a profile, too', async () => {
    const consent = {
      ...example('sharing-consent'),
      provision: { type: 'deny', provision: [{ type: 'permit', provision: [{ actor: [{ reference: LONG }] }] }] },
    };
    const { answer, ms } = await timed(door.post(TRUST, '/fhir/Consent', consent));
    expect(answer.status).toBe(422);
    expect(answer.body.issue.map(({ expression }: { expression: string[] }) => expression[0])).toContain(
      'Consent.provision.provision[0].provision[0].actor[0].reference',
    );
    expect(ms).toBeLessThan(4_000);
  });

  test('a patch that copies a list into itself again and again is refused before it fills the memory', async () => {
    await door.put(TRUST, { resourceType: 'Practitioner', id: 'bomb', name: [{ family: 'Plainly-Invented' }] });
    const before = await door.stored();
    const { answer, ms } = await timed(
      door
        .as(door.agent.patch('/fhir/Practitioner/bomb'), TRUST)
        .set('Content-Type', 'application/json-patch+json')
        .send(JSON.stringify(Array.from({ length: 200 }, () => ({ op: 'copy', from: '/name', path: '/name/-' })))),
    );
    expectRefusal(answer, 413, { category: 'too-large', code: 'too-long', text: 'copies at most 2097152 characters', at: 'patch' });
    expect(ms).toBeLessThan(4_000);
    expect(await door.stored()).toBe(before);
  });

  // What an index of PostgreSQL cannot hold (2,704 bytes, pressed as far as they can be) was a fault of the broker's.
  const DENSE = randomBytes(3_000).toString('hex');
  test.each([
    [
      'the number of a contact',
      AMBULANCE,
      'crisis-contact',
      { identifier: [{ system: 'https://example.org/contact', value: DENSE }] },
      'Encounter.identifier[0].value',
    ],
    ['its system', AMBULANCE, 'crisis-contact', { identifier: [{ system: `urn:${DENSE}`, value: '1' }] }, 'Encounter.identifier[0].system'],
    [
      'another number of it',
      AMBULANCE,
      'crisis-contact',
      { identifier: [{ system: 'https://example.org/contact', value: '1' }, { value: DENSE }] },
      'Encounter.identifier[1].value',
    ],
    [
      'the number of a plan',
      TRUST,
      'crisis-plan',
      { identifier: [{ system: 'https://example.org/plan', value: DENSE }] },
      'CarePlan.identifier[0].value',
    ],
    [
      'an area',
      OPERATOR,
      'recipient-service',
      { coverageArea: [{ identifier: { system: 'https://crisis-plan-broker.example/fhir/NamingSystem/area', value: DENSE } }] },
      'HealthcareService.coverageArea[0].identifier.value',
    ],
  ] as const)('%s that no index holds is refused with its place', async (_name, caller, profile, change, at) => {
    const before = await door.stored();
    const whole = example(profile);
    const { status, body } = await door.post(caller, `/fhir/${String(whole['resourceType'])}`, { ...whole, ...change });
    expect([status, body.issue[0].code, body.issue[0].expression]).toEqual([422, 'too-long', [at]]);
    expect(await door.stored()).toBe(before);
  });
});
