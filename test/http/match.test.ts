import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { IS_WHOLE, partOf } from '../support/breadth.ts';
import type { Patient } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import { errorsOf, validate } from '../../src/validate/validate.ts';
import { publisher } from '../store/ground.ts';
import { workOnce } from '../store/work-once.ts';
import { openDoorOn } from './open-door.ts';
import * as body from '../support/bodies.ts';
import { tellByClock } from '../support/tell-by-clock.ts';
import type { Answer, MatchGround } from './match-ground.ts';
import { AMBULANCE, byNumber, ED, openMatchGround, OPERATOR, POLICE, somebody, tokenOf, TRUST, untraced } from './match-ground.ts';

let door: MatchGround;
const numbers: Record<string, string> = {};
const number = (name: string): string => {
  numbers[name] ??= door.ground.numbers.next();
  return numbers[name];
};

beforeAll(async () => {
  door = await openMatchGround();
  await door.person(somebody('amber', number('amber')));
  // Nobody's number is verified here: found by a match only.
  await door.person(untraced(somebody('coral', number('coral'), { birthDate: '1971-02-03' })));
  // Twins in name and all: nobody can say which is meant.
  const twin = { name: [{ family: 'Testperson-Twin', given: ['Example'] }], birthDate: '1980-08-08' };
  await door.person(somebody('twin1', number('twin1'), twin));
  await door.person(somebody('twin2', number('twin2'), twin));
  const restricted = { meta: { security: [{ system: System.confidentiality, code: 'R' }] } };
  await door.person(somebody('hidden', number('hidden'), { ...restricted, birthDate: '1965-05-05' }));
  await door.person(somebody('private', number('private'), { birthDate: '1966-06-06' }), []);
  await door.ground.put(publisher, somebody('planless', number('planless'), { birthDate: '1967-07-07' }));
}, 60_000);
afterAll(() => door?.close());

const amber = (): Patient => ({
  resourceType: 'Patient',
  name: [{ family: 'Testperson-Amber', given: ['Example'] }],
  birthDate: '1990-04-01',
  telecom: [{ system: 'phone', value: '+44 1632 960001' }],
});
const ofName = (name: string, birthDate: string): Patient => ({
  ...amber(),
  name: [{ family: `Testperson-${name}`, given: ['Example'] }],
  birthDate,
});
const without = (patient: Patient, ...names: (keyof Patient)[]): Patient =>
  Object.fromEntries(Object.entries(patient).filter(([name]) => !(names as string[]).includes(name))) as unknown as Patient;

const NOTHING = { resourceType: 'Bundle', type: 'searchset', total: 0 };

describe('G22 what is certain, and what is not', () => {
  test.each<[string, () => Patient]>([
    ['the NHS number', () => byNumber(number('amber'))],
    [
      'the NHS number and nothing that contradicts it',
      () => ({ ...byNumber(number('amber')), birthDate: '1990-04-01', telecom: [] as never[] }),
    ],
    ['family, given, birth date and phone', amber],
    ['… and e-mail', () => ({ ...amber(), telecom: [{ system: 'email', value: ' AMBER@example.org' }] })],
    ['… and a whole postcode', () => ({ ...without(amber(), 'telecom'), address: [{ postalCode: 'xx11xx' }] })],
    ['… however the name is written', () => ({ ...amber(), name: [{ family: 'TESTPERSON AMBER', given: ['éxample', 'Second'] }] })],
    [
      'a second phone that nobody knows changes nothing',
      () => ({ ...amber(), telecom: [{ system: 'phone', value: '01632960999' }, ...(amber().telecom ?? [])] }),
    ],
  ])('%s: certain', async (_, patient) => {
    const sent = patient();
    if (sent.telecom?.length === 0) delete sent.telecom;
    const { status, json } = await door.match(AMBULANCE, sent);
    expect(status).toBe(200);
    expect(json).toMatchObject({ total: 1, entry: [{ search: { mode: 'match', score: 1 } }] });
  });

  const postcodeOnly = (): Patient => ({ resourceType: 'Patient', address: [{ line: ['1 Invented Street'], postalCode: 'XX1 1XX' }] });
  test.each<[string, () => Patient]>([
    ['no family name', () => ({ ...amber(), name: [{ given: ['Example'] }] })],
    ['no given name', () => ({ ...amber(), name: [{ family: 'Testperson-Amber' }] })],
    ['a name in one line', () => ({ ...amber(), name: [{ text: 'Example Testperson-Amber' }] })],
    ['no birth date', () => without(amber(), 'birthDate')],
    ['a year of birth', () => ({ ...amber(), birthDate: '1990' })],
    ['nothing beside name and birth date', () => without(amber(), 'telecom')],
    ['the gender beside name and birth date', () => ({ ...without(amber(), 'telecom'), gender: 'other' })],
    ['half a postcode', () => ({ ...without(amber(), 'telecom'), address: [{ postalCode: 'XX1' }] })],
    ['the street without its postcode', () => ({ ...without(amber(), 'telecom'), address: [{ line: ['1 Invented Street'] }] })],
    ['the end of a phone number', () => ({ ...amber(), telecom: [{ system: 'phone', value: '960001' }] })],
    ['another phone', () => ({ ...amber(), telecom: [{ system: 'phone', value: '01632 960002' }] })],
    ['another birth date', () => ({ ...amber(), birthDate: '1990-01-04' })],
    ['another family name', () => ({ ...amber(), name: [{ family: 'Testperson-Ambre', given: ['Example'] }] })],
    ['another given name', () => ({ ...amber(), name: [{ family: 'Testperson-Amber', given: ['Sample'] }] })],
    ['the phone alone', () => without(amber(), 'name', 'birthDate')],
    ['the address alone', postcodeOnly],
    ['the address and the phone', () => ({ ...postcodeOnly(), telecom: [{ system: 'phone', value: '01632 960001' }] })],
    [
      'address, phone and birth date',
      () => ({ ...postcodeOnly(), telecom: [{ system: 'phone', value: '01632 960001' }], birthDate: '1990-04-01' }),
    ],
    [
      'address, phone and family name',
      () => ({ ...postcodeOnly(), ...without(amber(), 'birthDate'), name: [{ family: 'Testperson-Amber' }] }),
    ],
    ['the NHS number of nobody', () => byNumber(number('nobody'))],
    ['the NHS number with another birth date', () => ({ ...byNumber(number('amber')), birthDate: '1990-04-02' })],
    ['the NHS number with another name', () => ({ ...byNumber(number('amber')), name: [{ family: 'Somebody', given: ['Else'] }] })],
    ['name, birth date and phone with the number of nobody', () => ({ ...amber(), ...byNumber(number('nobody')) })],
    ['an NHS number that is not verified', () => byNumber(number('coral'))],
    ['a Patient that says nothing', () => ({ resourceType: 'Patient', active: true })],
    ['two persons of one name, birth date and phone', () => ofName('Twin', '1980-08-08')],
  ])('%s: nothing', async (_, patient) => {
    const { status, json } = await door.match(AMBULANCE, patient());
    expect({ status, json }).toEqual({ status: 200, json: { ...NOTHING, link: json.link } });
  });

  test('one of the twins is found by the number', async () => {
    const first = await door.match(AMBULANCE, byNumber(number('twin2')));
    const { json } = await door.confirm(AMBULANCE, tokenOf(first), byNumber(number('twin2')));
    expect(json.entry[0].resource.identifier[0].value).toBe(number('twin2'));
  });
});

describe('the confirm step', () => {
  test('the first answer holds what was sent, and nothing of the record', async () => {
    const sent = { ...amber(), name: [{ family: 'testperson amber', given: ['Example'] }], id: 'mine' };
    const { json, text } = await door.match(AMBULANCE, sent);
    expect(json.entry[0].resource).toEqual({
      resourceType: 'Patient',
      name: [{ family: 'testperson amber', given: ['Example'] }],
      birthDate: '1990-04-01',
    });
    expect(json.entry[0].search.extension[0]).toEqual({ url: 'http://hl7.org/fhir/StructureDefinition/match-grade', valueCode: 'certain' });
    expect(text).not.toMatch(new RegExp(`${number('amber')}|Invented Street|XX1|Testperson-Amber|amber@`));
    expect(errorsOf(validate(json))).toEqual([]);
    const row = (await door.trail()).at(-1);
    expect(row).toMatchObject({ event: 'match', organization: 'XAMB', because: null, digest: null, key_id: null });
    expect(row?.['plan_id']).not.toBeNull();
  });

  test('it leaves no copy, for it gave nothing away that could be kept', async () => {
    await door.person(somebody('quiet', number('quiet')));
    expect((await door.match(AMBULANCE, byNumber(number('quiet')))).json.total).toBe(1);
    const { rows } = await door.ground.database.pool.query(
      "SELECT FROM ledger_key k JOIN plan p ON p.id = k.plan_id WHERE p.patient_id = 'quiet'",
    );
    expect(rows).toHaveLength(0);
  });

  test('the second shows the Patient of the disclosure, audited as a delivery, and its id finds the plan', async () => {
    const first = await door.match(AMBULANCE, amber());
    const { status, json } = await door.confirm(AMBULANCE, tokenOf(first), { resourceType: 'Patient', birthDate: '1990-04-01' });
    expect(status).toBe(200);
    expect(json).toMatchObject({ total: 1, entry: [{ search: { mode: 'match', score: 1 } }] });
    const { resource, fullUrl } = json.entry[0];
    expect(resource).toMatchObject({ identifier: [{ system: System.nhsNumber, value: number('amber') }], birthDate: '1990-04-01' });
    expect(fullUrl.endsWith(`/Patient/${resource.id}`)).toBe(true);
    expect((await door.trail()).at(-1)).toMatchObject({
      event: 'confirm',
      because: null,
      digest: expect.any(String),
      key_id: expect.any(String),
    });
    const plans = await door.ask(AMBULANCE, `CarePlan?patient=${resource.id}`);
    expect(plans.json).toMatchObject({ total: 1, entry: [{ resource: { id: resource.id } }] });
  });

  test('police confirm a match and are shown their part: no number', async () => {
    const first = await door.match(POLICE, byNumber(number('amber')));
    const { json } = await door.confirm(POLICE, tokenOf(first), byNumber(number('amber')));
    expect(json.total).toBe(1);
    expect(json.entry[0].resource.identifier).toBeUndefined();
  });

  const birthDate: Patient = { resourceType: 'Patient', birthDate: '1990-04-01' };
  test.each<[string, (token: string) => Promise<Answer>]>([
    ['by another kind of service', (token) => door.confirm(ED, token, birthDate)],
    ['by another organisation', (token) => door.confirm({ ...AMBULANCE, ods: 'XED' }, token, birthDate)],
    [
      'with one letter changed',
      (token) => door.confirm(AMBULANCE, `${token.slice(0, 40)}${token[40] === 'A' ? 'B' : 'A'}${token.slice(41)}`, birthDate),
    ],
    ['cut short', (token) => door.confirm(AMBULANCE, token.slice(0, 30), birthDate)],
    ['that is no token', () => door.confirm(AMBULANCE, 'certain', birthDate)],
    ['with another birth date', (token) => door.confirm(AMBULANCE, token, { ...birthDate, birthDate: '1990-04-02' })],
    ['with a number that was not asked with', (token) => door.confirm(AMBULANCE, token, { ...birthDate, ...byNumber(number('amber')) })],
  ])('a confirmation %s shows nobody', async (_, present) => {
    const token = tokenOf(await door.match(AMBULANCE, amber()));
    const { status, json } = await present(token);
    expect({ status, json }).toEqual({ status: 200, json: { ...NOTHING, link: json.link } });
    expect((await door.trail()).at(-1)).toMatchObject({ event: 'confirm', because: 'no-such-person', person_id: null });
  });

  test('a confirmation is good once, also after a wrong try', async () => {
    const token = tokenOf(await door.match(AMBULANCE, amber()));
    expect((await door.confirm(AMBULANCE, token, birthDate)).json.total).toBe(1);
    expect((await door.confirm(AMBULANCE, token, birthDate)).json.total).toBe(0);
    expect((await door.confirm(AMBULANCE, `${token}=`, birthDate)).json.total).toBe(0);
    const other = tokenOf(await door.match(AMBULANCE, amber()));
    expect((await door.confirm(AMBULANCE, other, { ...birthDate, birthDate: '1991-04-01' })).json.total).toBe(0);
    expect((await door.confirm(AMBULANCE, other, birthDate)).json.total).toBe(0);
  });

  test('another caller who presents it does not spend it', async () => {
    const token = tokenOf(await door.match(AMBULANCE, amber()));
    expect((await door.confirm(ED, token, birthDate)).json.total).toBe(0);
    expect((await door.confirm(AMBULANCE, token, birthDate)).json.total).toBe(1);
  });

  test('whichever process is asked, and once for all of them', async () => {
    const other = await openDoorOn(door.ground.database);
    const [first, second] = [tokenOf(await door.match(AMBULANCE, amber())), tokenOf(await door.match(AMBULANCE, amber()))];
    const there = async (token: string): Promise<number> => {
      const parameter = [
        { name: 'resource', resource: birthDate },
        { name: 'confirm', valueString: token },
      ];
      const { body: answer } = await other.post(AMBULANCE, '/fhir/Patient/$match', { resourceType: 'Parameters', parameter });
      return answer.total;
    };
    expect([await there(first), (await door.confirm(AMBULANCE, first, birthDate)).json.total]).toEqual([1, 0]);
    expect([(await door.confirm(AMBULANCE, second, birthDate)).json.total, await there(second)]).toEqual([1, 0]);
    await other.close();
  });

  test('a confirmation is too old after five minutes', async () => {
    const [early, late] = [tokenOf(await door.match(AMBULANCE, amber())), tokenOf(await door.match(AMBULANCE, amber()))];
    door.putForward(4 * 60_000 + 55_000);
    expect((await door.confirm(AMBULANCE, early, birthDate)).json.total).toBe(1);
    door.putForward(10_000);
    expect((await door.confirm(AMBULANCE, late, birthDate)).json.total).toBe(0);
  });

  test('I1: what was revoked between the steps is shown no more', async () => {
    await door.person(somebody('fickle', number('fickle')));
    const token = tokenOf(await door.match(AMBULANCE, byNumber(number('fickle'))));
    await door.ground.put(publisher, body.consent('cons-fickle', 'fickle', 'org-trust', { kinds: ['ed'] }));
    expect((await door.confirm(AMBULANCE, token, byNumber(number('fickle')))).json.total).toBe(0);
    expect((await door.trail()).at(-1)).toMatchObject({ event: 'confirm', because: 'no-consent' });
  });

  test('nothing of the person can be read in a confirmation', async () => {
    const token = tokenOf(await door.match(AMBULANCE, { ...amber(), ...byNumber(number('amber')) }));
    const bytes = Buffer.from(token, 'base64url').toString('latin1');
    expect(`${token} ${bytes}`).not.toMatch(new RegExp(`${number('amber')}|1990|Testperson|[0-9a-f]{8}-`));
  });
});

describe('I7: on record before it is answered', () => {
  test('where the trail cannot be written neither step answers anything, nor does a match of nobody', async () => {
    const { owner: pool } = door.ground.database;
    const token = tokenOf(await door.match(AMBULANCE, amber()));
    await pool.query('ALTER TABLE audit RENAME TO audit_away');
    try {
      const answers = [
        await door.match(AMBULANCE, amber()),
        await door.confirm(AMBULANCE, token, amber()),
        await door.match(AMBULANCE, byNumber(number('nobody'))),
        await door.match(TRUST, amber()),
      ];
      for (const { status, text } of answers) {
        expect(status).toBe(500);
        expect(text).not.toMatch(/Testperson|match-confirmation|searchset/);
      }
    } finally {
      await pool.query('ALTER TABLE audit_away RENAME TO audit');
    }
  });
});

describe('a person whose number is not traced', () => {
  const coral = (): Patient => ofName('Coral', '1971-02-03');
  test('is found by a match only, is shown without the number, and read by the id that it gave; who did not match finds nothing', async () => {
    const number_ = `${System.nhsNumber}|${number('coral')}`;
    expect((await door.ask(AMBULANCE, `Flag?patient.identifier=${encodeURIComponent(number_)}`)).json.total).toBe(0);
    const first = await door.match(AMBULANCE, coral());
    const { json } = await door.confirm(AMBULANCE, tokenOf(first), { resourceType: 'Patient', birthDate: '1971-02-03' });
    expect(json.total).toBe(1);
    const { id, identifier } = json.entry[0].resource;
    expect(identifier).toBeUndefined();
    const plan = await door.ask(AMBULANCE, `CarePlan/${id}`);
    expect(plan.status).toBe(200);
    expect(plan.text).not.toContain(number('coral'));
    expect((await door.ask(AMBULANCE, `Flag?patient=${id}`)).json.total).toBe(1);
    expect((await door.ask(ED, `CarePlan/${id}`)).status).toBe(404);
    expect((await door.ask(AMBULANCE, `Flag?patient.identifier=${encodeURIComponent(number_)}`)).json.total).toBe(0);
  });

  const recalls = async (): Promise<number> => {
    await door.ground.fanOutAll();
    await door.ground.database.pool.query("UPDATE ledger_key SET look_at = clock_timestamp() WHERE destination_id = 'pull:svc-amb'");
    while (await workOnce(door.ground.ledger(), 'svc-amb'));
    const { rows } = await door.ground.database.pool.query(
      `SELECT FROM delivery d JOIN ledger_key k ON k.id = d.key_id JOIN plan p ON p.id = k.plan_id
        WHERE p.patient_id = 'coral' AND k.destination_id = 'pull:svc-amb' AND d.action = 'recall'`,
    );
    return rows.length;
  };

  test('I3: what a match let somebody read is theirs to hold; once a number is verified it is another identity, and recalled first', async () => {
    expect(await recalls()).toBe(0);
    await door.ground.put(publisher, somebody('coral', number('coral'), { birthDate: '1971-02-03' }));
    expect(await recalls()).toBe(1);
    const found = await door.ask(AMBULANCE, `Flag?patient.identifier=${encodeURIComponent(`${System.nhsNumber}|${number('coral')}`)}`);
    expect(found.json.total).toBe(1);
  });
});

describe('I6: refused looks the same as no match', () => {
  const CHANGES = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)/g;
  const comparable = ({ status, headers, text }: Answer) => ({
    status,
    headers: headers.filter(([name]) => name !== 'date').map(([name, value]) => `${name}: ${value.replace(CHANGES, '*')}`),
    text: text.replace(CHANGES, '*'),
  });

  test.each<[string, () => Patient]>([
    ['no consent', () => ofName('Private', '1966-06-06')],
    ['no consent, by number', () => byNumber(number('private'))],
    ['a restricted person', () => ofName('Hidden', '1965-05-05')],
    ['a restricted person, by number', () => byNumber(number('hidden'))],
    ['no plan', () => ofName('Planless', '1967-07-07')],
    ['several persons', () => ofName('Twin', '1980-08-08')],
  ])('%s: same status, same headers, same body, and one row in the trail', async (_, patient) => {
    const before = (await door.trail()).length;
    const one = comparable(await door.match(AMBULANCE, patient()));
    expect(one.status).toBe(200);
    expect(one).toEqual(comparable(await door.match(AMBULANCE, byNumber(number('nobody')))));
    const rows = (await door.trail()).slice(before);
    expect(rows.map(({ event }) => event)).toEqual(['match', 'match']);
    expect(rows.every(({ because }) => because !== null)).toBe(true);
  });

  test('a service without an agreement, and one that is not registered', async () => {
    const stranger = { ods: 'XSTRANGE', kind: 'epr' } as const;
    expect(comparable(await door.match(stranger, amber()))).toEqual(comparable(await door.match(stranger, byNumber(number('nobody')))));
  });

  const clocked: readonly [string, () => Patient, () => Promise<Answer>][] = [
    ['at the first step', () => ofName('Private', '1966-06-06'), () => door.match(AMBULANCE, ofName('Nobody', '1966-06-06'))],
    ['by number', () => byNumber(number('hidden')), () => door.match(AMBULANCE, byNumber(number('nobody')))],
  ];
  // Both take one road behind the door: the suite asks one of them, each time another.
  const asked = Math.floor(Math.random() * 2);
  test.each(clocked.filter((_each, at) => IS_WHOLE || at === asked))(
    'a clock cannot tell them apart over 100 pairs, %s',
    async (_, refused, absent) => {
      const refusals: number[] = [];
      const absences: number[] = [];
      for (let pair = 0; pair < 110; pair++) {
        const asked = [
          async () => refusals.push((await door.match(AMBULANCE, refused())).ms),
          async () => absences.push((await absent()).ms),
        ];
        for (const ask of pair % 2 === 0 ? asked : asked.toReversed()) await ask();
      }
      const told = tellByClock(refusals.slice(10), absences.slice(10));
      expect(told).toBeGreaterThan(0.35);
      expect(told).toBeLessThan(0.65);
    },
    60_000,
  );

  test('nor at the second step: what was revoked meanwhile, and a confirmation that is none', async () => {
    const refusals: number[] = [];
    const absences: number[] = [];
    await door.person(somebody('timed', number('timed'), { birthDate: '1955-05-05' }));
    const tokens: string[] = [];
    for (let each = 0; each < partOf(160, 90); each++) tokens.push(tokenOf(await door.match(AMBULANCE, byNumber(number('timed')))));
    await door.ground.put(publisher, body.consent('cons-timed', 'timed', 'org-trust', {}));
    for (const [index, token] of tokens.entries()) {
      const again = byNumber(number('timed'));
      const asked = [
        async () => refusals.push((await door.confirm(AMBULANCE, token, again)).ms),
        async () => absences.push((await door.confirm(AMBULANCE, `${'A'.repeat(20)}${token.slice(20)}`, again)).ms),
      ];
      for (const ask of index % 2 === 0 ? asked : asked.toReversed()) await ask();
    }
    const told = tellByClock(refusals.slice(10), absences.slice(10));
    expect(told).toBeGreaterThan(0.35);
    expect(told).toBeLessThan(0.65);
  }, 60_000);
});

describe('a publisher matches its own', () => {
  test('its own Patient, whole, without a step between', async () => {
    const { json } = await door.match(TRUST, amber());
    expect(json).toMatchObject({ total: 1, entry: [{ resource: { id: 'amber', address: [{ line: ['1 Invented Street'] }] } }] });
    expect(json.entry[0].search.extension).toHaveLength(1);
    expect((await door.trail()).at(-1)).toMatchObject({ event: 'match', organization: 'TRUST1', because: null });
  });

  test.each<[string, () => Promise<Answer>]>([
    ["another trust's", () => door.match({ ...TRUST, ods: 'TRUST2' }, amber())],
    ['a restricted person', () => door.match(TRUST, byNumber(number('hidden')))],
    ['one of two', () => door.match(TRUST, ofName('Twin', '1980-08-08'))],
    ['less than is certain', () => door.match(TRUST, without(amber(), 'telecom'))],
  ])('%s: nothing', async (_, ask) => {
    expect((await ask()).json).toMatchObject(NOTHING);
  });
});

describe('I4 nobody is found by guessing', () => {
  const phones = (count: number) => Array.from({ length: count }, (_, at) => ({ system: 'phone' as const, value: `01632 96010${at}` }));
  const places = (count: number) => Array.from({ length: count }, (_, at) => ({ postalCode: `ZZ1 ${at}ZZ` }));
  test.each<[string, () => Patient, string]>([
    ['telephones', () => ({ ...amber(), telecom: [...phones(6), ...(amber().telecom ?? [])] }), 'Patient.telecom[6]'],
    ['postcodes', () => ({ ...amber(), address: places(6) }), 'Patient.address[5]'],
    [
      'names',
      () => ({ ...amber(), name: ['A', 'B', 'C', 'D'].map((family) => ({ family, given: ['Example'] })).concat(amber().name as never) }),
      'Patient.name[4]',
    ],
  ])('a list of %s is refused, by $match and by $emergency-access, whoever is on it', async (_, guessed, place) => {
    const first = await door.match(AMBULANCE, guessed());
    const glass = await door.ask(AMBULANCE, 'Patient/$emergency-access', {
      resourceType: 'Parameters',
      parameter: [{ name: 'resource', resource: guessed() }],
    });
    for (const { status, json } of [first, glass]) expect([status, json.issue?.[0]?.expression]).toEqual([422, [place]]);
    // What one person may be known by is no list.
    const known: Patient = { ...amber(), telecom: [...phones(3), ...(amber().telecom ?? [])], address: places(2) };
    expect((await door.match(AMBULANCE, known)).json.total).toBe(1);
  });
});

describe('what is asked wrongly is said, with its place', () => {
  const parameters = (...parameter: unknown[]) => ({ resourceType: 'Parameters', parameter });
  test.each<[string, () => unknown, string]>([
    ['no resource', () => parameters({ name: 'count', valueInteger: 1 }), "Parameters.parameter.where(name='resource')"],
    ['not a Patient', () => parameters({ name: 'resource', resource: { resourceType: 'Flag' } }), 'Parameters.parameter[0].resource'],
    [
      'two resources',
      () => parameters({ name: 'resource', resource: amber() }, { name: 'resource', resource: amber() }),
      "Parameters.parameter.where(name='resource')",
    ],
    [
      'a count of none',
      () => parameters({ name: 'resource', resource: amber() }, { name: 'count', valueInteger: 0 }),
      "Parameters.parameter.where(name='count')",
    ],
    [
      'a parameter that is none',
      () => parameters({ name: 'resource', resource: amber() }, { name: 'fuzzy', valueBoolean: true }),
      'Parameters.parameter[1].name',
    ],
    ['a number with a wrong check digit', () => parameters({ name: 'resource', resource: byNumber('9990000019') }), 'identifier[0].value'],
    [
      'two numbers',
      () =>
        parameters({
          name: 'resource',
          resource: {
            ...amber(),
            identifier: [...(byNumber(number('amber')).identifier ?? []), ...(byNumber(number('twin1')).identifier ?? [])],
          },
        }),
      'Patient.identifier[1]',
    ],
    ['a name that is no name', () => parameters({ name: 'resource', resource: { resourceType: 'Patient', name: 'Amber' } }), 'name'],
    [
      'a confirmation that is no string',
      () => parameters({ name: 'resource', resource: amber() }, { name: 'confirm', valueInteger: 1 }),
      "Parameters.parameter.where(name='confirm')",
    ],
    [
      'a confirmation without the number or the birth date',
      () => parameters({ name: 'resource', resource: { resourceType: 'Patient', active: true } }, { name: 'confirm', valueString: 'x' }),
      "Parameters.parameter.where(name='resource')",
    ],
  ])('%s', async (_, sent, at) => {
    const { status, json, text } = await door.ask(AMBULANCE, 'Patient/$match', sent());
    expect(status).toBe(422);
    expect(json.issue[0].expression[0]).toContain(at);
    expect(text).not.toContain('9990000019');
  });

  test('onlyCertainMatches false is taken as true, and said so, whether somebody is found or not', async () => {
    const ask = (resource: Patient) =>
      door.ask(
        AMBULANCE,
        'Patient/$match',
        parameters({ name: 'resource', resource }, { name: 'onlyCertainMatches', valueBoolean: false }),
      );
    for (const [patient, total] of [
      [amber(), 1],
      [without(amber(), 'telecom'), 0],
    ] as const) {
      const { json } = await ask(patient);
      expect(json.total).toBe(total);
      expect(json.entry.at(-1)).toMatchObject({
        search: { mode: 'outcome' },
        resource: { resourceType: 'OperationOutcome', issue: [{ severity: 'warning' }] },
      });
    }
  });

  test.each([OPERATOR, { ...OPERATOR, kind: 'evaluator' as const }])('an operator and an evaluator match nobody', async (caller) => {
    expect((await door.match(caller, amber())).status).toBe(403);
  });
});
