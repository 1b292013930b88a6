import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Provenance } from '@medplum/fhirtypes';
import { signedVersion } from '../../src/store/signed-version.ts';
import * as body from '../support/bodies.ts';
import { nhsNumbersFrom } from '../support/nhs-numbers.ts';
import type { OpenDoor } from './open-door.ts';
import { openDoor, OPERATOR, TRUST } from './open-door.ts';

const ROUNDS = 10;
const WORDS = { 'please-do': 'Speak slowly please', 'who-to-ring': 'Ring the crisis team, day and night: 01632 960001' };

let door: OpenDoor;
const numbers = nhsNumbersFrom(420_000);
beforeAll(async () => {
  door = await openDoor();
  await put(body.organization('org-trust', 'ZZ1', 'publisher'), OPERATOR);
  for (const id of ['author', 'approver']) await put(body.practitioner(id));
  for (const id of ['amber', 'beryl']) await put(body.patient(id, numbers.next(), `Testperson-${id}`));
});
afterAll(async () => {
  // Whoever loses a race is told so: it is never the broker's fault.
  expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  await door.close();
});

const put = async (resource: object, caller = TRUST) => {
  const answer = await door.put(caller, { ...resource });
  if (answer.status > 201) throw new Error(`${answer.status}: ${answer.text}`);
  return answer;
};
const approve = (id: string, provenance: Provenance = body.approval(id)) =>
  door.post(TRUST, `/fhir/CarePlan/${id}/$approve`, {
    resourceType: 'Parameters',
    parameter: [
      { name: 'version', valueString: '1' },
      { name: 'provenance', resource: provenance },
    ],
  });
const draft = async (id: string, patient = 'amber', identifier = id, words = `words-${id}`): Promise<void> => {
  await put(body.composition(words, patient, WORDS));
  await put(body.carePlan(id, patient, words, { reach: [], identifier }));
};

describe('what is signed', () => {
  test('I9 the words of one version are not approved with another', async () => {
    await draft('first');
    expect((await approve('first')).status).toBe(200);
    await put(body.carePlan('second', 'amber', 'words-first', { reach: [], identifier: 'second' }));
    const answer = await approve('second');
    expect(answer.status).toBe(409);
    expect(answer.body.issue[0].expression).toEqual(['CarePlan.supportingInfo[0]']);
  });

  test('I4 the words of another person are not approved with a plan', async () => {
    await put(body.composition('of-beryl', 'beryl', WORDS));
    await put(body.carePlan('of-amber', 'amber', 'of-beryl', { reach: [], identifier: 'of-amber' }));
    const answer = await approve('of-amber');
    expect(answer.status).toBe(422);
    expect(answer.body.issue[0].expression).toEqual(['CarePlan.supportingInfo[0]']);
  });

  test('a Provenance that signs a plan whose id only begins alike does not approve', async () => {
    await draft('p1');
    const answer = await approve('p1', body.approval('p10'));
    expect(answer.status).toBe(422);
    expect(answer.body.issue[0].expression).toEqual(['Provenance.target']);
    expect((await approve('p1')).status).toBe(200);
  });
});

describe('races', () => {
  test('I9 approval against a new version of the draft: one of them wins', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const id = `draft-${round}`;
      await draft(id);
      const changed = { ...body.carePlan(id, 'amber', `words-${id}`, { reach: [], identifier: id }), title: 'changed' };
      const [approved, written] = await Promise.all([approve(id), door.put(TRUST, { ...changed })]);
      expect([`${approved.status} ${written.status}`]).toEqual([expect.stringMatching(/^(200 409|412 200)$/)]);
      const { body: stored } = await door.get(TRUST, `/fhir/CarePlan/${id}`);
      expect([stored.status, stored.title]).toEqual(approved.status === 200 ? ['active', undefined] : ['draft', 'changed']);
    }
  }, 60_000);

  test('I9 approval against new words: what is stored is what was signed', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const id = `words-${round}`;
      await draft(id);
      const changed = body.composition(`words-${id}`, 'amber', { ...WORDS, 'please-do': 'Shout at me' });
      const [approved, written] = await Promise.all([approve(id), door.put(TRUST, { ...changed })]);
      expect(approved.status).toBe(200);
      const signed = await signedVersion(door.pool, id);
      expect(signed?.bytes?.includes('Shout')).toBe(written.status === 200);
      expect((await door.get(TRUST, `/fhir/Composition/words-${id}`)).text.includes('Shout')).toBe(written.status === 200);
    }
  }, 60_000);

  test('a draft is approved once, however often at once it is asked for', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      await draft(`once-${round}`);
      const answers = await Promise.all([1, 2, 3, 4].map(() => approve(`once-${round}`)));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    }
  }, 60_000);

  test('one business identifier is of one person, also when two are approved at once', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      await draft(`a-${round}`, 'amber', `shared-${round}`);
      await draft(`b-${round}`, 'beryl', `shared-${round}`);
      const answers = await Promise.all([approve(`a-${round}`), approve(`b-${round}`)]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    }
  }, 60_000);
});
