import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Parameters, ParametersParameter, Resource } from '@medplum/fhirtypes';
import { digest } from '../../../src/decide/digest.ts';
import { operator, publisher } from '../../store/ground.ts';
import { workOnce } from '../../store/work-once.ts';
import * as body from '../../support/bodies.ts';
import type { Answer, MatchGround } from '../match-ground.ts';
import { AMBULANCE, byNumber, ED, openMatchGround, OPERATOR, OTHER_TRUST, POLICE, somebody, tokenOf, TRUST } from '../match-ground.ts';

let door: MatchGround;
let number = '';
beforeAll(async () => {
  door = await openMatchGround();
  number = door.ground.numbers.next();
  await door.person(somebody('amber', number), []);
  await door.ground.put(publisher, body.consent('cons-amber', 'amber', 'org-trust', { kinds: ['ed', 'ambulance'] }));
  await door.ground.put(publisher, somebody('planless', door.ground.numbers.next()));
  // The ED is in reach of a second version; the ambulance service looks up; police are permitted nothing.
  await door.ground.put(
    publisher,
    body.composition('words-2', 'amber', {
      'please-do': 'Speak slowly please',
      triggers: 'Loud sirens',
      'who-to-ring': 'Ring the crisis team, day and night: 01632 960001',
      coping: 'I count',
    }),
  );
  await door.ground.put(publisher, body.carePlan('plan-2', 'amber', 'words-2', { reach: ['svc-ed'], replaces: 'plan-amber' }));
  await door.ground.store.approve(publisher, 'plan-2', '1', body.approval('plan-2'), body.approver);
  await door.ground.fanOutAll();
  while (await workOnce(door.ground.ledger(), 'svc-ed'));
}, 60_000);
afterAll(() => door?.close());

const partsOf = (part: ParametersParameter | undefined): Readonly<Record<string, unknown>> => {
  const all: Record<string, unknown[]> = {};
  for (const { name, ...value } of part?.part ?? []) {
    const said = Object.entries(value).find(([key]) => key.startsWith('value'))?.[1];
    all[name] = [...(all[name] ?? []), said];
  }
  return Object.fromEntries(Object.entries(all).map(([name, values]) => [name, values.length === 1 ? values[0] : values]));
};
const named = (json: Parameters, name: string) => (json.parameter ?? []).filter((each) => each.name === name);
const sharing = (id = 'amber'): Promise<Answer> => door.ask(TRUST, `Patient/${id}/$sharing`);
const ofKind = async (kind: string): Promise<Readonly<Record<string, unknown>>> => {
  const { json } = await sharing();
  return (
    named(json, 'organization')
      .map(partsOf)
      .find((each) => each['kind'] === kind) ?? {}
  );
};
const explain = (recipient: string, plan = 'plan-2', caller = TRUST): Promise<Answer> =>
  door.ask(caller, `CarePlan/${plan}/$explain?recipient=HealthcareService/${recipient}`);
const saidOf = (json: Parameters, name: string): unknown => partsOf({ name: 'all', part: json.parameter ?? [] })[name];

describe('$sharing', () => {
  test('says in plain words who may see what and why, what they hold and since when', async () => {
    const ed = await ofKind('ed');
    expect(ed).toMatchObject({
      service: { reference: 'HealthcareService/svc-ed', display: 'Example XED, an emergency department' },
      plan: { reference: 'CarePlan/plan-2' },
      sees: "May see: Please do / please don't; Trigger factors; Who to ring now.",
      heading: ['please-do', 'triggers', 'who-to-ring'],
      why: 'You permit it, and an agreement with them allows it for emergency treatment.',
      since: expect.any(String),
    });
    expect(ed['holds']).toMatch(/^Holds a copy, since \d+ \w+ \d{4} at \d\d:\d\d: Please do/);
    expect(await ofKind('police')).toMatchObject({
      sees: 'May see nothing: no consent of yours permits it.',
      because: 'no-consent',
      holds: 'Holds nothing that the broker knows of.',
    });
    expect(await ofKind('ambulance')).toMatchObject({
      holds: 'Holds nothing that the broker knows of.',
      heading: expect.arrayContaining(['coping']),
    });
  });

  test('a look-up is a copy from then on, and a revocation shows what was asked back and how it was answered', async () => {
    const found = await door.match(AMBULANCE, byNumber(number));
    await door.confirm(AMBULANCE, tokenOf(found), byNumber(number));
    expect((await ofKind('ambulance'))['holds']).toMatch(/^(Holds|May still hold) a copy, since/);

    await door.ground.put(publisher, body.consent('cons-amber', 'amber', 'org-trust', { kinds: ['ambulance'] }));
    await door.ground.fanOutAll();
    while (await workOnce(door.ground.ledger(), 'svc-ed', { kind: 'unknown', because: 'timeout' }));
    const uncertain = await ofKind('ed');
    expect(uncertain['holds']).toMatch(/^(Holds|May still hold) a copy/);
    expect(uncertain['asked']).toMatch(/^Was asked on .* to give it up, and has not said so yet, and is asked again/);
    await door.ground.database.pool.query('UPDATE ledger_key SET look_at = clock_timestamp()');
    while (await workOnce(door.ground.ledger(), 'svc-ed'));
    const given = await ofKind('ed');
    expect(given).toMatchObject({
      because: 'no-consent',
      holds: 'Holds nothing that the broker knows of.',
      asked: expect.stringContaining('said that it has'),
    });
    expect(JSON.stringify(given)).not.toMatch(/erased|deleted/i);
    await door.ground.put(publisher, body.consent('cons-amber', 'amber', 'org-trust', { kinds: ['ed', 'ambulance'] }));
    await door.ground.fanOutAll();
    while (await workOnce(door.ground.ledger(), 'svc-ed'));
  });

  test('I7: each call is on record for the plan, and found as an AuditEvent', async () => {
    await sharing();
    const { json } = await door.ask(TRUST, 'AuditEvent?patient=Patient/amber&subtype=sharing');
    expect(json.entry[0].resource).toMatchObject({ type: { code: '110112' }, outcome: '0' });
  });

  test('I6: nobody but the publisher is answered, and a Patient without a plan has nobody', async () => {
    expect((await door.ask(OTHER_TRUST, 'Patient/amber/$sharing')).status).toBe(404);
    for (const caller of [ED, AMBULANCE, POLICE, OPERATOR]) expect((await door.ask(caller, 'Patient/amber/$sharing')).status).toBe(403);
    expect((await sharing('planless')).json).toEqual({ resourceType: 'Parameters' });
    expect((await sharing('nobody')).status).toBe(404);
  });

  test('no word of the plan and no number of the person is in it', async () => {
    expect((await sharing()).text).not.toMatch(new RegExp(`Speak slowly|sirens|I count|${number}|Testperson`));
  });
});

describe('$explain', () => {
  test('says each gate, the facts with version and hash, what is withheld and by which gate, and each address', async () => {
    const { status, json } = await explain('svc-ed');
    expect([status, saidOf(json, 'answer'), saidOf(json, 'purpose'), saidOf(json, 'heading')]).toEqual([
      200,
      'hold',
      'ETREAT',
      ['please-do', 'triggers', 'who-to-ring'],
    ]);
    expect(
      named(json, 'gate')
        .map(partsOf)
        .map(({ gate, outcome }) => `${gate} ${outcome}`),
    ).toEqual(['person', 'plan', 'number', 'reach', 'agreement', 'consent', 'kind'].map((gate) => `${gate} passed`));
    const facts = named(json, 'fact').map(partsOf) as unknown as { reference: { reference: string }; hash: string }[];
    for (const { reference, hash } of facts) {
      const { json: stored } = await door.ask(reference.reference.startsWith('Contract') ? OPERATOR : TRUST, reference.reference);
      expect([reference.reference, digest(stored as Resource)]).toEqual([reference.reference, hash]);
    }
    expect(facts.map(({ reference }) => reference.reference.split('/')[0])).toEqual(['Patient', 'CarePlan', 'Contract', 'Consent']);
    expect(named(json, 'address').map(partsOf)).toEqual([expect.objectContaining({ channel: 'fhir-messaging', answer: 'hold' })]);
  });

  test('of a refusal: the gate that failed, and none that was asked after it', async () => {
    const { json } = await explain('svc-force');
    expect([saidOf(json, 'answer'), saidOf(json, 'because')]).toEqual(['nothing', 'no-consent']);
    expect(
      named(json, 'gate')
        .map(partsOf)
        .map(({ outcome }) => outcome),
    ).toEqual(['passed', 'passed', 'passed', 'passed', 'passed', 'failed', 'not-reached']);
    await door.ground.put(operator, { ...body.agreement('org-trust', ['svc-force'], { status: 'terminated' }), id: 'con-force' });
    expect(saidOf((await explain('svc-force')).json, 'because')).toBe('no-agreement');
    await door.ground.agree('force');
  });

  test('what is asked wrongly, or of what is not in force or not one’s own', async () => {
    expect((await explain('svc-ed', 'plan-amber')).status).toBe(404);
    expect((await explain('svc-nobody')).status).toBe(404);
    expect((await explain('svc-ed', 'plan-2', OTHER_TRUST)).status).toBe(404);
    expect((await explain('svc-ed', 'plan-2', ED)).status).toBe(403);
    expect((await door.ask(TRUST, 'CarePlan/plan-2/$explain')).status).toBe(400);
    const later = await door.ask(TRUST, 'CarePlan/plan-2/$explain?recipient=svc-ed&at=2026-01-01');
    expect([later.status, later.json.issue[0].expression]).toEqual([400, ['http.at']]);
    expect((await door.ask(TRUST, "CarePlan/plan-2/$explain?recipient=x'%20OR%201=1")).status).toBe(400);
  });
});
