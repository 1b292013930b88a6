import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { approvePlan, type OpenDoor, openDoor, TRUST } from '../http/open-door.ts';

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
});
