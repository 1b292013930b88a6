import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Bundle, Parameters, ParametersParameter, Patient } from '@medplum/fhirtypes';
import type { JWTPayload } from 'jose';
import { System } from '../../../profiles/canonicals.ts';
import { errorsOf, validate } from '../../../src/validate/validate.ts';
import { operator, publisher } from '../../store/ground.ts';
import type { Caller } from '../../support/access.ts';
import * as body from '../../support/bodies.ts';
import { claimsFor, ISSUER, identityOf, userIssuers } from '../../support/sign-in.ts';
import type { Answer, MatchGround } from '../match-ground.ts';
import { AMBULANCE, byNumber, ED, openMatchGround, OPERATOR, OTHER_TRUST, POLICE, somebody, tokenOf, TRUST } from '../match-ground.ts';
import { type FakeIssuer, openIssuer } from './fake-issuer.ts';

const APP: Caller = { ods: 'XAPP', kind: 'person' };
const secondPublisher = { ...publisher, organization: 'TRUST2' };
const HIDDEN = { meta: { security: [{ system: System.confidentiality, code: 'R' }] } };

let nhsLogin: FakeIssuer;
let door: MatchGround;
const numbers: Record<string, string> = {};
const number = (name: string): string => {
  numbers[name] ??= door.ground.numbers.next();
  return numbers[name];
};
const sql = (text: string, ...values: unknown[]) => door.ground.database.pool.query(text, values);

beforeAll(async () => {
  nhsLogin = await openIssuer();
  door = await openMatchGround([userIssuers(), `person:${nhsLogin.issuer}`]);
  await door.person(somebody('amber', number('amber')), ['ed', 'ambulance', 'police']);
  await door.person(somebody('beryl', number('beryl')), ['ed']);
  // Another trust knows Amber, too. Of two more persons one record says that they are restricted, or have died.
  await door.ground.put(operator, body.organization('org-trust-2', 'TRUST2', 'publisher'));
  await door.ground.put(secondPublisher, somebody('amber-2', number('amber')));
  await door.ground.put(publisher, somebody('planless', number('planless')));
  for (const [name, change] of [
    ['hidden', HIDDEN],
    ['dead', { deceasedBoolean: true }],
  ] as const) {
    await door.person(somebody(name, number(name)), ['ed']);
    await door.ground.put(secondPublisher, somebody(`${name}-2`, number(name), change));
  }
}, 60_000);
afterAll(async () => {
  // Whose the calls were is in the trail, by what the issuer calls them; their number is nowhere.
  const known = Object.values(numbers);
  expect(known.filter((each) => door.lines.join('\n').includes(each))).toEqual([]);
  const { rows } = await sql('SELECT coalesce(jsonb_agg(a)::text, $1) AS text FROM audit a', '');
  expect(known.filter((each) => String(rows[0].text).includes(each))).toEqual([]);
  expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  await door?.close();
  await nhsLogin?.close();
});

const claims = (nhsNumber: string): JWTPayload => ({
  iss: nhsLogin.issuer,
  sub: `subject-of-${Object.keys(numbers).find((name) => numbers[name] === nhsNumber) ?? 'nobody'}`,
  aud: door.origin,
  nhs_number: nhsNumber,
  identity_proofing_level: 'P9',
});
const signedIn = (nhsNumber: string, changed: JWTPayload = {}): Promise<string> =>
  nhsLogin.sign({ ...claims(nhsNumber), ...changed }, 'first');
const as = async (name: string, path: string, sent?: unknown): Promise<Answer> =>
  door.ask(APP, path, sent, { 'X-User-Identity': await signedIn(number(name)) });
const idsIn = ({ json }: Answer): readonly string[] => ((json as Bundle).entry ?? []).flatMap(({ resource }) => resource?.id ?? []);
/** The same, whatever was asked for: status, body and headers but for the ids of the request. */
const shape = ({ status, text, headers }: Answer): unknown => [
  status,
  text,
  headers.filter(([name]) => !/^(?:date|x-request-id)$/.test(name)),
];
const partsOf = ({ json }: Answer, name: string): readonly Readonly<Record<string, unknown>>[] =>
  ((json as Parameters).parameter ?? [])
    .filter((each) => each.name === name)
    .map(({ part = [] }) =>
      Object.fromEntries(part.map(({ name: of, ...value }: ParametersParameter) => [of, Object.values(value)[0]] as const)),
    );

describe('who calls', () => {
  test.each<[string, () => Promise<string>, number]>([
    ['proved to a lower level', () => signedIn(number('amber'), { identity_proofing_level: 'P5' }), 403],
    ['proved to no level', () => signedIn(number('amber'), { identity_proofing_level: undefined }), 403],
    ['without an NHS number', () => signedIn(number('amber'), { nhs_number: undefined }), 403],
    ['with a number that is none', () => signedIn(number('amber'), { nhs_number: '999 000 000' }), 403],
    ['whose subject is the number', () => signedIn(number('amber'), { sub: number('amber') }), 401],
    ['meant for another app', () => signedIn(number('amber'), { aud: 'another-app' }), 401],
    ['that has expired', () => signedIn(number('amber'), { exp: 1 }), 401],
    ['signed by another key', () => nhsLogin.sign(claims(number('amber')), 'unpublished'), 401],
    ['of an issuer for clinicians', () => identityOf({ ...claims(number('amber')), iss: ISSUER }), 401],
    ['of a clinician', () => identityOf({ ...claimsFor('XAPP'), aud: door.origin }), 401],
    ['that is none', async () => 'garbage', 401],
  ])('an identity %s is refused, and shows nothing', async (_, sign, status) => {
    for (const path of ['Patient', 'Patient/amber/$sharing', 'CarePlan/plan-amber']) {
      const answer = await door.ask(APP, path, undefined, { 'X-User-Identity': await sign() });
      expect([path, answer.status, answer.json.issue[0].expression]).toEqual([path, status, ['http.X-User-Identity']]);
      expect(answer.text).not.toContain(number('amber'));
    }
  });

  test('an app alone is refused, and no other kind of client takes a person for a user', async () => {
    for (const path of ['Patient', 'Patient/amber/$sharing', 'Patient/amber/$access-log', 'CarePlan', 'CarePlan/plan-amber'])
      expect([path, (await door.ask(APP, path)).status]).toEqual([path, 403]);
    const identity = { 'X-User-Identity': await signedIn(number('amber')) };
    for (const caller of [TRUST, ED, POLICE, OPERATOR])
      expect([caller.kind, (await door.ask(caller, 'Patient/amber/$sharing', undefined, identity)).status]).toEqual([caller.kind, 401]);
  });

  test('a batch is of the same person, and no further', async () => {
    const entry = ['Patient', 'Patient/beryl/$sharing'].map((url) => ({ request: { method: 'GET', url } }));
    const { json } = await as('amber', '', { resourceType: 'Bundle', type: 'batch', entry });
    expect(json.entry.map((each: { response: { status: string } }) => each.response.status)).toEqual(['200', '404']);
  });
});

describe('their own', () => {
  test('Patients are those of every trust that verified the number, and nothing else of them is told', async () => {
    const answer = await as('amber', 'Patient');
    expect([answer.status, idsIn(answer)]).toEqual([200, ['amber', 'amber-2']]);
    expect(answer.text).not.toMatch(/Testperson|9{3}0|01632|1990-04/);
    expect(idsIn(await as('amber', 'Patient/_search', new URLSearchParams()))).toEqual(['amber', 'amber-2']);
    for (const query of ['_id=beryl', 'identifier=x', '_include=*', '_revinclude=CarePlan:patient', '_count=1', '_page=x'])
      expect([query, (await as('amber', `Patient?${query}`)).status]).toEqual([query, 400]);
  });

  test('one who is restricted, has died by what a record says, or is not known here, finds nothing: the same answer', async () => {
    for (const type of ['Patient', 'CarePlan']) {
      const unknown = await as('unknown', type);
      expect([unknown.status, unknown.json.total]).toEqual([200, 0]);
      for (const name of ['hidden', 'dead']) expect(shape(await as(name, type))).toEqual(shape(unknown));
    }
  });

  test('G10 plans in force, with all their words; no draft, no version before, no other person’s', async () => {
    expect(idsIn(await as('amber', 'CarePlan'))).toEqual(['plan-amber']);
    expect((await as('amber', 'CarePlan/plan-amber')).json).toMatchObject({ resourceType: 'CarePlan', status: 'active' });
    expect((await as('amber', 'Composition/words-amber')).text).toContain('Speak slowly please');
    await door.ground.put(publisher, body.composition('words-next', 'amber', { 'please-do': 'Sit down with me' }));
    await door.ground.put(publisher, body.carePlan('plan-next', 'amber', 'words-next', { reach: [], replaces: 'plan-amber' }));
    expect([(await as('amber', 'CarePlan/plan-next')).status, (await as('amber', 'Composition/words-next')).status]).toEqual([404, 404]);
    expect(idsIn(await as('amber', 'CarePlan'))).toEqual(['plan-amber']);
  });

  test('G24 their plan on paper, whole: a PDF that is read aloud in its order', async () => {
    const { status, json } = await as('amber', 'CarePlan/plan-amber/$print');
    expect([status, json.resourceType, json.contentType]).toEqual([200, 'Binary', 'application/pdf']);
    const pdf = Buffer.from(json.data, 'base64').toString('latin1');
    expect(pdf.slice(0, 8)).toBe('%PDF-1.7');
    expect(pdf).toMatch(/\/StructTreeRoot .*\/Lang \(en-GB\)|\/Lang \(en-GB\)[\s\S]*\/StructTreeRoot/);
    expect(pdf.match(/\/S \/H2/g)).toHaveLength(3);
    expect((await door.ask(TRUST, 'CarePlan/plan-amber/$print')).status).toBe(200);
    expect((await as('beryl', 'CarePlan/plan-amber/$print')).status).toBe(404);
    expect((await as('amber', 'CarePlan/plan-next/$print')).status).toBe(404);
  });

  test('$sharing and $explain answer as to the publisher', async () => {
    expect((await as('amber', 'Patient/amber/$sharing')).json).toEqual((await door.ask(TRUST, 'Patient/amber/$sharing')).json);
    const why = 'CarePlan/plan-amber/$explain?recipient=HealthcareService/svc-ed';
    const own = (await as('amber', why)).json;
    const at = own.parameter[0];
    expect(own).toEqual({ ...own, parameter: [at, ...(await door.ask(TRUST, why)).json.parameter.slice(1)] });
    expect(own.parameter[1]).toEqual({ name: 'answer', valueCode: 'hold' });
    // Of a moment that has passed, too.
    const then = `${why}&at=${encodeURIComponent(String(at.valueInstant))}`;
    const past = await as('amber', then);
    expect([past.status, past.json]).toEqual([200, (await door.ask(TRUST, then)).json]);
    expect(JSON.stringify(past.json)).toContain('"hold"');
  });

  test('of another trust’s own consents about the same person a trust is told nothing by $explain, now or of then', async () => {
    await door.ground.put(secondPublisher, body.consent('theirs-alone', 'amber-2', 'org-trust-2', { kinds: ['ed'] }));
    const why = 'CarePlan/plan-amber/$explain?recipient=HealthcareService/svc-ed';
    const now = await door.ask(TRUST, why);
    const at = encodeURIComponent(new Date(Date.now() - 1).toISOString());
    for (const answer of [now, await door.ask(TRUST, `${why}&at=${at}`)]) {
      expect([answer.status, answer.text.includes('Consent/')]).toEqual([200, true]);
      expect(answer.text).not.toContain('theirs-alone');
    }
  });

  test('I6 another’s is answered as what is not there, byte for byte, and is on record', async () => {
    const ROADS = [
      ['Patient', '$sharing'],
      ['Patient', '$access-log'],
      ['CarePlan', '$explain?recipient=HealthcareService/svc-ed'],
      ['CarePlan', ''],
      ['Composition', ''],
    ] as const;
    const ids = { Patient: 'beryl', CarePlan: 'plan-beryl', Composition: 'words-beryl' } as const;
    const before = (await sql(`SELECT count(*)::int AS n FROM audit WHERE kind = 'person'`)).rows[0].n;
    for (const [type, operation] of ROADS) {
      const at = (id: string) => `${type}/${id}${operation === '' ? '' : `/${operation}`}`;
      const [another, nothing] = [await as('amber', at(ids[type])), await as('amber', at('nothing'))];
      expect([type, operation, another.status]).toEqual([type, operation, 404]);
      expect(shape(another)).toEqual(shape(nothing));
    }
    for (const id of ['hidden', 'dead']) {
      expect((await as(id, `Patient/${id}/$access-log`)).status).toBe(404);
      expect((await as(id, `CarePlan/plan-${id}`)).status).toBe(404);
    }
    const { rows } = await sql(`SELECT person_id, because FROM audit WHERE kind = 'person' ORDER BY id OFFSET $1`, before);
    expect(rows).toEqual(Array(2 * ROADS.length + 4).fill({ person_id: null, because: 'no-such-person' }));
  });

  test('nothing else is open to a person', async () => {
    for (const path of ['Patient/amber', 'Patient/amber/_history', 'Patient/amber/$everything', 'Consent', 'AuditEvent', 'Flag'])
      expect([path, (await as('amber', path)).status]).toEqual([path, 403]);
    expect((await as('amber', 'CarePlan/plan-amber/$withdraw', { resourceType: 'Parameters' })).status).toBe(403);
    expect((await as('amber', 'Patient', somebody('new', number('amber')))).status).toBe(403);
  });

  test('I1 a number that is corrected is another person’s from then on', async () => {
    await door.ground.put(secondPublisher, somebody('amber-2', number('cedar')));
    expect(idsIn(await as('amber', 'Patient'))).toEqual(['amber']);
    expect((await as('amber', 'Patient/amber-2/$access-log')).status).toBe(404);
    expect(idsIn(await as('cedar', 'Patient'))).toEqual(['amber-2']);
    const unverified: Patient = { ...somebody('amber-2', number('cedar')), identifier: byNumber(number('cedar')).identifier ?? [] };
    await door.ground.put(secondPublisher, unverified);
    expect(idsIn(await as('cedar', 'Patient'))).toEqual([]);
    await door.ground.put(secondPublisher, somebody('amber-2', number('amber')));
  });

  test('I4 of the time when their record had another’s number a person is told nothing', async () => {
    const why = 'CarePlan/plan-beryl/$explain?recipient=HealthcareService/svc-ed';
    const before = encodeURIComponent(new Date().toISOString());
    expect((await as('beryl', `${why}&at=${before}`)).status).toBe(200);
    await door.ground.put(publisher, somebody('beryl', number('dogwood')));
    expect([(await as('dogwood', why)).status, (await as('dogwood', `${why}&at=${before}`)).status]).toEqual([200, 404]);
    expect((await door.ask(TRUST, `${why}&at=${before}`)).status).toBe(200);
    await door.ground.put(publisher, somebody('beryl', number('beryl')));
  });
});

describe('who looked', () => {
  const emergency = async (caller: Caller, patient: Patient): Promise<void> => {
    const user = { 'X-User-Identity': await identityOf({ ...claimsFor(caller.ods), aud: door.origin }) };
    const sent = (parameter: readonly ParametersParameter[]) => ({ resourceType: 'Parameters', parameter });
    const { json } = await door.ask(caller, 'Patient/$emergency-access', sent([{ name: 'resource', resource: patient }]), user);
    const reason: ParametersParameter[] = [
      { name: 'reason', valueCode: 'cannot-consent' },
      { name: 'text', valueString: 'Found collapsed, nobody there to ask' },
    ];
    expect((await door.ask(caller, `Patient/${json.parameter[0].resource.id}/$emergency-access`, sent(reason), user)).status).toBe(200);
  };
  const told = async (answer: Promise<Answer> | Answer) =>
    partsOf(await answer, 'access').map(({ kind, what, why }) => [kind, what, why].filter((each) => each !== undefined).join(' | '));

  beforeAll(async () => {
    const found = await door.match(AMBULANCE, byNumber(number('amber')));
    await door.confirm(AMBULANCE, tokenOf(found), byNumber(number('amber')));
    // Refused: Beryl's consent says nothing of police.
    await door.match(POLICE, byNumber(number('beryl')));
    await emergency(ED, byNumber(number('amber')));
    await door.ask(POLICE, 'Flag/_search', new URLSearchParams({ 'patient.identifier': `${System.nhsNumber}|${number('amber')}` }));
  });

  test('G11 all disclosures and emergency accesses across all organisations, newest first, in plain words', async () => {
    const answer = await as('amber', 'Patient/amber/$access-log');
    const lines = (await told(answer)).filter((line) => !line.startsWith('person'));
    expect(lines).toEqual([
      'police | Was told that there is a plan. | To respond to you in a crisis.',
      expect.stringMatching(/^ed \| Asked for your plan in an emergency, and was shown nothing\. \| The person cannot be asked now/),
      expect.stringMatching(/^ambulance \| Read your plan: Please do.*\. \| For emergency treatment\.$/),
      'ambulance | Was told that there is a plan. | For emergency treatment.',
    ]);
    expect(partsOf(answer, 'access')[0]).toMatchObject({
      event: { reference: expect.stringMatching(/^AuditEvent\/[0-9a-f]{32}$/) },
      at: expect.any(String),
    });
    // Who works there is not named, and no word of the plan is in it.
    expect(answer.text).not.toMatch(/9999999|Cedar|Speak slowly|Testperson|collapsed/);
    expect(await told(as('amber', 'Patient/amber-2/$access-log'))).toEqual(expect.arrayContaining(lines));
    expect((await told(answer)).filter((line) => line.startsWith('person')).at(0)).toBe('person | You read your plan.');
  });

  test('emergency access is told where there is no plan, too, to the person and to each trust that has a record of them', async () => {
    await emergency(ED, byNumber(number('planless')));
    const lines = await told(as('planless', 'Patient/planless/$access-log'));
    expect(lines).toEqual([expect.stringMatching(/^ed \| Asked for your plan in an emergency, and was shown nothing/)]);
    expect(await told(door.ask(TRUST, 'Patient/planless/$access-log'))).toEqual(lines);
  });

  test('what was refused is not told, and another person’s log is their own', async () => {
    expect(await told(as('beryl', 'Patient/beryl/$access-log'))).toEqual([]);
  });

  test('its publisher reads it of its own Patients: not what was looked at of another publisher’s plans', async () => {
    const lines = await told(door.ask(TRUST, 'Patient/amber/$access-log'));
    expect(lines).toEqual(await told(as('amber', 'Patient/amber/$access-log')));
    expect((await door.ask(OTHER_TRUST, 'Patient/amber/$access-log')).status).toBe(404);
    // Its own record has no plan: it is told that somebody asked in an emergency, and nothing of the others'.
    expect(await told(door.ask(OTHER_TRUST, 'Patient/amber-2/$access-log'))).toEqual([
      expect.stringMatching(/^ed \| Asked for your plan in an emergency/),
    ]);
    for (const caller of [ED, AMBULANCE, POLICE, OPERATOR]) expect((await door.ask(caller, 'Patient/amber/$access-log')).status).toBe(403);
  });

  test('comes in pages', async () => {
    const whole = partsOf(await as('amber', 'Patient/amber/$access-log?_count=100'), 'access');
    const paged: unknown[] = [];
    for (let after = ''; ; ) {
      const answer = await as('amber', `Patient/amber/$access-log?_count=2${after}`);
      paged.push(...partsOf(answer, 'access'));
      const next = (answer.json as Parameters).parameter?.find(({ name }) => name === 'next')?.valueString;
      if (next === undefined) break;
      after = `&after=${next}`;
    }
    expect(paged).toEqual(whole);
    for (const query of ['_count=0', '_count=101', 'after=x', 'patient=beryl'])
      expect([query, (await as('amber', `Patient/amber/$access-log?${query}`)).status]).toEqual([query, 400]);
  });

  test('I7 each call is on record, by what the issuer calls the person', async () => {
    await as('amber', 'Patient/amber/$access-log');
    const { rows } = await sql(`SELECT event, kind, caller FROM audit ORDER BY id DESC LIMIT 1`);
    expect(rows).toEqual([{ event: 'access-log', kind: 'person', caller: `${nhsLogin.issuer}|subject-of-amber` }]);
    const { json } = await door.ask(TRUST, 'AuditEvent?patient=Patient/amber&subtype=access-log');
    expect(json.entry[0].resource).toMatchObject({ type: { code: '110112' }, outcome: '0' });
  });
});

describe('what they ask of a publisher', () => {
  const WORDS = 'It says that I live alone, and I do not: my sister lives with me';
  const raise = (name: string, path: string, more: readonly ParametersParameter[] = [], text = WORDS): Promise<Answer> =>
    as(name, `Patient/${path}/$raise-concern`, {
      resourceType: 'Parameters',
      parameter: [{ name: 'concern', valueCode: 'correction' }, { name: 'text', valueString: text }, ...more],
    });
  const about = (reference: string): ParametersParameter => ({ name: 'about', valueReference: { reference } });
  const raised = async (name: string, more: readonly ParametersParameter[] = []): Promise<string> => {
    const { status, json } = await raise(name, name, more);
    expect(status).toBe(200);
    return json.parameter[0].valueReference.reference;
  };

  test('a correction goes to the privacy officer of that publisher, who answers; the person reads the answer', async () => {
    const reference = await raised('amber', [about('CarePlan/plan-amber')]);
    const { json: task } = await door.ask(TRUST, reference);
    expect(task).toMatchObject({
      status: 'requested',
      code: { coding: [{ code: 'correction' }] },
      for: { reference: 'Patient/amber' },
      focus: { reference: 'CarePlan/plan-amber' },
      description: `For the privacy officer: the person asks for a correction. ${WORDS}`,
    });
    expect(idsIn(await door.ask(TRUST, 'Task?code=correction'))).toEqual([task.id]);
    for (const caller of [OTHER_TRUST, ED, POLICE, OPERATOR])
      expect([caller.kind, (await door.ask(caller, reference)).status]).toEqual([caller.kind, 404]);
    const note = [{ text: 'We have put it right in the next version' }];
    expect(errorsOf(validate({ ...task, note }))).toEqual([]);
    await door.ground.put(publisher, { ...task, status: 'completed', note });
    expect((await as('amber', reference)).json).toMatchObject({ status: 'completed', note });
    expect(idsIn(await as('amber', 'Task'))).toEqual([task.id]);
  });

  test('a complaint may be about a look, which is one of theirs', async () => {
    const looks = partsOf(await as('amber', 'Patient/amber/$access-log'), 'access').map(
      ({ event }) => (event as { readonly reference: string }).reference,
    );
    const look = String(looks.at(-1));
    expect((await door.ask(TRUST, await raised('amber', [about(look)]))).json.focus.reference).toBe(look);
    expect((await door.ask(TRUST, look)).status).toBe(200);
    // Another person's, one that is told to nobody, another record's, no version in force, and nothing at all: one answer.
    const { json } = await door.ask(TRUST, 'AuditEvent?patient=Patient/beryl');
    const wrong = [`AuditEvent/${json.entry[0].resource.id}`, `AuditEvent/${'0'.repeat(32)}`, 'CarePlan/plan-beryl', 'CarePlan/plan-next'];
    const answers = [await raise('amber', 'amber-2', [about('CarePlan/plan-amber')])];
    for (const each of wrong) answers.push(await raise('amber', 'amber', [about(each)]));
    expect(answers.map(({ status, text }) => `${status} ${text}`)).toEqual(Array(5).fill(`422 ${answers[0]?.text}`));
  });

  test('I6 another’s record or Task is answered as none, and no other Task about them is shown', async () => {
    const own = await raised('beryl');
    expect(shape(await as('amber', own))).toEqual(shape(await as('amber', 'Task/none')));
    expect(shape(await raise('amber', 'beryl'))).toEqual(shape(await raise('amber', 'nothing')));
    const { rows } = await sql(`SELECT id FROM resource WHERE type = 'Task' AND owner = 'BROKER'`);
    expect(rows.length).toBeGreaterThan(0);
    for (const { id } of rows) expect((await as('amber', `Task/${id}`)).status).toBe(404);
    expect(idsIn(await as('beryl', 'Task')).map((id) => `Task/${id}`)).toEqual([own]);
  });

  test('I8 I10 their words are sealed under the key of their record, and in no log; what is wrong is said', async () => {
    expect(door.lines.join('\n')).not.toContain('my sister');
    const { rows } = await sql(`SELECT body, sealed_by FROM resource WHERE type = 'Task' AND owner = 'TRUST1'`);
    expect([...new Set(rows.map(({ sealed_by }) => sealed_by))].sort()).toEqual(['amber', 'beryl']);
    expect(JSON.stringify(rows)).not.toContain('my sister');
    for (const [more, text] of [
      [[], 'short'],
      [[], 'x'.repeat(4_001)],
      [[about('Patient/amber')], WORDS],
      [[{ name: 'owner', valueString: 'TRUST2' }], WORDS],
    ] as const)
      expect((await raise('amber', 'amber', more, text)).status).toBe(422);
  });

  test('I7 is on record, and may be ten a day', async () => {
    const { json } = await door.ask(TRUST, 'AuditEvent?patient=Patient/beryl&subtype=concern');
    expect(json.entry[0].resource.entity.at(-1).what.reference).toMatch(/^Task\//);
    // At once, too: two at once are two.
    const answers = await Promise.all(Array.from({ length: 14 }, () => raise('beryl', 'beryl')));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(9).fill(200), ...Array(5).fill(429)]);
    // An operator sees that somebody raised something, and not whether it was the same person.
    const ofOperator = (await door.ask(OPERATOR, 'AuditEvent?subtype=concern')).text;
    expect(ofOperator).toContain('concern');
    expect(ofOperator).not.toContain('subject-of');
  });
});

describe('what would change', () => {
  test('a person tries out a consent on their own plan: who would lose what; nothing is stored, and it is on record as theirs', async () => {
    const consent = body.consent('tried', 'amber', 'org-trust', { kinds: ['ed'] });
    const tryOut = (path: string, resource: object, name = 'consent') =>
      as('amber', `CarePlan/${path}/$preview-release`, { resourceType: 'Parameters', parameter: [{ name, resource }] });
    const count = async () => (await sql('SELECT count(*) AS n FROM consent_fact')).rows[0].n;
    const before = await count();
    // Of the same words the consent that stands permits more: this one, beside it, takes nothing away.
    expect((await tryOut('plan-amber', consent)).status).toBe(200);
    const denies = { ...consent, provision: { type: 'deny' } };
    const answer = await tryOut('plan-amber', denies);
    expect(partsOf(answer, 'organization').length).toBeGreaterThanOrEqual(3);
    expect(JSON.stringify(answer.json)).toContain('no-consent');
    expect(await count()).toBe(before);
    expect((await tryOut('plan-next', denies)).status).toBe(404);
    expect((await tryOut('plan-amber', body.agreement('org-trust', ['svc-ed']), 'agreement')).status).toBe(422);
    const asked = async () => (await sql(`SELECT count(*) AS n FROM audit WHERE event = 'preview'`)).rows[0].n;
    const rowsBefore = Number(await asked());
    expect((await tryOut('plan-amber', { ...denies, patient: { reference: 'Patient/beryl' } })).status).toBe(422);
    // What is refused was asked for, too.
    expect(Number(await asked())).toBe(rowsBefore + 1);
    expect((await as('beryl', 'CarePlan/plan-amber/$preview-release', { resourceType: 'Parameters' })).status).toBe(404);
    const { rows } = await sql(`SELECT DISTINCT kind FROM audit WHERE event = 'preview'`);
    expect(rows).toEqual([{ kind: 'person' }]);
  });
});

describe('what a person no longer wants to be shared', () => {
  const refuse = (name: string, of: string, parameter: readonly ParametersParameter[] = []) =>
    as(name, `Patient/${of}/$refuse-sharing`, { resourceType: 'Parameters', ...(parameter.length === 0 ? {} : { parameter }) });
  const flags = async (caller: Caller): Promise<number> =>
    (await door.ask(caller, 'Flag/_search', new URLSearchParams({ 'patient.identifier': `${System.nhsNumber}|${number('amber')}` }))).json
      .total;
  const shownTo = async () => [await flags(ED), await flags(AMBULANCE), await flags(POLICE)];

  test('what is wrong, or another’s, changes nothing', async () => {
    expect(await shownTo()).toEqual([1, 1, 1]);
    for (const wrong of [
      { name: 'kind', valueCode: 'army' },
      { name: 'heading', valueCode: 'everything' },
      { name: 'organization', valueString: 'XNOWHERE' },
      { name: 'police', valueBoolean: true },
    ])
      expect([wrong.name, (await refuse('amber', 'amber', [wrong])).status]).toEqual([wrong.name, 422]);
    expect(shape(await refuse('beryl', 'amber'))).toEqual(shape(await refuse('beryl', 'nothing')));
    expect(await shownTo()).toEqual([1, 1, 1]);
  });

  test('I1 G9 is shared no longer from the moment of the answer: with a kind, and then with everybody; the trust reads it, and it is on record as theirs', async () => {
    const { status, json } = await refuse('amber', 'amber', [{ name: 'kind', valueCode: 'police' }]);
    expect([status, await shownTo()]).toEqual([200, [1, 1, 0]]);
    const reference: string = json.parameter[0].valueReference.reference;
    const consent = (await door.ask(TRUST, reference)).json;
    expect(errorsOf(validate(consent))).toEqual([]);
    expect(consent).toMatchObject({ status: 'active', performer: [{ reference: 'Patient/amber' }], provision: { type: 'deny' } });
    for (const caller of [OTHER_TRUST, ED, POLICE]) expect((await door.ask(caller, reference)).status).not.toBe(200);
    const { rows } = await sql(`SELECT organization, kind, caller FROM audit WHERE event = 'consent' AND about LIKE $1`, `${reference}%`);
    expect(rows).toEqual([{ organization: 'XAPP', kind: 'person', caller: expect.stringContaining('subject-of-amber') }]);
    expect((await refuse('amber', 'amber')).status).toBe(200);
    expect(await shownTo()).toEqual([0, 0, 0]);
  });

  test('its trust neither rewrites it nor writes one in the person’s name; one that supersedes it, made with them, permits again', async () => {
    const { json } = await refuse('amber', 'amber', [{ name: 'kind', valueCode: 'ed' }]);
    const id = String(json.parameter[0].valueReference.reference).slice('Consent/'.length);
    const { json: mine } = await door.ask(TRUST, `Consent/${id}`);
    const write = async (resource: object, to: string) =>
      fetch(`${door.origin}/Consent/${to}`, {
        method: 'PUT',
        headers: { ...(await door.tokens.headersOf(TRUST, `Consent/${to}`)), 'content-type': 'application/fhir+json' },
        body: JSON.stringify({ ...resource, id: to }),
      });
    expect((await write({ ...mine, status: 'inactive' }, id)).status).toBe(409);
    expect((await write({ ...mine, status: 'inactive' }, 'in-their-name')).status).toBe(422);
    const { rows } = await sql(`SELECT consent_id FROM consent_fact WHERE patient_id = 'amber' AND facts->>'active' = 'true'`);
    const again = body.consent('again', 'amber', 'org-trust', { kinds: ['ed', 'ambulance', 'police'] });
    const supersedes = rows.map(({ consent_id }) => ({
      url: 'https://crisis-plan-broker.example/fhir/StructureDefinition/supersedes',
      valueReference: { reference: `Consent/${consent_id}` },
    }));
    await door.ground.put(publisher, { ...again, extension: [...(again.extension ?? []), ...supersedes] });
    expect(await shownTo()).toEqual([1, 1, 1]);
  });

  test('twenty in a day, also at once: one more is not written', async () => {
    const count = async () => Number((await sql(`SELECT count(*) AS n FROM consent_fact WHERE patient_id = 'amber-2'`)).rows[0].n);
    const before = await count();
    // Three were written before, with the other trust.
    const answers = await Promise.all(
      Array.from({ length: 19 }, () => refuse('amber', 'amber-2', [{ name: 'kind', valueCode: 'police' }])),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(17).fill(200), 429, 429]);
    expect(await count()).toBe(before + 17);
  });
});
