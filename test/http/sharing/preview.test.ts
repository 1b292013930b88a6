import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CarePlan, Composition, Consent, Contract, Parameters, ParametersParameter } from '@medplum/fhirtypes';
import type { Anomaly } from '../../../src/model/anomaly.ts';
import { operator, publisher } from '../../store/ground.ts';
import { workOnce } from '../../store/work-once.ts';
import * as body from '../../support/bodies.ts';
import type { Answer, MatchGround } from '../match-ground.ts';
import { ED, openMatchGround, OTHER_TRUST, somebody, TRUST } from '../match-ground.ts';

let door: MatchGround;
beforeAll(async () => {
  door = await openMatchGround();
  await door.person(somebody('amber', door.ground.numbers.next()), []);
  await door.ground.put(publisher, body.consent('cons-amber', 'amber', 'org-trust', { kinds: ['ed', 'ambulance'] }));
  await door.ground.put(
    publisher,
    body.composition('words-2', 'amber', {
      'please-do': 'Speak slowly',
      coping: 'I count',
      'who-to-ring': 'Ring, day and night: 01632 960001',
    }),
  );
  await door.ground.put(publisher, draft('plan-2', 'words-2', 'plan-amber'));
  await door.ground.store.approve(publisher, 'plan-2', '1', body.approval('plan-2'), body.approver);
  await door.ground.fanOutAll();
  while (await workOnce(door.ground.ledger(), 'svc-ed'));
  await door.ground.put(
    publisher,
    body.composition('words-3', 'amber', {
      'please-do': 'Speak slowly',
      triggers: 'Loud sirens',
      'who-to-ring': 'Ring, day and night: 01632 960001',
    }),
  );
  await door.ground.put(publisher, draft('plan-3', 'words-3', 'plan-2'));
  await door.ground.put(publisher, somebody('beryl', door.ground.numbers.next()));
}, 60_000);
afterAll(() => door?.close());

const draft = (id: string, words: string, replaces: string): CarePlan => body.carePlan(id, 'amber', words, { reach: ['svc-ed'], replaces });
const preview = (plan: string, parameter: readonly unknown[] = [], caller = TRUST): Promise<Answer> =>
  door.ask(caller, `CarePlan/${plan}/$preview-release`, { resourceType: 'Parameters', ...(parameter.length === 0 ? {} : { parameter }) });
type Said = Readonly<Record<string, readonly unknown[]>>;
const partsOf = ({ part }: ParametersParameter): Said => {
  const all: Record<string, unknown[]> = {};
  for (const { name, ...value } of part ?? []) all[String(name)] = [...(all[String(name)] ?? []), Object.values(value)[0]];
  return all;
};
const byKind = (json: Parameters): Readonly<Record<string, Said>> =>
  Object.fromEntries(
    (json.parameter ?? [])
      .filter(({ name }) => name === 'organization')
      .map(partsOf)
      .map((each) => [String(each['kind']?.[0]), each]),
  );
/** What each kind may see now, as $sharing says. */
const seen = async (): Promise<Readonly<Record<string, readonly unknown[]>>> =>
  Object.fromEntries(
    Object.entries(byKind((await door.ask(TRUST, 'Patient/amber/$sharing')).json)).map(([kind, { heading }]) => [kind, heading ?? []]),
  );
const versions = async (): Promise<unknown> =>
  (
    await door.ground.database.pool.query(
      `SELECT (SELECT count(*) FROM resource_version) AS versions, (SELECT count(*) FROM fan_out) AS fan_outs, (SELECT count(*) FROM ledger_key) AS keys,
            (SELECT count(*) FROM plan) AS plans, (SELECT sum(epoch) FROM person) AS persons, (SELECT sum(epoch) FROM pair) AS pairs,
            (SELECT md5(string_agg(facts::text, '' ORDER BY consent_id)) FROM consent_fact) AS consents,
            (SELECT count(*) FROM audit WHERE event <> 'preview' AND event <> 'sharing') AS trail`,
    )
  ).rows[0];
/** What the preview says each kind sees afterwards. */
const then = (before: Readonly<Record<string, readonly unknown[]>>, json: Parameters): Readonly<Record<string, readonly unknown[]>> =>
  Object.fromEntries(
    Object.entries(byKind(json)).map(([kind, { gained = [], lost = [] }]) => [
      kind,
      [...(before[kind] ?? []), ...gained].filter((heading) => !lost.includes(heading)).sort(),
    ]),
  );
const sorted = (all: Readonly<Record<string, readonly unknown[]>>) =>
  Object.fromEntries(Object.entries(all).map(([kind, each]) => [kind, [...each].sort()]));

const revoking = (): Consent => body.consent('cons-amber', 'amber', 'org-trust', { kinds: ['ambulance', 'police'] });
const ending = (): Contract => ({ ...body.agreement('org-trust', ['svc-ed'], { headings: ['who-to-ring'] }), id: 'con-ed' });

describe('a change is tried out, and nothing is left of it', () => {
  test.each<[string, string, () => readonly unknown[], () => Promise<unknown>]>([
    ['a consent', 'plan-2', () => [{ name: 'consent', resource: revoking() }], () => door.ground.put(publisher, revoking())],
    ['an agreement', 'plan-2', () => [{ name: 'agreement', resource: ending() }], () => door.ground.put(operator, ending())],
    [
      'the approval of a draft',
      'plan-3',
      () => [],
      () => door.ground.store.approve(publisher, 'plan-3', '1', body.approval('plan-3'), body.approver),
    ],
  ])('%s: the preview says what is so once it is really done', async (_, plan, sent, really) => {
    const [before, stored] = [await seen(), await versions()];
    const { status, json } = await preview(plan, sent());
    expect(status).toBe(200);
    expect([await versions(), await seen()]).toEqual([stored, before]);
    await really();
    const after = sorted(await seen());
    expect(then(before, json)).toEqual(after);
    expect(after).not.toEqual(sorted(before));
    await door.ground.fanOutAll();
    while (await workOnce(door.ground.ledger(), 'svc-ed'));
    // As it was: the next one is tried on the same ground.
    await door.ground.put(publisher, body.consent('cons-amber', 'amber', 'org-trust', { kinds: ['ed', 'ambulance'] }));
    await door.ground.agree('ed');
    await door.ground.fanOutAll();
    while (await workOnce(door.ground.ledger(), 'svc-ed'));
  });

  test('who holds a copy that they may no longer hold would be asked to give it up', async () => {
    const { json } = await preview('plan-3', [{ name: 'consent', resource: revoking() }]);
    expect(byKind(json)).toMatchObject({
      ed: { before: ['hold'], after: ['nothing'], because: ['no-consent'], recall: [true] },
      police: { before: ['nothing'], after: ['hold'], recall: [false] },
    });
  });

  test('a service that an agreement names for the first time is told of, too', async () => {
    await door.ground.put(operator, body.organization('org-line', 'XLINE', 'crisis-line'));
    await door.ground.put(operator, body.service('svc-line', 'org-line', 'crisis-line'));
    await door.ground.put(publisher, body.consent('cons-amber', 'amber', 'org-trust', { kinds: ['ed', 'ambulance', 'crisis-line'] }));
    const { json } = await preview('plan-3', [{ name: 'agreement', resource: body.agreement('org-trust', ['svc-line']) }]);
    expect(byKind(json)['crisis-line']).toMatchObject({
      before: ['nothing'],
      after: ['hold'],
      gained: expect.arrayContaining(['who-to-ring']),
    });
  });

  test('G1, G4: what the guardrails find in a draft is told with its place, as its approval refuses it, and the rest is answered all the same', async () => {
    const harsh = 'If she rings 999 again without need, the police will apply for a Criminal Behaviour Order.';
    const words = body.composition('words-harsh', 'amber', {
      'crisis-steps': harsh,
      coping: harsh,
      'who-to-ring': 'Ring, day and night: 01632 960001',
    });
    const section = words.section?.map((one) => (one.title === 'coping' ? { ...one, author: [{ reference: 'Patient/amber' }] } : one));
    await door.ground.put(publisher, { ...words, section } as Composition);
    await door.ground.put(publisher, {
      ...draft('plan-harsh', 'words-harsh', 'plan-3'),
      contributor: [{ reference: 'Practitioner/nobody' }],
    });
    const { status, json } = await preview('plan-harsh');
    expect([status, byKind(json)['ed']?.['after']]).toEqual([200, ['hold']]);
    const found = (json as Parameters).parameter?.filter(({ name }) => name === 'guardrail').map(partsOf) ?? [];
    const refused = await door.ground.store.approve(publisher, 'plan-harsh', '1', body.approval('plan-harsh'), body.approver).then(
      () => [],
      ({ issues }: Anomaly) => issues.map(({ at, help }) => `${at} ${help}`),
    );
    expect(refused.length).toBeGreaterThan(1);
    const stopping = found.filter(({ severity }) => severity?.[0] === 'error');
    expect(stopping.map(({ id, place, sentence }) => `${place} ${id}: ${sentence}`)).toEqual(refused);
    expect(found.filter((each) => !stopping.includes(each))).toMatchObject([
      { id: ['G1'], severity: ['warning'], place: ['Composition.section[1].text.div'] },
    ]);
    expect(found.map(({ place }) => place?.[0])).not.toContain('Provenance.agent');
  });

  test('I7: each call is on record', async () => {
    await preview('plan-3', [{ name: 'consent', resource: revoking() }]);
    const { json } = await door.ask(TRUST, 'AuditEvent?patient=Patient/amber&subtype=preview');
    expect(json.entry.length).toBeGreaterThan(0);
  });
});

describe('what cannot be tried', () => {
  const words = (): Composition => body.composition('w', 'amber', { 'please-do': 'x' });
  test.each<[string, string, () => readonly unknown[], number]>([
    ['a plan in force without a change', 'plan-3', () => [], 409],
    [
      'two changes at once',
      'plan-3',
      () => [
        { name: 'consent', resource: revoking() },
        { name: 'agreement', resource: ending() },
      ],
      422,
    ],
    ['another resource', 'plan-3', () => [{ name: 'consent', resource: words() }], 422],
    ['another parameter', 'plan-3', () => [{ name: 'plan', resource: words() }], 422],
    ['a consent that is not valid', 'plan-3', () => [{ name: 'consent', resource: { ...revoking(), status: 'perhaps' } }], 422],
    [
      'a consent of another person',
      'plan-3',
      () => [{ name: 'consent', resource: body.consent('other', 'beryl', 'org-trust', { kinds: ['ed'] }) }],
      422,
    ],
    ['an agreement of another publisher', 'plan-3', () => [{ name: 'agreement', resource: body.agreement('org-ed', ['svc-amb']) }], 422],
    [
      'an agreement with a service that is not there',
      'plan-3',
      () => [{ name: 'agreement', resource: body.agreement('org-trust', ['svc-nowhere']) }],
      422,
    ],
  ])('%s', async (_, plan, sent, status) => {
    const stored = await versions();
    expect((await preview(plan, sent())).status).toBe(status);
    expect(await versions()).toEqual(stored);
  });

  test('a draft under the identifier of another person’s plan is refused as its approval would be', async () => {
    await door.ground.put(publisher, body.carePlan('draft-beryl', 'beryl', 'words-2', { reach: [], identifier: 'plan-of-amber' }));
    const { status, json } = await preview('draft-beryl');
    expect([status, json.issue[0].expression]).toEqual([409, ['CarePlan.identifier']]);
  });

  test('I6: another’s plan is not there, and a recipient may not ask', async () => {
    expect((await preview('plan-3', [], OTHER_TRUST)).status).toBe(404);
    expect((await preview('plan-3', [], ED)).status).toBe(403);
  });
});
