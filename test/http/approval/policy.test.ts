import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { ProvenanceAgent } from '@medplum/fhirtypes';
import { DEFAULT_POLICY } from '../../../src/model/approval-policy.ts';
import { testPolicies } from '../../support/test-approving.ts';
import { approvePlan, example, openDoor, TRUST } from '../open-door.ts';

const door = await openDoor();
const signer = (who: string): ProvenanceAgent => ({
  type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type', code: 'attester' }] },
  who: { reference: who },
});
const consultant = { ...signer('Practitioner/consultant'), onBehalfOf: { reference: 'Organization/trust' } };
const sister = signer('RelatedPerson/sister');
const amber = signer('Patient/amber');

beforeAll(async () => {
  await approvePlan(door);
  for (const [id, patient] of [
    ['sister', 'amber'],
    ['of-another', 'coral'],
  ] as const) {
    if (patient === 'coral') {
      const { identifier: _identifier, ...nobody } = example('plan-patient', 'valid-no-number');
      expect((await door.put(TRUST, { ...nobody, id: 'coral' })).status).toBe(201);
    }
    const related = { resourceType: 'RelatedPerson', id, patient: { reference: `Patient/${patient}` }, active: true };
    expect((await door.put(TRUST, related)).status).toBe(201);
  }
  expect((await door.put(TRUST, { ...example('plan-words'), id: 'words-2' })).status).toBe(201);
  const draft = {
    ...example('crisis-plan'),
    id: 'plan-2',
    replaces: [{ reference: 'CarePlan/plan-1' }],
    supportingInfo: [{ reference: 'Composition/words-2' }],
  };
  expect((await door.put(TRUST, draft)).status).toBe(201);
});
beforeEach(() => testPolicies.clear());
afterAll(() => door.close());

const approve = async (agent: readonly ProvenanceAgent[], signs?: string) => {
  const { status, body } = await door.post(TRUST, '/fhir/CarePlan/plan-2/$approve', {
    resourceType: 'Parameters',
    parameter: [
      { name: 'version', valueString: '1' },
      ...(signs === undefined ? [] : [{ name: 'signs', valueString: signs }]),
      {
        name: 'provenance',
        resource: { ...example('plan-approval', 'valid-approve'), agent, target: [{ reference: 'CarePlan/plan-2' }] },
      },
    ],
  });
  return { status, at: body.issue?.[0].expression?.[0], says: body.issue?.[0].details.text };
};

describe('who signs an approval', () => {
  test.each([
    ['the person alone', [amber]],
    ['a carer alone', [sister]],
    ['the person and a carer', [amber, sister]],
  ])('G12: %s approves no plan: a clinician does', async (_who, agents) => {
    expect(await approve(agents)).toMatchObject({ status: 422, at: 'Provenance.agent', says: expect.stringContaining('G12') });
  });

  test('another person, or another person’s carer, signs nothing', async () => {
    for (const who of ['RelatedPerson/of-another', 'RelatedPerson/nobody', 'Patient/coral'])
      expect(await approve([consultant, signer(who)])).toMatchObject({ status: 403, at: 'Provenance.agent[1].who' });
  });

  test('where a policy says so, carers do not sign', async () => {
    testPolicies.set('ZZ1', { ...DEFAULT_POLICY, carers: 'never' });
    expect(await approve([consultant, sister])).toMatchObject({
      status: 422,
      at: 'Provenance.agent[1].who',
      says: expect.stringMatching(/^policy: /),
    });
  });

  test('where a policy says so, a person who agrees signs', async () => {
    testPolicies.set('ZZ1', { ...DEFAULT_POLICY, person: 'signs-or-second-clinician' });
    expect(await approve([consultant, sister])).toMatchObject({ status: 422, at: 'Provenance.agent' });
  });

  test('where a policy says so, a draft is approved only while it is in review', async () => {
    testPolicies.set('ZZ1', { ...DEFAULT_POLICY, review: 'required' });
    expect(await approve([consultant])).toMatchObject({ status: 422, at: 'CarePlan', says: expect.stringContaining('in review') });
    await door.post(TRUST, '/fhir/CarePlan/plan-2/$submit-for-review', { resourceType: 'Parameters' }).expect(200);
    expect(await approve([consultant, signer('Patient/coral')])).toMatchObject({ status: 403 });
  });

  test('where a policy says so, an approver says what was shown; then person and carer sign beside the clinician', async () => {
    testPolicies.set('ZZ1', { ...DEFAULT_POLICY, signs: 'required', person: 'signs-or-second-clinician' });
    expect(await approve([consultant, amber, sister])).toMatchObject({ status: 422, at: "Parameters.parameter.where(name='signs')" });
    const shown = await door.get(TRUST, '/fhir/CarePlan/plan-2/$projections').expect(200);
    const signs = shown.body.parameter.find(({ name }: { name: string }) => name === 'signs').valueString;
    expect(await approve([consultant, amber, sister], signs)).toMatchObject({ status: 200 });
  });
});
