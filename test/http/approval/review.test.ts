import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CarePlan, Composition, Parameters, ParametersParameter, Task } from '@medplum/fhirtypes';
import { System } from '../../../profiles/canonicals.ts';
import { changedHeadings, type Worded } from '../../../src/decide/changed-headings.ts';
import { project } from '../../../src/decide/project.ts';
import { reviewState } from '../../../src/decide/review-state.ts';
import type { PlanAction, Section } from '../../../src/model/disclosure.ts';
import { RECIPIENT_KINDS, type RecipientKind } from '../../../src/model/kind.ts';
import type { Projection } from '../../../src/model/plan.ts';
import { identityFor } from '../../support/sign-in.ts';
import { AMBULANCE, approvePlan, example, openDoor, OPERATOR, OTHER_TRUST, POLICE, TRUST } from '../open-door.ts';

const door = await openDoor();
const words = (change: (composition: Composition) => Composition = (same) => same): Record<string, unknown> => ({
  ...change(example('plan-words') as unknown as Composition),
  id: 'words-2',
});
const draft = (): Record<string, unknown> => ({
  ...example('crisis-plan'),
  id: 'plan-2',
  replaces: [{ reference: 'CarePlan/plan-1' }],
  supportingInfo: [{ reference: 'Composition/words-2' }],
});
const section = (code: string, text: string): NonNullable<Composition['section']>[number] => ({
  title: code,
  code: { coding: [{ system: System.heading, code }] },
  text: { status: 'additional', div: `<div xmlns="http://www.w3.org/1999/xhtml">${text}</div>` },
});
/** The same words with the first heading changed, and others added. */
const rewritten = (composition: Composition): Composition => {
  const [first, ...rest] = composition.section ?? [];
  const changed = { ...first, ...section('please-do', 'Stand where I can see you') };
  return { ...composition, section: [changed, ...rest, section('formulation', 'Kept in the trust'), section('triggers', 'Loud sirens')] };
};
beforeAll(async () => {
  await approvePlan(door);
  expect((await door.put(TRUST, words())).status).toBe(201);
  expect((await door.put(TRUST, draft())).status).toBe(201);
}, 60_000);
afterAll(() => door.close());

const PLAN = '/fhir/CarePlan/plan-2';
const parameters = (...parameter: readonly object[]) => ({
  resourceType: 'Parameters',
  ...(parameter.length === 0 ? {} : { parameter }),
});
const submit = (caller = TRUST, ...sent: readonly object[]) => door.post(caller, `${PLAN}/$submit-for-review`, parameters(...sent));
const said = (kind: string, text: string, heading?: string) =>
  parameters(
    { name: 'kind', valueCode: kind },
    { name: 'text', valueString: text },
    ...(heading === undefined ? [] : [{ name: 'heading', valueCode: heading }]),
  );
const comment = (kind: string, text: string, heading?: string) => door.post(TRUST, `${PLAN}/$comment`, said(kind, text, heading));
const valueIn = (all: readonly ParametersParameter[] | undefined, name: string): unknown => {
  const { name: _, ...value } = (all ?? []).find((one) => one.name === name) ?? { name };
  return Object.values(value)[0];
};
const changes = async (): Promise<Parameters> => (await door.get(TRUST, `${PLAN}/$changes`).expect(200)).body;
const stateOf = async (): Promise<unknown> => valueIn((await changes()).parameter, 'state');
const partsOf = async (name: string): Promise<readonly (readonly ParametersParameter[])[]> =>
  ((await changes()).parameter ?? []).filter((one) => one.name === name).map(({ part }) => part ?? []);
const tasks = async (code: string): Promise<readonly Task[]> =>
  ((await door.get(TRUST, `/fhir/Task?code=${code}&focus=CarePlan/plan-2`).expect(200)).body.entry ?? []).map(
    ({ resource }: { resource: Task }) => resource,
  );
const approve = async (plan = 'plan-2') =>
  door.post(TRUST, `/fhir/CarePlan/${plan}/$approve`, {
    resourceType: 'Parameters',
    parameter: [
      { name: 'version', valueString: (await door.get(TRUST, `/fhir/CarePlan/${plan}`)).body.meta.versionId },
      {
        name: 'provenance',
        resource: { ...example('plan-approval', 'valid-approve'), target: [{ reference: `CarePlan/${plan}` }] },
      },
    ],
  });
const answer = async (id: string | undefined, status: string) => {
  const { body } = await door.get(TRUST, `/fhir/Task/${id}`).expect(200);
  await door.put(TRUST, { ...body, status }).expect(200);
};

describe('a draft goes into review', () => {
  test('nothing is said of a draft that nobody submitted', async () => {
    expect(await stateOf()).toBe('draft');
    expect((await comment('comment', 'Too early')).status).toBe(409);
  });

  test('what is submitted twice is in review once, and stays a draft to R4', async () => {
    const first = await submit(TRUST, { name: 'version', valueString: '1' }).expect(200);
    const again = await submit().expect(200);
    expect(again.body).toEqual(first.body);
    const { body: plan } = await door.get(TRUST, PLAN);
    expect([plan.status, plan.meta.versionId, await stateOf()]).toEqual(['draft', '1', 'in-review']);
    const signs = valueIn((await door.get(TRUST, `${PLAN}/$projections`)).body.parameter, 'signs');
    expect(String(signs).split('.')[1]).toBe(valueIn(first.body.parameter, 'bytes'));
    expect(await tasks('plan-review')).toMatchObject([
      { status: 'requested', meta: { versionId: '1' }, for: { reference: 'Patient/amber' }, requester: { identifier: { value: 'ZZ1' } } },
    ]);
  });

  test('another version than the newest, an unknown kind or heading, and a strange parameter are refused', async () => {
    await submit(TRUST, { name: 'version', valueString: '7' }).expect(412);
    await submit(TRUST, { name: 'colour', valueString: 'red' }).expect(422);
    expect((await comment('sanction', 'No such kind')).status).toBe(422);
    expect((await comment('comment', 'No such heading', 'risk')).status).toBe(422);
    expect((await comment('comment', 'x'.repeat(1_001))).status).toBe(422);
    await door.post(TRUST, '/fhir/CarePlan/plan-1/$submit-for-review', parameters()).expect(409);
    expect(await partsOf('comment')).toEqual([]);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['the draft', async () => door.put(TRUST, draft()).expect(200)],
    ['its words', async () => door.put(TRUST, words(rewritten)).expect(200)],
  ])('a write to %s takes it back: the review was of other bytes', async (_, write) => {
    await submit().expect(200);
    expect(await stateOf()).toBe('in-review');
    await write();
    expect(await stateOf()).toBe('draft');
    expect(await tasks('plan-review')).toMatchObject([{ status: 'cancelled' }]);
    expect((await comment('comment', 'Of what was')).status).toBe(409);
  });

  test('the review is of bytes, whether or not anybody was told of a write', () => {
    expect(reviewState({ bytes: 'b', reviewed: 'a', openRequests: 1 })).toBe('draft');
    expect(reviewState({ bytes: 'b', reviewed: null, openRequests: 0 })).toBe('draft');
    expect(reviewState({ bytes: 'b', reviewed: 'b', openRequests: 1 })).toBe('changes-requested');
  });
});

describe('what a draft changes', () => {
  test('is shown heading by heading with both texts, and for whom', async () => {
    const shown = (await partsOf('heading')).map((part) => ({
      heading: `${valueIn(part, 'code')} ${valueIn(part, 'change')}`,
      kinds: part.filter(({ name }) => name === 'kind').map(({ valueCode }) => valueCode),
    }));
    expect(shown).toEqual([
      { heading: 'please-do changed', kinds: [...RECIPIENT_KINDS] },
      { heading: 'triggers added', kinds: ['publisher', 'epr', 'ed', 'ambulance'] },
      { heading: 'coping same', kinds: [] },
      { heading: 'crisis-steps same', kinds: [] },
      { heading: 'who-to-ring same', kinds: [] },
      { heading: 'formulation added', kinds: [] },
    ]);
    const [first] = await partsOf('heading');
    const textOf = (name: string) => valueIn(first?.find((one) => one.name === name)?.part, 'text');
    expect([textOf('before'), textOf('after')]).toEqual([
      expect.stringContaining('Sit down beside me'),
      expect.stringContaining('Stand where I can see you'),
    ]);
    expect(valueIn((await changes()).parameter, 'inForce')).toEqual({ reference: 'CarePlan/plan-1' });
    expect((await partsOf('projection')).every((part) => valueIn(part, 'changed') === true)).toBe(true);
  });

  test('removed, same and changed actions are told apart, and a first draft adds all that it says', () => {
    const worded = (sections: readonly Section[], actions: readonly PlanAction[]): Worded => ({
      sections,
      actions,
      projections: Object.fromEntries(
        Object.entries(project(sections, actions)).map(([kind, { projection }]) => [kind, projection]),
      ) as Record<RecipientKind, Projection>,
    });
    const home: Section = { heading: 'home-access', div: 'Key safe' };
    const coping = (description: string): PlanAction => ({ heading: 'coping', description });
    const before = worded([home], [coping('I count'), coping('I walk')]);
    const after = worded([], [coping('I walk'), coping('I count')]);
    const told = (one: Worded | null, other: Worded) =>
      changedHeadings(one, other).map(({ heading, change, kinds }) => `${heading} ${change} ${kinds.join()}`);
    expect(told(before, after)).toEqual([
      'coping changed publisher,epr,ambulance,crisis-line',
      'home-access removed publisher,epr,ambulance',
    ]);
    expect(told(before, before)).toEqual(['coping same ', 'home-access same ']);
    expect(told(null, after)).toEqual(['coping added publisher,epr,ambulance,crisis-line']);
  });
});

describe('what is said of it', () => {
  let request: string | undefined;

  test('names who, when, which heading and which bytes; a user who is signed in is the one', async () => {
    const { body } = await submit().expect(200);
    await comment('comment', 'Reads well').expect(200);
    await comment('change-request', 'Say which side to stand on', 'please-do')
      .set('X-User-Identity', await identityFor(TRUST, `${door.origin}/fhir`))
      .expect(200);
    const [first, second] = await partsOf('comment');
    expect([valueIn(first, 'text'), valueIn(first, 'open'), valueIn(second, 'heading'), valueIn(second, 'open')]).toEqual([
      'Reads well',
      false,
      'please-do',
      true,
    ]);
    expect([valueIn(first, 'by'), valueIn(second, 'by')]).toMatchObject([
      { identifier: { system: System.odsOrganization, value: 'ZZ1' } },
      { display: 'Example Testconsultant-Cedar', identifier: { system: System.gmc } },
    ]);
    expect(valueIn(second, 'bytes')).toBe(valueIn(body.parameter, 'bytes'));
    expect(await stateOf()).toBe('changes-requested');
    const [task] = await tasks('change-request');
    request = task?.id;
    expect(task).toMatchObject({ status: 'requested', description: 'Say which side to stand on', authoredOn: valueIn(second, 'at') });
  });

  test('I9: what was said is not rewritten, and a comment is done', async () => {
    const { body } = await door.get(TRUST, `/fhir/Task/${request}`);
    await door.put(TRUST, { ...body, description: 'Something else' }).expect(422);
    const [note] = await tasks('review-comment');
    await door.put(TRUST, { ...note, status: 'in-progress' } as unknown as Record<string, unknown>).expect(409);
  });

  test('an open change request stands in the way of the approval, and is named, also once the draft was written', async () => {
    const { status, body } = await approve();
    expect([status, body.issue[0].details.text]).toEqual([409, expect.stringContaining(`Task/${request}`)]);
    await door.put(TRUST, words(rewritten)).expect(200);
    expect([await stateOf(), (await approve()).status]).toEqual(['draft', 409]);
    await submit().expect(200);
    expect(await stateOf()).toBe('changes-requested');
    await answer(request, 'failed');
    expect((await approve()).status).toBe(409);
  });

  test('I4, I6: no other trust, recipient, police or operator is shown any of it', async () => {
    for (const caller of [OTHER_TRUST, AMBULANCE, POLICE, OPERATOR]) {
      const refused = caller === OTHER_TRUST ? 404 : 403;
      await door.get(caller, `${PLAN}/$changes`).expect(refused);
      await submit(caller).expect(refused);
      await door.post(caller, `${PLAN}/$comment`, said('comment', 'From outside')).expect(refused);
      await door.get(caller, `/fhir/Task/${request}`).expect(404);
      const { body } = await door.get(caller, '/fhir/Task?_count=50').expect(200);
      expect(JSON.stringify(body)).not.toContain('which side');
    }
    const { body: seen } = await door.get(AMBULANCE, '/fhir/CarePlan?patient:identifier=9990012342');
    expect(JSON.stringify(seen)).not.toMatch(/which side|Stand where/);
    const { body: absent } = await door.get(OTHER_TRUST, '/fhir/CarePlan/none/$changes').expect(404);
    expect((await door.get(OTHER_TRUST, `${PLAN}/$changes`)).body).toEqual(absent);
  });

  test('it is sealed by the key of the person whom it is about', async () => {
    const { rows } = await door.pool.query(
      `SELECT DISTINCT sealed_by, body LIKE '%which side%' AS open FROM resource_version WHERE type = 'Task' AND id = $1`,
      [request],
    );
    expect(rows).toEqual([{ sealed_by: 'amber', open: false }]);
  });

  test('once it is made, the draft is approved, and the review is over; a draft that nobody submitted is approved as ever', async () => {
    await answer(request, 'completed');
    expect(await stateOf()).toBe('in-review');
    expect((await approve()).body.status).toBe('active');
    expect(await tasks('plan-review')).toMatchObject([{ status: 'completed' }]);
    await door.get(TRUST, `${PLAN}/$changes`).expect(409);
    await door.put(TRUST, { ...words(rewritten), id: 'words-3' }).expect(201);
    const next = { ...draft(), id: 'plan-3', replaces: [{ reference: 'CarePlan/plan-2' }] } as unknown as CarePlan;
    await door
      .put(TRUST, { ...next, supportingInfo: [{ reference: 'Composition/words-3' }] } as unknown as Record<string, unknown>)
      .expect(201);
    expect((await approve('plan-3')).status).toBe(200);
  });

  test('against a plan that was withdrawn everything is new, and still only its publisher knows', async () => {
    await door
      .post(TRUST, '/fhir/CarePlan/plan-3/$withdraw', parameters({ name: 'reason', valueString: 'Asked for by the person' }))
      .expect(200);
    await door.put(TRUST, { ...words(), id: 'words-4' }).expect(201);
    await door.put(TRUST, { ...draft(), id: 'plan-4', supportingInfo: [{ reference: 'Composition/words-4' }] }).expect(201);
    const { body } = await door.get(TRUST, '/fhir/CarePlan/plan-4/$changes').expect(200);
    const all = (body as Parameters).parameter ?? [];
    expect(all.some(({ name }) => name === 'inForce')).toBe(false);
    expect(new Set(all.filter(({ name }) => name === 'heading').map(({ part }) => valueIn(part, 'change')))).toEqual(new Set(['added']));
    await door.get(OTHER_TRUST, '/fhir/CarePlan/plan-4/$changes').expect(404);
  });

  test('I7: each of it is on record, with the user who did it', async () => {
    const { rows } = await door.pool.query(
      `SELECT event, split_part(about, '/', 1) AS about, count(*)::integer AS times, count(caller)::integer AS named, bool_and(digest ~ '^[0-9a-f]{64}$') AS hashed
         FROM audit WHERE event IN ('changes', 'review') GROUP BY 1, 2 ORDER BY 1, 2`,
    );
    expect(rows).toEqual([
      { event: 'changes', about: 'CarePlan', times: expect.any(Number), named: 0, hashed: true },
      // Submitted for each of the bytes; two said something; the request failed, then was made.
      { event: 'review', about: 'CarePlan', times: 4, named: 0, hashed: true },
      { event: 'review', about: 'Task', times: 4, named: 1, hashed: true },
    ]);
    const { body } = await door.get(TRUST, '/fhir/AuditEvent?subtype=review&_count=50').expect(200);
    expect(body.entry).toHaveLength(8);
    const outside = await door.get(OTHER_TRUST, '/fhir/AuditEvent?subtype=review').expect(200);
    expect(outside.body.total ?? 0).toBe(0);
  });
});
