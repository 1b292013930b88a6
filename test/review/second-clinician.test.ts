import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CarePlan, PractitionerRole } from '@medplum/fhirtypes';
import { Extension } from '../../profiles/canonicals.ts';
import { Anomaly } from '../../src/model/anomaly.ts';
import type { Ground } from '../store/ground.ts';
import { layGround, operator, publisher, WORDS } from '../store/ground.ts';
import * as body from '../support/bodies.ts';

let ground: Ground;

const role = (id: string, practitioner: string, organizationId: string): PractitionerRole => ({
  resourceType: 'PractitionerRole',
  id,
  practitioner: { reference: `Practitioner/${practitioner}` },
  organization: { reference: `Organization/${organizationId}` },
});

/** A plan that the person has not agreed to, with this second clinician. */
const without = (id: string, secondClinician: string): CarePlan => {
  const plan = body.carePlan(id, 'p-second', `words-${id}`, { reach: [], identifier: id });
  const others = (plan.extension ?? []).filter(({ url }) => url !== Extension.agreedWithPerson);
  const extension = [
    { url: 'agreed', valueBoolean: false },
    { url: 'reason', valueString: 'Lacks capacity for now' },
    { url: 'secondClinician', valueReference: { reference: secondClinician } },
  ];
  return { ...plan, extension: [...others, { url: Extension.agreedWithPerson, extension }] };
};

beforeAll(async () => {
  ground = await layGround();
  await ground.put(operator, body.organization('org-force', 'FORCE9', 'police'));
  await ground.put(publisher, body.patient('p-second', '9990000042'));
  for (const id of ['second', 'officer']) await ground.put(publisher, body.practitioner(id));
  await ground.put(publisher, role('approver-role', 'approver', 'org-trust'));
  await ground.put(publisher, role('officer-trust', 'officer', 'org-trust'));
  await ground.put(publisher, role('officer-force', 'officer', 'org-force'));
}, 60_000);
afterAll(() => ground?.close());

const approve = async (id: string, secondClinician: string): Promise<readonly (string | null)[]> => {
  await ground.put(publisher, body.composition(`words-${id}`, 'p-second', WORDS));
  await ground.put(publisher, without(id, secondClinician));
  try {
    await ground.store.approve(publisher, id, '1', body.approval(id), body.approver);
    return [];
  } catch (error) {
    if (!(error instanceof Anomaly)) throw error;
    return error.issues.map(({ at }) => at);
  }
};

describe('G12 G4: a plan without the person needs a second clinician, who is somebody else, and no police officer', () => {
  const AT = 'CarePlan.extension.agreedWithPerson.secondClinician';

  test('another clinician of the trust will do', async () => {
    expect(await approve('plan-good', 'Practitioner/second')).toEqual([]);
  });

  test.each([
    ['nobody who is known', 'Practitioner/nobody'],
    ['the approver', 'Practitioner/approver'],
    ['the approver in another role', 'PractitionerRole/approver-role'],
    ['a police officer, in a role of the trust', 'PractitionerRole/officer-trust'],
  ])('%s will not', async (who, reference) => {
    expect(await approve(`plan-${who.length}`, reference)).toContain(AT);
  });
});
