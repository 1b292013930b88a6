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
});
