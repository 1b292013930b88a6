import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ParametersParameter } from '@medplum/fhirtypes';
import { AMBULANCE, approvePlan, example, openDoor, OTHER_TRUST, TRUST } from '../open-door.ts';

const door = await openDoor();
beforeAll(async () => {
  await approvePlan(door);
  const words = { ...example('plan-words'), id: 'words-2' };
  expect((await door.put(TRUST, words)).status).toBe(201);
  const draft = {
    ...example('crisis-plan'),
    id: 'plan-2',
    replaces: [{ reference: 'CarePlan/plan-1' }],
    supportingInfo: [{ reference: 'Composition/words-2' }],
  };
  expect((await door.put(TRUST, draft)).status).toBe(201);
});
afterAll(() => door.close());

const projectionsOf = async (): Promise<readonly ParametersParameter[]> =>
  (await door.get(TRUST, '/fhir/CarePlan/plan-2/$projections').expect(200)).body.parameter;
const signsOf = async (): Promise<string> => (await projectionsOf()).find(({ name }) => name === 'signs')?.valueString ?? '';
const approve = (signs: string) =>
  door.post(TRUST, '/fhir/CarePlan/plan-2/$approve', {
    resourceType: 'Parameters',
    parameter: [
      { name: 'version', valueString: '1' },
      { name: 'signs', valueString: signs },
      { name: 'provenance', resource: { ...example('plan-approval', 'valid-approve'), target: [{ reference: 'CarePlan/plan-2' }] } },
    ],
  });
const statusOf = async (): Promise<string> => (await door.get(TRUST, '/fhir/CarePlan/plan-2')).body.status;

describe('what approvers are shown is what they sign', () => {
  test('G5: each kind is shown its own words, and police no heading that is not theirs', async () => {
    const shown = (await projectionsOf()).filter(({ name }) => name === 'projection');
    expect(shown.map(({ part }) => part?.[0]?.valueCode)).toEqual(['publisher', 'epr', 'ed', 'ambulance', 'police', 'crisis-line']);
    const police = shown.find(({ part }) => part?.[0]?.valueCode === 'police');
    expect(JSON.stringify(police)).not.toContain('"who-i-am"');
    expect(police?.part?.at(-1)?.resource).toMatchObject({ resourceType: 'Composition', confidentiality: 'V' });
  });

  test('I6: a draft is shown to its publisher only', async () => {
    await door.get(OTHER_TRUST, '/fhir/CarePlan/plan-2/$projections').expect(404);
    await door.get(AMBULANCE, '/fhir/CarePlan/plan-2/$projections').expect(403);
    await door.get(TRUST, '/fhir/CarePlan/plan-1/$projections').expect(409);
  });

  test('what was signed as another mapping is not approved, and the part is named', async () => {
    const { status, body } = await approve((await signsOf()).replace(/^\d+/, '0'));
    expect({ status, help: body.issue[0].details.text, draft: await statusOf() }).toEqual({
      status: 409,
      help: expect.stringMatching(/not what was shown: mapping$/),
      draft: 'draft',
    });
    expect((await approve('nonsense')).status).toBe(409);
  });

  test('words that changed after they were shown are not approved, and each kind that sees a difference is named', async () => {
    const seen = await signsOf();
    const words = JSON.parse(JSON.stringify(example('plan-words')).replace(/<\/div>/, ' Changed.</div>'));
    await door.put(TRUST, { ...words, id: 'words-2' }).expect(200);
    const { status, body } = await approve(seen);
    expect({ status, draft: await statusOf() }).toEqual({ status: 409, draft: 'draft' });
    expect(body.issue[0].details.text).toMatch(/not what was shown: bytes, .*ambulance/);
  });

  test('I9: what was shown is approved, and is kept beside the version', async () => {
    const seen = await signsOf();
    await approve(seen).expect(200);
    const { rows } = await door.pool.query("SELECT signs, hash FROM approved_version WHERE care_plan_id = 'plan-2'");
    expect(rows[0].signs).toBe(seen);
    expect(seen.split('.')[1]).toBe(rows[0].hash);
  });
});
