import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Parameters, Provenance, Resource } from '@medplum/fhirtypes';
import { toEndingProof } from '../../../mappings/sharing/to-ending.ts';
import { Extension } from '../../../profiles/canonicals.ts';
import type { Principal } from '../../../src/model/principal.ts';
import { chases } from '../../../src/store/chases.ts';
import { checkSealOf } from '../../../src/store/trail/approval-signature.ts';
import * as body from '../../support/bodies.ts';
import type { TestEngine } from '../../support/engine.ts';
import { startTestEngine } from '../../support/engine.ts';
import { eventually } from '../../support/eventually.ts';
import { startFakeFhirRecipient } from '../../support/fake-fhir-recipient.ts';
import type { FakeRecipient } from '../../support/fake-recipient.ts';
import { claimsFor, identityOf } from '../../support/sign-in.ts';
import { testKeys } from '../../support/test-approving.ts';
import { type Caller, openDoorOn, OPERATOR } from '../open-door.ts';

const operator: Principal = { organization: 'BROKER', kind: 'operator', scopes: ['system/*.cruds'], user: null };
const publisher: Principal = { organization: 'TRUST1', kind: 'publisher', scopes: ['system/*.cruds'], user: null };
const TRUST: Caller = { ods: 'TRUST1', kind: 'publisher' };
const EPR: Caller = { ods: 'EPR1', kind: 'epr' };
const consentOf = (person: string) => body.consent(`c-${person}`, person, 'org-trust', { kinds: ['epr'] });

let engine: TestEngine;
let door: Awaited<ReturnType<typeof openDoorOn>>;
let epr: FakeRecipient;
const put = (principal: Principal, resource: Resource) =>
  engine.store.write({ principal, resource, id: resource.id ?? null, ifMatch: null });
const owed = async () => (await chases(engine.database.pool, { count: 100 })).chases;
/** Somebody of the operator's, who is signed in and no clinician. */
const officerOf = (ods: string): Promise<string> =>
  identityOf({ ...claimsFor(ods), gmc_id: undefined, sub: '999000000777', name: 'Example Testofficer-Rowan', aud: `${door.origin}/fhir` });

const SERVICE = '/fhir/HealthcareService/svc-epr/$end-chase';
type Part = NonNullable<Parameters['parameter']>[number];
const attested = (disclosure: string): Part[] => [
  { name: 'level', valueCode: 'attested' },
  { name: 'disclosure', valueReference: { reference: `CarePlan/${disclosure}` } },
  { name: 'reason', valueString: 'The EPR was switched off for good; its supplier confirmed it' },
  { name: 'checked', valueString: 'Searched for the document on the archive system with the supplier on the telephone' },
];
const endChase = async (caller: Caller, parts: readonly Part[], { path = SERVICE, user = true } = {}) => {
  const parameters = { resourceType: 'Parameters', parameter: parts };
  if (user) return door.post(caller, path, parameters).set('X-User-Identity', await officerOf(caller.ods));
  // A client by itself: the token and nobody.
  const asked = door.agent.post(path).set('Authorization', `Bearer ${await door.tokens.of(caller)}`);
  return asked.set('Content-Type', 'application/fhir+json').send(JSON.stringify(parameters));
};
/** A person whose plan the EPR holds, and is asked to give up and says nothing. Answers the chase. */
const chased = async (person: string, number: string) => {
  epr.behave({ how: 'normal' });
  await put(publisher, body.patient(person, number));
  await put(
    publisher,
    body.composition(`w-${person}`, person, {
      'please-do': 'Speak slowly please',
      'who-to-ring': 'Ring the crisis team, day and night: 01632 960001',
    }),
  );
  await put(publisher, body.carePlan(`v-${person}`, person, `w-${person}`, { reach: ['svc-epr'] }));
  await put(publisher, consentOf(person));
  await engine.store.approve(publisher, `v-${person}`, '1', body.approval(`v-${person}`), body.approver);
  await eventually(() => expect(epr.holds().filter((held) => held.person === number)).toHaveLength(1));
  epr.behave({ how: 'stall' });
  await put(publisher, { ...consentOf(person), status: 'inactive' });
  return eventually(async () => {
    const [chase] = await owed();
    if (chase === undefined || chase.failures < 1) throw new Error('nobody is chased yet');
    return chase;
  }, 20_000);
};
const sharingOf = async (person: string): Promise<string> =>
  JSON.stringify((await door.get(TRUST, `/fhir/Patient/${person}/$sharing`).expect(200)).body);

beforeAll(async () => {
  engine = await startTestEngine();
  door = await openDoorOn(engine.database);
  epr = await startFakeFhirRecipient();
  await put(operator, body.organization('org-trust', 'TRUST1', 'publisher'));
  await put(operator, body.organization('org-epr', 'EPR1', 'epr'));
  await put(operator, body.organization('org-ed', 'ED1', 'ed'));
  await put(operator, body.service('svc-epr', 'org-epr', 'epr'));
  await put(operator, body.service('svc-ed', 'org-ed', 'ed'));
  await put(operator, body.endpoint('end-epr', 'svc-epr', 'org-epr', epr.address));
  await put(operator, body.agreement('org-trust', ['svc-epr']));
  for (const id of ['author', 'approver']) await put(publisher, body.practitioner(id));
}, 60_000);
afterAll(async () => {
  await door?.close();
  await engine?.stop();
  await epr?.stop();
}, 60_000);

describe('Ending a chase by hand', () => {
  test('is refused to whoever is not a signed-in person of the operator, and where it says too little; nothing is changed by it', async () => {
    const chase = await chased('p1', '9990000018');
    const parts = attested(chase.disclosure);
    const without = (name: string): Part[] => parts.filter((part) => part.name !== name);
    const before = await door.stored();

    const alone = await endChase(OPERATOR, parts, { user: false });
    expect([alone.status, JSON.stringify(alone.body)]).toEqual([403, expect.stringContaining('end-chase needs a person')]);
    for (const caller of [TRUST, EPR, { ods: 'POL1', kind: 'police' } as const, { ods: 'TRUST9', kind: 'publisher' } as const])
      expect([caller.ods, (await endChase(caller, parts)).status]).toEqual([caller.ods, 403]);
    // Signed in for another organisation.
    const other = door
      .post(OPERATOR, SERVICE, { resourceType: 'Parameters', parameter: parts })
      .set('X-User-Identity', await officerOf('TRUST1'));
    expect((await other).status).toBe(403);
    const [first, ...rest] = parts;
    for (const [why, sent, status, at] of [
      ['no level', without('level'), 422, "name='level'"],
      ['a level that is none', [{ ...first, valueCode: 'erased' }, ...rest], 422, "name='level'"],
      ['a basis beside attested', [...parts, { name: 'basis', valueCode: 'legal-claim' }], 422, "name='basis'"],
      ['kept by law without a basis', [{ ...first, valueCode: 'retained-by-law' }, ...rest], 422, "name='basis'"],
      ['attested, and nothing checked', without('checked'), 422, "name='checked'"],
      ['no reason', without('reason'), 422, "name='reason'"],
      ['no plan', without('disclosure'), 422, "name='disclosure'"],
      ['a word that is none', [...parts, { name: 'force', valueBoolean: true }], 422, 'Parameters.parameter[4].name'],
      ['a document that is not asked back', [...parts, { name: 'document', valueId: 'another' }], 409, "name='document'"],
      ['a plan that the service never had', attested('00000000-0000-4000-8000-000000000000'), 404, ''],
    ] as const) {
      const answer = await endChase(OPERATOR, sent as Part[]);
      expect([why, answer.status]).toEqual([why, status]);
      expect([why, JSON.stringify(answer.body)]).toEqual([why, expect.stringContaining(at)]);
    }
    expect((await endChase(OPERATOR, parts, { path: '/fhir/HealthcareService/svc-ed/$end-chase' })).status).toBe(404);
    expect((await endChase(OPERATOR, parts, { path: '/fhir/HealthcareService/none/$end-chase' })).status).toBe(404);
    expect((await owed()).map(({ key }) => key)).toEqual([chase.key]);
    expect(await door.stored()).toBe(before);
    const { rows } = await engine.database.pool.query("SELECT FROM audit WHERE event = 'chase-end'");
    expect(rows).toEqual([]);
  }, 90_000);

  test('attested: sealed, on record, told to the publisher and to the person, and nobody is asked any more', async () => {
    const [chase] = await owed();
    if (chase === undefined) throw new Error('the chase of the test before is owed');
    const task = `Task?code=attention&status=requested`;
    await eventually(async () => expect((await door.get(TRUST, `/fhir/${task}`).expect(200)).body.entry).toHaveLength(1), 20_000);
    const answer = await endChase(OPERATOR, [...attested(chase.disclosure), { name: 'document', valueId: chase.documents[0] ?? '' }]);
    expect([answer.status, answer.body.issue]).toEqual([200, undefined]);
    const sealed: Provenance = answer.body.parameter[0].resource;
    expect(sealed).toMatchObject({
      resourceType: 'Provenance',
      target: [{ reference: 'CarePlan/v-p1' }],
      activity: { coding: [{ code: 'attested' }] },
      entity: [{ what: { identifier: { value: chase.documents[0] } } }],
    });
    expect(JSON.stringify(sealed)).toContain('999000000777');
    expect(JSON.stringify(sealed)).not.toMatch(/Testofficer|9990000018|Speak slowly/);
    expect(await checkSealOf(sealed, testKeys, 'chase-end')).toBe('good');
    // It cannot be taken for the seal of an approval, and not a word of it may be changed.
    expect(await checkSealOf(sealed, testKeys)).toBe('wrong');
    expect(await checkSealOf({ ...sealed, reason: [{ text: 'Something else' }] }, testKeys, 'chase-end')).toBe('wrong');

    expect(await owed()).toEqual([]);
    await eventually(async () => {
      const { rows } = await engine.database.pool.query(
        "SELECT FROM ledger_key WHERE look_at <= clock_timestamp() AND look_at < 'infinity'",
      );
      expect(rows).toEqual([]);
      expect((await door.get(TRUST, `/fhir/${task}`).expect(200)).body.entry ?? []).toEqual([]);
    }, 20_000);
    expect(await sharingOf('p1')).toMatch(
      /Holds nothing that the broker knows of.*somebody who is named in the record attested, having checked/,
    );
    const { rows } = await engine.database.pool.query(
      `SELECT a.organization, a.kind, a.caller, a.because, d.action, d.outcome, a.about FROM audit a JOIN delivery d ON d.id = a.delivery_id WHERE a.event = 'chase-end'`,
    );
    expect(rows).toEqual([
      {
        organization: 'BROKER',
        kind: 'operator',
        caller: '999000000777',
        because: 'attested',
        action: 'recall',
        outcome: 'accepted',
        about: `Provenance/${sealed.id}/_history/1`,
      },
    ]);

    // The publisher has it, and another trust has not; nobody writes over what was sealed.
    const found = await door.get(TRUST, '/fhir/Provenance?target=CarePlan/v-p1').expect(200);
    expect(found.body.entry.map(({ resource }: { resource: Provenance }) => resource.id)).toContain(sealed.id);
    expect((await door.get({ ods: 'TRUST9', kind: 'publisher' }, `/fhir/Provenance/${sealed.id}`)).status).toBe(404);
    const changed = {
      ...sealed,
      extension: sealed.extension?.map((each) =>
        each.url === Extension.chaseEnd
          ? { ...each, extension: [{ url: 'level', valueCode: 'use-stopped' }, ...(each.extension ?? []).slice(1)] }
          : each,
      ),
    };
    expect((await door.put(TRUST, changed as never)).status).toBe(422);
    const events = await door.get(TRUST, '/fhir/AuditEvent?patient=Patient/p1&subtype=chase-end').expect(200);
    expect(events.body.entry).toHaveLength(1);
    // A second time there is nothing to end.
    expect((await endChase(OPERATOR, attested(chase.disclosure))).status).toBe(409);
  }, 60_000);

  test('I2: what is sent after it is asked back as ever', async () => {
    epr.behave({ how: 'normal' });
    await put(publisher, consentOf('p1'));
    await eventually(async () => expect(await sharingOf('p1')).toContain('Holds a copy'), 20_000);
    expect(epr.holds().filter(({ person }) => person === '9990000018').length).toBeGreaterThanOrEqual(1);
    await put(publisher, { ...consentOf('p1'), status: 'inactive' });
    await eventually(
      async () => expect(await sharingOf('p1')).toMatch(/Holds nothing.*Was asked on .* to give it up, and said that it has/),
      20_000,
    );
  }, 60_000);

  test.each([
    ['retained-by-law', 'legal-claim', 'p2', '9990000026', /Keeps a copy that the law has it keep.*it is needed for a legal claim/],
    ['use-stopped', null, 'p3', '9990000034', /cannot remove it and have stopped using it/],
  ] as const)(
    '%s: the person is told so, and the recipient is not asked any more',
    async (level, basis, person, number, words) => {
      const chase = await chased(person, number);
      const parts: Part[] = [
        { name: 'level', valueCode: level },
        ...(basis === null ? [] : [{ name: 'basis', valueCode: basis }]),
        { name: 'disclosure', valueReference: { reference: `CarePlan/${chase.disclosure}` } },
        { name: 'reason', valueString: 'Their records manager wrote so' },
      ];
      const answer = await endChase(OPERATOR, parts);
      expect([answer.status, answer.body.issue]).toEqual([200, undefined]);
      expect(await owed()).toEqual([]);
      expect(await sharingOf(person)).toMatch(words);
      const { rows } = await engine.database.pool.query(
        "SELECT because FROM delivery WHERE key_id = $1 AND outcome = 'accepted' AND action = 'recall'",
        [chase.key],
      );
      expect(rows).toEqual([{ because: basis === null ? level : `${level}/${basis}` }]);
    },
    60_000,
  );

  test('a recall that is asked by a Task, for the address is closed: the Task is taken back', async () => {
    epr.behave({ how: 'normal' });
    const number = '9990000042';
    await put(publisher, body.patient('p4', number));
    await put(
      publisher,
      body.composition('w-p4', 'p4', {
        'please-do': 'Speak slowly please',
        'who-to-ring': 'Ring the crisis team, day and night: 01632 960001',
      }),
    );
    await put(publisher, body.carePlan('v-p4', 'p4', 'w-p4', { reach: ['svc-epr'] }));
    await put(publisher, consentOf('p4'));
    await engine.store.approve(publisher, 'v-p4', '1', body.approval('v-p4'), body.approver);
    await eventually(() => expect(epr.holds().filter((held) => held.person === number)).toHaveLength(1), 20_000);
    await put(operator, { ...body.endpoint('end-epr', 'svc-epr', 'org-epr', epr.address), status: 'off' });
    await put(publisher, { ...consentOf('p4'), status: 'inactive' });
    const tasks = async (): Promise<readonly string[]> =>
      ((await door.get(EPR, '/fhir/Task?code=recall').expect(200)).body.entry ?? []).map(
        ({ resource }: { resource: { status: string } }) => resource.status,
      );
    await eventually(async () => expect(await tasks()).toContain('requested'), 20_000);
    const disclosures = new Set((await owed()).map(({ disclosure }) => disclosure));
    expect(disclosures.size).toBeGreaterThanOrEqual(1);
    for (const disclosure of disclosures) expect((await endChase(OPERATOR, attested(disclosure))).status).toBe(200);
    expect(await tasks()).not.toContain('requested');
    expect(await owed()).toEqual([]);
    await put(operator, body.endpoint('end-epr', 'svc-epr', 'org-epr', epr.address));
  }, 60_000);

  test('a recall by people (recall form manual): the attestation ends the chase and its Task, and nothing is sent', async () => {
    epr.behave({ how: 'normal' });
    const number = '9990000050';
    const byHand = (status: 'active' | 'off') => {
      const made = body.endpoint('end-epr', 'svc-epr', 'org-epr', epr.address);
      const form = { url: Extension.recallForm, valueCode: 'manual' };
      return {
        ...made,
        status,
        contact: [{ system: 'phone' as const, value: '01632 960777' }],
        extension: [...(made.extension ?? []), form],
      };
    };
    await put(operator, byHand('active'));
    await put(publisher, body.patient('p5', number));
    await put(
      publisher,
      body.composition('w-p5', 'p5', {
        'please-do': 'Speak slowly please',
        'who-to-ring': 'Ring the crisis team, day and night: 01632 960001',
      }),
    );
    await put(publisher, body.carePlan('v-p5', 'p5', 'w-p5', { reach: ['svc-epr'] }));
    await put(publisher, consentOf('p5'));
    await engine.store.approve(publisher, 'v-p5', '1', body.approval('v-p5'), body.approver);
    await eventually(() => expect(epr.holds().filter((held) => held.person === number)).toHaveLength(1), 20_000);
    const sent = epr.received().length;
    await put(publisher, { ...consentOf('p5'), status: 'inactive' });
    const tasks = async (): Promise<readonly string[]> =>
      ((await door.get(TRUST, '/fhir/Task?code=recall-by-hand').expect(200)).body.entry ?? []).map(
        ({ resource }: { resource: { status: string } }) => resource.status,
      );
    await eventually(async () => expect(await tasks()).toEqual(['requested']), 20_000);
    const [chase] = await owed();
    const answer = await endChase(OPERATOR, attested(chase?.disclosure ?? ''));
    expect([answer.status, answer.body.issue]).toEqual([200, undefined]);
    expect(await owed()).toEqual([]);
    await eventually(async () => expect(await tasks()).toEqual(['completed']), 20_000);
    expect(epr.received()).toHaveLength(sent);
    expect(await sharingOf('p5')).toMatch(/attested/);
    await put(operator, body.endpoint('end-epr', 'svc-epr', 'org-epr', epr.address));
  }, 60_000);

  test('the proof of an ending says that a person said it, and not that the recipient answered', () => {
    const recall = {
      document: 'd',
      sequence: '1.2',
      askedAt: 0,
      outcome: 'accepted' as const,
      because: 'retained-by-law/inquiry',
      answeredAt: 0,
    };
    const recipient = { id: 'svc', ods: 'EPR1', kind: 'epr' as const, retains: true, areas: [], name: 'EPR' };
    const item = {
      recipient,
      carePlanId: 'v',
      disclosureId: 'x',
      sent: null,
      recalls: [recall, { ...recall, because: 'http-500' }],
      isHeld: false,
    };
    const text = JSON.stringify(toEndingProof([item], null));
    expect(text).toContain('{"name":"level","valueCode":"retained-by-law"},{"name":"basis","valueCode":"inquiry"}');
    expect(text).toContain('{"name":"because","valueString":"http-500"}');
    expect(text).not.toContain('retained-by-law/');
  });
});
