import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AuditEvent, Parameters, Patient, Task } from '@medplum/fhirtypes';
import { System } from '../../../profiles/canonicals.ts';
import { operator, publisher } from '../../store/ground.ts';
import type { Caller } from '../../support/access.ts';
import * as body from '../../support/bodies.ts';
import { claimsFor, GMC, identityOf } from '../../support/sign-in.ts';
import { tellByClock } from '../../support/tell-by-clock.ts';
import type { Answer, MatchGround } from '../match-ground.ts';
import { AMBULANCE, byNumber, ED, openMatchGround, OPERATOR, OTHER_TRUST, POLICE, somebody, TRUST } from '../match-ground.ts';

const TEXT = 'Found collapsed at home, nobody else there to ask';
const SHOWN = ['please-do', 'who-to-ring'];
let door: MatchGround;
const numbers: Record<string, string> = {};
const number = (name: string): string => {
  numbers[name] ??= door.ground.numbers.next();
  return numbers[name];
};
const btg = (status: 'executed' | 'terminated' = 'executed') => ({
  ...body.agreement('org-trust', ['svc-ed'], { status, purposes: ['BTG'], headings: [...SHOWN, 'medicines'] }),
  id: 'con-btg',
});
const ruleOut = (name: string) =>
  door.ground.put(publisher, body.consent(`never-${name}`, name, 'org-trust', { deny: ['ed', 'ambulance'], denyPurposes: ['BTG'] }));

beforeAll(async () => {
  door = await openMatchGround();
  // Nobody here has consented to anything; all that is agreed for emergency access is agreed with the ED.
  for (const name of ['amber', 'never', 'flight', 'clock', 'timed']) {
    await door.person(somebody(name, number(name)), []);
    await door.ground.put(publisher, body.consent(`cons-${name}`, name, 'org-trust', { status: 'inactive' }));
  }
  await ruleOut('never');
  await door.person(somebody('hidden', number('hidden'), { meta: { security: [{ system: System.confidentiality, code: 'R' }] } }), []);
  await door.ground.put(publisher, somebody('planless', number('planless')));
  await door.ground.put(operator, btg());
}, 60_000);
afterAll(() => door?.close());

/** Each test asks as a clinician of its own: one may ask ten times in an hour. */
let clinician = 9_000_000;
const signedIn = async (caller: Caller, claims: Readonly<Record<string, unknown>> = {}) => {
  const user = await identityOf({ ...claimsFor(caller.ods), aud: door.origin, gmc_id: String(clinician), ...claims });
  return { caller, user };
};
type SignedIn = Awaited<ReturnType<typeof signedIn>>;
const someone = (caller: Caller = ED): Promise<SignedIn> => {
  clinician += 1;
  return signedIn(caller);
};
const ask = ({ caller, user }: SignedIn, path: string, sent?: unknown): Promise<Answer> =>
  door.ask(caller, path, sent, { 'X-User-Identity': user });
const naming = (resource: Patient): Parameters => ({ resourceType: 'Parameters', parameter: [{ name: 'resource', resource }] });
const why = (reason = 'cannot-consent', text = TEXT): Parameters => ({
  resourceType: 'Parameters',
  parameter: [
    { name: 'reason', valueCode: reason as never },
    { name: 'text', valueString: text },
  ],
});
const handle = async (who: SignedIn, patient: Patient): Promise<string> => {
  const { status, json } = await ask(who, 'Patient/$emergency-access', naming(patient));
  expect(status).toBe(200);
  return json.parameter[0].resource.id;
};
const begin = async (who: SignedIn, patient: Patient, sent = why()): Promise<Answer> =>
  ask(who, `Patient/${await handle(who, patient)}/$emergency-access`, sent);
const headingsIn = ({ json }: Answer): readonly string[] =>
  (json.parameter ?? [])
    .filter(({ name }: { name: string }) => name === 'document')
    .flatMap(
      ({
        resource,
      }: {
        resource: { entry: readonly { resource: { section?: readonly { code?: { coding: { code: string }[] } }[] } }[] };
      }) => (resource.entry[0]?.resource.section ?? []).flatMap(({ code }) => code?.coding[0]?.code ?? []),
    );
const EMPTY = { resourceType: 'Parameters' };
const rowsOf = async (): Promise<readonly Record<string, unknown>[]> =>
  (await door.ground.database.pool.query("SELECT * FROM audit WHERE event = 'emergency' ORDER BY id")).rows;
const tasksOf = async (caller: Caller): Promise<{ readonly total: number; readonly newest: Task | undefined }> => {
  const { total, entry } = (await door.ask(caller, 'Task?code=emergency-access&_count=1')).json;
  return { total, newest: entry?.[0]?.resource };
};
const copies = async (): Promise<number> =>
  Number(
    (await door.ground.database.pool.query("SELECT count(*) FROM ledger_key WHERE jsonb_array_length(state->'copies') > 0")).rows[0].count,
  );

describe('G23 a registered clinician of an organisation whose agreement allows it', () => {
  test('names the person, who is said back; then gives a reason, and sees what is agreed: a view that says when it ends', async () => {
    const who = await someone();
    const named = await ask(who, 'Patient/$emergency-access', naming({ ...byNumber(number('amber')), birthDate: '1990-04-01' }));
    expect([named.status, named.json.parameter[0].resource]).toEqual([
      200,
      {
        resourceType: 'Patient',
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        identifier: [{ system: System.nhsNumber, value: number('amber') }],
        birthDate: '1990-04-01',
      },
    ]);
    const before = await copies();
    const path = `Patient/${named.json.parameter[0].resource.id}/$emergency-access`;
    const shown = await ask(who, path, why());
    expect([shown.status, headingsIn(shown)]).toEqual([200, SHOWN]);
    const until = Date.parse(shown.json.parameter[0].valueInstant) - Date.now();
    expect(until).toBeGreaterThan(59 * 60_000 - 20_000);
    expect(until).toBeLessThanOrEqual(60 * 60_000);
    const document = shown.json.parameter[1].resource;
    expect(document.type).toBe('document');
    expect(document.entry[0].resource.text.div).toContain('never stops assessment');
    expect(document.entry[0].resource.text.div).toContain('Emergency access until');
    expect(shown.headers.find(([name]) => name === 'cache-control')?.[1]).toContain('no-store');
    // Again within the hour, by the same person only.
    const again = await ask(who, path);
    expect(headingsIn(again)).toEqual(SHOWN);
    expect((await ask(await someone(), path)).json).toEqual(EMPTY);
    expect((await ask(await someone(AMBULANCE), path)).json).toEqual(EMPTY);
    // A view, never a holding: nothing is owed, and the other roads stay closed.
    expect(await copies()).toBe(before);
    expect((await door.ask(ED, `CarePlan/${document.entry[1].resource.id}`)).status).toBe(404);
    expect((await door.match(ED, byNumber(number('amber')))).json.total).toBe(0);
  });

  test('when the hour is over nothing is shown, and an id that waited five minutes begins nothing', async () => {
    const who = await someone();
    const id = await handle(who, byNumber(number('clock')));
    const { pool } = door.ground.database;
    expect(headingsIn(await ask(who, `Patient/${id}/$emergency-access`, why()))).toEqual(SHOWN);
    await pool.query('UPDATE emergency_access SET ends_at = clock_timestamp() WHERE id = $1', [id]);
    expect((await ask(who, `Patient/${id}/$emergency-access`)).json).toEqual(EMPTY);
    expect((await ask(who, `Patient/${id}/$emergency-access`, why())).json).toEqual(EMPTY);
    const late = await handle(who, byNumber(number('clock')));
    await pool.query("UPDATE emergency_access SET asked_at = asked_at - interval '5 minutes' WHERE id = $1", [late]);
    expect((await ask(who, `Patient/${late}/$emergency-access`, why())).json).toEqual(EMPTY);
  });

  test('what ends between two looks ends the view: consent, agreement', async () => {
    const who = await someone();
    const id = await handle(who, byNumber(number('flight')));
    expect(headingsIn(await ask(who, `Patient/${id}/$emergency-access`, why()))).toEqual(SHOWN);
    await door.ground.put(operator, btg('terminated'));
    expect((await ask(who, `Patient/${id}/$emergency-access`)).json).toEqual(EMPTY);
    await door.ground.put(operator, btg());
    expect(headingsIn(await ask(who, `Patient/${id}/$emergency-access`))).toEqual(SHOWN);
    await ruleOut('flight');
    expect((await ask(who, `Patient/${id}/$emergency-access`)).json).toEqual(EMPTY);
  });

  test('a deny that is written while it is decided is seen: the look waits for it, and shows nothing', async () => {
    const who = await someone();
    await door.person(somebody('race', number('race')), []);
    await door.ground.put(publisher, body.consent('cons-race', 'race', 'org-trust', { status: 'inactive' }));
    const id = await handle(who, byNumber(number('race')));
    const { pool } = door.ground.database;
    const holder = await pool.connect();
    try {
      await holder.query('BEGIN');
      await holder.query(`SELECT pg_advisory_xact_lock(1, hashtext(person_id::text)) FROM patient_fact WHERE patient_id = 'race'`);
      const looking = ask(who, `Patient/${id}/$emergency-access`, why());
      await new Promise((resolve) => setTimeout(resolve, 300));
      // What a writer under the lock does: the fact, and the epoch.
      await holder.query(`UPDATE person SET epoch = epoch + 1 WHERE id = (SELECT person_id FROM patient_fact WHERE patient_id = 'race')`);
      await holder.query(`UPDATE consent_fact SET facts = facts || '{"active": true, "provisions": []}' WHERE patient_id = 'race'`);
      await holder.query('COMMIT');
      expect((await looking).json).toEqual(EMPTY);
    } finally {
      holder.release();
    }
  });
});

describe('I6 G6 nobody can tell a refusal from nobody', () => {
  const comparable = ({ status, headers, text }: Answer) => ({
    status,
    text,
    headers: headers.filter(([name]) => !['date', 'x-request-id'].includes(name)),
  });

  test.each<[string, Caller, () => Patient]>([
    ['ruled out by the person', ED, () => byNumber(number('never'))],
    ['restricted', ED, () => byNumber(number('hidden'))],
    ['no plan', ED, () => byNumber(number('planless'))],
    ['no agreement that allows it', AMBULANCE, () => byNumber(number('amber'))],
    ['another birth date', ED, () => ({ ...byNumber(number('amber')), birthDate: '1950-01-01' })],
  ])('%s', async (_, caller, patient) => {
    const who = await someone(caller);
    const nobody = comparable(await begin(who, byNumber(number('nobody'))));
    expect(JSON.parse(nobody.text)).toEqual(EMPTY);
    expect(comparable(await begin(who, patient()))).toEqual(nobody);
    expect(comparable(await ask(who, `Patient/${randomUUID()}/$emergency-access`, why()))).toEqual(nobody);
    expect(comparable(await ask(who, 'Patient/amber/$emergency-access', why()))).toEqual(nobody);
    const id = await handle(who, patient());
    expect(comparable(await ask(who, `Patient/${id}/$emergency-access`))).toEqual(
      comparable(await ask(who, `Patient/${randomUUID()}/$emergency-access`)),
    );
  });

  test('naming somebody tells nothing: the same words for whoever is known and whoever is not', async () => {
    const who = await someone();
    const said = async (patient: Patient) => {
      const { json, ...rest } = await ask(who, 'Patient/$emergency-access', naming(patient));
      const { id, identifier, ...patientSaid } = json.parameter[0].resource;
      return [rest.status, Object.keys(json.parameter[0]), patientSaid, identifier.length, id.length];
    };
    expect(await said(byNumber(number('amber')))).toEqual(await said(byNumber(number('nobody'))));
  });

  test('a clock cannot tell them apart over 25 pairs, were whoever is known thirty milliseconds more work than nobody', async () => {
    const refusals: number[] = [];
    const absences: number[] = [];
    const namings = { refused: [] as number[], absent: [] as number[] };
    const shapes = { refused: [] as unknown[], absent: [] as unknown[] };
    await ruleOut('timed');
    // What is really between them is less than a machine's noise: so that the test could fail, it is made more.
    const tables = ['emergency_access', 'audit'];
    await door.ground.database.owner.query(`
      CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.03); RETURN NEW; END $$;
      ${tables.map((table) => `CREATE TRIGGER linger BEFORE INSERT ON ${table} FOR EACH ROW WHEN (NEW.person_id IS NOT NULL) EXECUTE FUNCTION linger();`).join('\n')}`);
    for (let pair = 0; pair < 30; pair++) {
      const who = await someone();
      const ids = { refused: '', absent: '' };
      const named = async (which: keyof typeof ids, whom: string): Promise<void> => {
        const answer = await ask(who, 'Patient/$emergency-access', naming(byNumber(number(whom))));
        ids[which] = answer.json.parameter[0].resource.id;
        namings[which].push(answer.ms);
        shapes[which].push({ status: answer.status, headers: comparable(answer).headers.filter(([name]) => name !== 'etag') });
      };
      const namers = [() => named('refused', 'timed'), () => named('absent', 'nobody')];
      for (const one of pair % 2 === 0 ? namers : namers.toReversed()) await one();
      const asked = [
        async () => refusals.push((await ask(who, `Patient/${ids.refused}/$emergency-access`, why())).ms),
        async () => absences.push((await ask(who, `Patient/${ids.absent}/$emergency-access`, why())).ms),
      ];
      for (const one of pair % 2 === 0 ? asked : asked.toReversed()) await one();
    }
    await door.ground.database.owner.query(`${tables.map((table) => `DROP TRIGGER linger ON ${table};`).join(' ')} DROP FUNCTION linger;`);
    expect(shapes.refused).toEqual(shapes.absent);
    // Both steps: saying whom, and why.
    for (const told of [
      tellByClock(refusals.slice(5), absences.slice(5)),
      tellByClock(namings.refused.slice(5), namings.absent.slice(5)),
    ]) {
      expect(told).toBeGreaterThan(0.15);
      expect(told).toBeLessThan(0.85);
    }
  }, 120_000);
});

describe('G23 rare and visible', () => {
  test.each<[string, () => Patient, string | null, boolean]>([
    ['shown', () => byNumber(number('amber')), null, true],
    ['ruled out', () => byNumber(number('never')), 'ruled-out', true],
    ['no plan', () => byNumber(number('planless')), 'no-plan', true],
    ['nobody', () => byNumber(number('nobody')), 'no-such-person', false],
  ])('I7 %s: on record, and told to the privacy officer of who asked; and of who has a record', async (_, patient, because, isKnown) => {
    const who = await someone();
    const [rows, asker, owner] = [(await rowsOf()).length, (await tasksOf(ED)).total, (await tasksOf(TRUST)).total];
    await begin(who, patient(), why('danger-to-life'));
    const added = (await rowsOf()).slice(rows);
    expect(added).toEqual([
      expect.objectContaining({
        organization: 'XED',
        kind: 'ed',
        purpose: 'BTG',
        reason: 'danger-to-life',
        because,
        caller: expect.stringContaining(String(clinician)),
      }),
    ]);
    expect(added[0]?.['person_id'] !== null).toBe(isKnown);
    const told = await tasksOf(ED);
    expect(told.total).toBe(asker + 1);
    expect(told.newest).toMatchObject({ statusReason: { text: 'danger-to-life' }, owner: { identifier: { value: 'XED' } } });
    expect(told.newest?.description).toBe(
      `For the privacy officer: https://fhir.hl7.org.uk/Id/gmc-number|${clinician} of XED (ed) asked for emergency access: danger-to-life. ${TEXT}`,
    );
    const ofOwner = await tasksOf(TRUST);
    expect(ofOwner.total).toBe(owner + (isKnown ? 1 : 0));
    // The trust is told who, why, and whether it was shown; not the words of who asked.
    if (isKnown) {
      expect(ofOwner.newest?.description).toContain(because === null ? 'The plan was shown' : 'Nothing was shown');
      expect(JSON.stringify(ofOwner.newest)).not.toContain(TEXT);
    }
    // What its owner is told is sealed where it lies, and found in no other row.
    for (const table of ['resource', 'audit', 'emergency_access', 'resource_string', 'resource_token']) {
      const {
        rows: [found],
      } = await door.ground.database.pool.query(`SELECT count(*)::integer AS n FROM ${table} t WHERE t::text LIKE $1`, [
        `%${TEXT.slice(0, 20)}%`,
      ]);
      expect([table, found.n]).toEqual([table, 0]);
    }
  });

  test('two at once are one access, with one Task and two rows', async () => {
    const who = await someone();
    const id = await handle(who, byNumber(number('amber')));
    const [rows, asker, owner] = [(await rowsOf()).length, (await tasksOf(ED)).total, (await tasksOf(TRUST)).total];
    const both = await Promise.all([1, 2].map(() => ask(who, `Patient/${id}/$emergency-access`, why())));
    expect(both.map(headingsIn)).toEqual([SHOWN, SHOWN]);
    expect([(await rowsOf()).length - rows, (await tasksOf(ED)).total - asker, (await tasksOf(TRUST)).total - owner]).toEqual([2, 1, 1]);
  });

  test('the eleventh in an hour is refused, whomever it is for, and the twelfth of somebody else is not', async () => {
    const who = await someone();
    const first = await handle(who, byNumber(number('amber')));
    for (let each = 0; each < 9; each += 1) expect((await ask(who, `Patient/${randomUUID()}/$emergency-access`, why())).status).toBe(200);
    expect(headingsIn(await ask(who, `Patient/${first}/$emergency-access`, why()))).toEqual(SHOWN);
    const rows = (await rowsOf()).length;
    const refused = await begin(who, byNumber(number('amber')));
    expect([refused.status, refused.json.issue[0].code]).toEqual([429, 'throttled']);
    // I7: it is on record all the same, of nobody.
    expect((await rowsOf()).slice(rows)).toMatchObject([{ because: 'too-many', person_id: null }]);
    expect(headingsIn(await begin(await someone(), byNumber(number('amber'))))).toEqual(SHOWN);
  });

  test('I7 of a Patient without a plan it is in the trail of each trust that had the record then, and for the operator without the person', async () => {
    await door.ground.put(operator, body.organization('org-other', 'TRUST2', 'publisher'));
    await door.ground.put({ ...publisher, organization: 'TRUST2' }, somebody('planless-elsewhere', number('planless')));
    const seenBy = async (caller: Caller, query: string): Promise<readonly AuditEvent[]> =>
      ((await door.ask(caller, `AuditEvent?subtype=emergency&_count=100${query}`)).json.entry ?? []).map(
        ({ resource }: { resource: AuditEvent }) => resource,
      );
    const since = `&date=ge${new Date().toISOString()}`;
    await begin(await someone(), byNumber(number('planless')), why('cannot-consent'));
    expect([
      (await seenBy(TRUST, `&patient=Patient/planless${since}`)).length,
      (await seenBy(TRUST, since)).length,
      (await seenBy(OTHER_TRUST, since)).length,
      (await seenBy(OPERATOR, since)).length,
    ]).toEqual([1, 1, 1, 2]);
    const [own] = await seenBy(TRUST, '&patient=Patient/planless');
    expect(own).toMatchObject({
      outcome: '8',
      outcomeDesc: 'no-plan',
      agent: expect.arrayContaining([expect.objectContaining({ altId: expect.stringContaining(String(clinician)) })]),
      entity: [{ what: { reference: 'Patient/planless' } }],
    });
    expect(own?.purposeOfEvent?.[1]?.coding?.[0]?.code).toBe('cannot-consent');
    expect((await door.ask(TRUST, `AuditEvent/${own?.id}`)).status).toBe(200);
    // Neither the other's record nor its event is this trust's to see; the operator sees each, and nobody in it.
    const [others] = await seenBy(OTHER_TRUST, '');
    expect(others?.entity?.map(({ what }) => what?.reference)).toEqual(['Patient/planless-elsewhere']);
    expect((await door.ask(TRUST, `AuditEvent/${others?.id}`)).status).toBe(404);
    expect(await seenBy(TRUST, '&patient=Patient/planless-elsewhere')).toEqual([]);
    const told = await seenBy(OPERATOR, since);
    expect(told.map(({ id }) => id)).toEqual(expect.arrayContaining([own?.id, others?.id]));
    expect(JSON.stringify(told)).not.toMatch(/Patient\/|CarePlan\//);
    // Who asked sees none of it.
    expect((await door.ask(ED, 'AuditEvent?subtype=emergency')).status).toBe(403);
    // A plan that comes later, and a record that comes later, change nothing of it.
    await door.person(somebody('planless', number('planless')), []);
    expect((await seenBy(TRUST, '&patient=Patient/planless')).map(({ id }) => id)).toContain(own?.id);
  });

  test('I7 a service that is switched off asks in vain: that, too, is in the trail of the plan', async () => {
    const off = async (active: boolean) => door.ground.put(operator, { ...body.service('svc-amb', 'org-amb', 'ambulance'), active });
    await off(false);
    const who = await someone(AMBULANCE);
    expect((await begin(who, byNumber(number('amber')))).json).toEqual(EMPTY);
    const { json } = await door.ask(TRUST, 'AuditEvent?patient=Patient/amber&subtype=emergency');
    expect(json.entry[0].resource).toMatchObject({
      outcomeDesc: 'no-agreement',
      agent: [{}, { who: { identifier: { value: 'XAMB' } } }, {}],
    });
    await off(true);
  });

  test('the publisher finds it in the trail of its Patient, as an AuditEvent with purpose and reason', async () => {
    await begin(await someone(), byNumber(number('amber')), why('asked-by-person'));
    const { json } = await door.ask(TRUST, 'AuditEvent?patient=Patient/amber&subtype=emergency');
    expect(json.entry[0].resource).toMatchObject({
      type: { code: '110106' },
      outcome: '0',
      purposeOfEvent: [
        { coding: [{ system: System.actReason, code: 'BTG' }] },
        { coding: [{ system: System.emergencyReason, code: 'asked-by-person' }] },
      ],
    });
  });
});

describe('G23 who may not ask at all', () => {
  test.each<[string, Caller]>([
    ['police', POLICE],
    ['a publisher', TRUST],
    ['an operator', OPERATOR],
  ])('%s', async (_, caller) => {
    const who = await someone(caller);
    expect((await ask(who, 'Patient/$emergency-access', naming(byNumber(number('amber'))))).status).toBe(403);
    expect((await ask(who, `Patient/${randomUUID()}/$emergency-access`, why())).status).toBe(403);
    expect((await ask(who, `Patient/${randomUUID()}/$emergency-access`)).status).toBe(403);
  });

  test('a client without a person, and a person without a registration', async () => {
    const rows = (await rowsOf()).length;
    const { user, ...unregistered } = await signedIn(ED, { gmc_id: undefined });
    for (const sent of [naming(byNumber(number('amber'))), why()]) {
      const path = `Patient/${sent.parameter?.[0]?.name === 'reason' ? `${randomUUID()}/` : ''}$emergency-access`;
      const alone = await door.ask(ED, path, sent, { 'X-User-Identity': undefined });
      expect([alone.status, alone.json.issue[0].details.text]).toEqual([403, expect.stringContaining('needs a person')]);
      const nobody = await ask({ user, ...unregistered }, path, sent);
      expect([nobody.status, nobody.json.issue[0].details.text]).toEqual([403, expect.stringContaining('needs a registered clinician')]);
    }
    expect((await rowsOf()).length).toBe(rows);
    expect(GMC).not.toBe('');
  });

  test.each<[string, unknown, string]>([
    [
      'no reason',
      { resourceType: 'Parameters', parameter: [{ name: 'text', valueString: TEXT }] },
      "Parameters.parameter.where(name='reason')",
    ],
    ['a reason that is not of the list', why('curiosity'), "Parameters.parameter.where(name='reason')"],
    ['no words', why('danger-to-life', 'now'), "Parameters.parameter.where(name='text')"],
    ['too many words', why('danger-to-life', 'x'.repeat(1_001)), "Parameters.parameter.where(name='text')"],
    [
      'two reasons',
      { ...why(), parameter: [...(why().parameter ?? []), { name: 'reason', valueCode: 'danger-to-life' }] },
      "Parameters.parameter.where(name='reason')",
    ],
    [
      'another parameter',
      { ...why(), parameter: [...(why().parameter ?? []), { name: 'force', valueBoolean: true }] },
      'Parameters.parameter[2].name',
    ],
  ])('%s: refused with its place, and nothing is begun', async (_, sent, at) => {
    const who = await someone();
    const id = await handle(who, byNumber(number('amber')));
    const rows = (await rowsOf()).length;
    const { status, json } = await ask(who, `Patient/${id}/$emergency-access`, sent);
    expect([status, json.issue[0].expression]).toEqual([422, [at]]);
    expect((await rowsOf()).length).toBe(rows);
  });

  test.each<[string, unknown]>([
    ['nobody named', { resourceType: 'Parameters', parameter: [] }],
    ['a number in place of a Patient', { resourceType: 'Parameters', parameter: [{ name: 'resource', valueString: '1' }] }],
    ['a reason at the first step', why()],
  ])('%s: refused', async (_, sent) => {
    expect((await ask(await someone(), 'Patient/$emergency-access', sent)).status).toBe(422);
  });
});
