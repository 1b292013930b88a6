import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Contract, HealthcareService, ParametersParameter, Patient, Resource } from '@medplum/fhirtypes';
import { Extension, System } from '../../../profiles/canonicals.ts';
import type { RecipientKind } from '../../../src/model/kind.ts';
import { caller, operator, WORDS } from '../../store/ground.ts';
import { workOnce } from '../../store/work-once.ts';
import type { Caller } from '../../support/access.ts';
import * as body from '../../support/bodies.ts';
import { clinicianOf } from '../../support/sign-in.ts';
import type { Answer, MatchGround } from '../match-ground.ts';
import { byNumber, openMatchGround, OPERATOR, OTHER_TRUST, somebody, tokenOf, TRUST } from '../match-ground.ts';

/** A person in crisis far from home: agreements that inherit from a national one, and who joins it by data alone. */

const NORTH: Caller = { ods: 'XNORTH', kind: 'ambulance' };
const SOUTH: Caller = { ods: 'XSOUTH', kind: 'ambulance' };
const trust2 = caller('TRUST2', 'publisher');
const AREA = 'E06000047';
let door: MatchGround;

type Side = 'publisher' | 'recipient';
const party = (role: Side, id: string) => ({
  reference: [{ reference: `${role === 'publisher' ? 'Organization' : 'HealthcareService'}/${id}` }],
  role: { coding: [{ system: System.agreementRole, code: role }] },
});
/** A Contract of the national framework: what it leaves out is as there. */
const joining = (
  id: string,
  sides: readonly (readonly [Side, string])[],
  options: body.AgreementOptions & { of?: string } = {},
): Contract => {
  const full = body.agreement('org-trust', ['svc-amb'], options);
  const [term] = full.term ?? [];
  return body.signed({
    ...full,
    id,
    instantiatesCanonical: { reference: `Contract/${options.of ?? 'national'}` },
    term: [
      {
        offer: { party: sides.map(([role, name]) => party(role, name)) },
        ...(options.headings === undefined ? {} : { asset: term?.asset ?? [] }),
        ...(options.purposes === undefined ? {} : { action: term?.action ?? [] }),
      } as NonNullable<Contract['term']>[number],
    ],
  });
};
const national = (options: body.AgreementOptions = {}): Contract => ({
  ...body.agreement('org-trust', ['svc-amb'], options),
  id: 'national',
});
const put = (...resources: readonly Resource[]) =>
  resources.reduce((done, each) => done.then(() => door.ground.put(operator, each)), Promise.resolve(''));
const written = (resource: Resource): Promise<Answer> => door.ask(OPERATOR, resource.resourceType, resource);
const serving = (id: string, kind: RecipientKind, area?: string): HealthcareService => ({
  ...body.service(`svc-${id}`, `org-${id}`, kind),
  ...(area === undefined ? {} : { coverageArea: [{ identifier: { system: System.area, value: area } }] }),
});
/** A service that nobody has an agreement with: all that its operator writes but for that. */
const registered = (id: string, ods: string, kind: RecipientKind, area?: string) =>
  put(body.organization(`org-${id}`, ods, kind), serving(id, kind, area));
const found = async (who: Caller, nhsNumber: string): Promise<number> =>
  (await door.ask(who, 'Flag/_search', new URLSearchParams({ 'patient.identifier': `${System.nhsNumber}|${nhsNumber}` }))).json.total;
const matched = async (who: Caller, patient: Patient): Promise<number> => {
  const first = await door.match(who, patient);
  return first.json.total === 0 ? 0 : (await door.confirm(who, tokenOf(first), patient)).json.total;
};
const sql = async (text: string, ...values: unknown[]) => (await door.ground.database.pool.query(text, values)).rows;
const worked = async (service: string) => {
  await door.ground.fanOutAll();
  while (await workOnce(door.ground.ledger(), service));
};
const holds = async (service: string): Promise<number> =>
  (await sql(`SELECT FROM ledger_key WHERE recipient_id = $1 AND state @? '$.copies[*] ? (@.effect != null)'`, service)).length;
const generations = (service: string) => sql('SELECT id, generation FROM ledger_key WHERE recipient_id = $1 ORDER BY id', service);
const cyan: Patient = {
  resourceType: 'Patient',
  name: [{ family: 'Testperson-cyan', given: ['Example'] }],
  birthDate: '1990-04-01',
  telecom: [{ system: 'phone', value: '01632 960001' }],
};
const numbers = { amber: '', cyan: '' };

beforeAll(async () => {
  door = await openMatchGround();
  for (const key of ['amber', 'cyan'] as const) numbers[key] = door.ground.numbers.next();
  await door.person(somebody('amber', numbers.amber));
  await put(body.organization('org-trust2', 'TRUST2', 'publisher'));
  for (const id of ['author2', 'approver2']) await door.ground.put(trust2, body.practitioner(id));
  await door.ground.put(trust2, somebody('cyan', numbers.cyan));
  await door.ground.put(trust2, body.consent('cons-cyan', 'cyan', 'org-trust2', { kinds: ['ambulance', 'ed', 'epr'] }));
  await door.ground.put(trust2, { ...body.composition('words-cyan', 'cyan', WORDS), author: [{ reference: 'Practitioner/author2' }] });
  await door.ground.put(trust2, {
    ...body.carePlan('plan-cyan', 'cyan', 'words-cyan', { reach: [] }),
    extension: [
      ...(body.carePlan('plan-cyan', 'cyan', 'words-cyan', { reach: [] }).extension ?? []),
      { url: Extension.reach, valueCoding: { system: System.area, code: AREA } },
    ],
    author: { reference: 'Practitioner/author2' },
  } as Resource);
  const approval = body.approval('plan-cyan', 'org-trust2');
  const agent = (approval.agent ?? []).map((each) => ({ ...each, who: { reference: 'Practitioner/approver2' } }));
  await door.ground.store.approve(trust2, 'plan-cyan', '1', { ...approval, agent: agent as typeof approval.agent }, clinicianOf('TRUST2'));
  await registered('north', 'XNORTH', 'ambulance');
  await registered('south', 'XSOUTH', 'ambulance');
  await put(national());
}, 60_000);
afterAll(() => door?.close());

describe('who joins a national agreement', () => {
  test('finds the plans of everybody on the other side, by number and by confirmed match, whichever trust wrote them', async () => {
    expect([await found(NORTH, numbers.amber), await matched(NORTH, byNumber(numbers.amber))]).toEqual([0, 0]);
    await put(joining('north', [['recipient', 'svc-north']]));
    expect([await found(NORTH, numbers.amber), await matched(NORTH, byNumber(numbers.amber))]).toEqual([1, 1]);
    expect([await found(NORTH, numbers.cyan), await matched(NORTH, cyan)]).toEqual([0, 0]);
    await put(joining('trust2', [['publisher', 'org-trust2']]));
    expect([await found(NORTH, numbers.cyan), await matched(NORTH, byNumber(numbers.cyan)), await matched(NORTH, cyan)]).toEqual([1, 1, 1]);
    // Who has not joined still finds nothing.
    expect([await found(SOUTH, numbers.amber), await found(SOUTH, numbers.cyan)]).toEqual([0, 0]);
  });

  test('joins for no more than the framework says, and for no more than it says itself', async () => {
    const headings = async () =>
      (
        await sql(`SELECT publisher, facts->'headings' AS headings FROM agreement_fact WHERE recipient_id = 'svc-south' ORDER BY publisher`)
      ).map(({ publisher: from, headings: of }) => `${from} ${of.length} ${of.includes('formulation')}`);
    await put(national({ headings: ['please-do', 'who-to-ring', 'triggers'] }));
    await put(joining('south', [['recipient', 'svc-south']], { headings: ['who-to-ring', 'triggers', 'medicines'] }));
    expect(await headings()).toEqual(['TRUST1 2 false', 'TRUST2 2 false']);
    const rows = await sql(`SELECT DISTINCT facts->'headings' AS headings FROM agreement_fact WHERE recipient_id = 'svc-south'`);
    expect(rows).toEqual([{ headings: ['who-to-ring', 'triggers'] }]);
    await put(national());
    expect(await headings()).toEqual(['TRUST1 3 false', 'TRUST2 3 false']);
  });

  test('I3 what a new service should now hold comes to it, by data alone', async () => {
    await registered('far', 'XFAR', 'ed', AREA);
    await put(body.endpoint('end-far', 'svc-far', 'org-far', 'https://far.example/fhir'));
    await worked('svc-far');
    expect(await holds('svc-far')).toBe(0);
    await put(joining('far', [['recipient', 'svc-far']]));
    await worked('svc-far');
    expect(await holds('svc-far')).toBe(1);
  });

  test('I2 who leaves gives up what it holds, and nobody else is looked at', async () => {
    await registered('near', 'XNEAR', 'ed', AREA);
    await put(body.endpoint('end-near', 'svc-near', 'org-near', 'https://near.example/fhir'), joining('near', [['recipient', 'svc-near']]));
    for (const service of ['svc-far', 'svc-near']) await worked(service);
    const before = await generations('svc-near');
    await put(joining('far', [['recipient', 'svc-far']], { status: 'terminated' }));
    for (const service of ['svc-far', 'svc-near']) await worked(service);
    expect([await holds('svc-far'), await holds('svc-near')]).toEqual([0, 1]);
    expect(await generations('svc-near')).toEqual(before);
    // Its publisher sees how far that is at the agreement of all of them.
    const { json } = await door.ask(OTHER_TRUST, 'Contract/national/$ending-progress');
    const services = (json.parameter as ParametersParameter[]).filter(({ name }) => name === 'service');
    expect(services).toHaveLength(1);
    await put(joining('far', [['recipient', 'svc-far']]));
    await worked('svc-far');
    expect(await holds('svc-far')).toBe(1);
  });

  test('I1 I2 the end of the national agreement ends what was joined, and what inherits from it', async () => {
    await put(
      joining('local', [
        ['publisher', 'org-trust2'],
        ['recipient', 'svc-south'],
      ]),
    );
    const inForce = () => sql(`SELECT DISTINCT contract_id FROM agreement_in_force WHERE contract_id IN ('national', 'local') ORDER BY 1`);
    expect(await inForce()).toEqual([{ contract_id: 'local' }, { contract_id: 'national' }]);
    await put(national({ status: 'terminated' }));
    expect(await inForce()).toEqual([]);
    expect([await found(NORTH, numbers.amber), await found(NORTH, numbers.cyan), await found(SOUTH, numbers.cyan)]).toEqual([0, 0, 0]);
    for (const service of ['svc-far', 'svc-near']) await worked(service);
    expect([await holds('svc-far'), await holds('svc-near')]).toEqual([0, 0]);
    await put(national());
    expect([await found(NORTH, numbers.amber), await found(SOUTH, numbers.cyan)]).toEqual([1, 1]);
  });

  test('one that names both sides is between those alone', async () => {
    await registered('east', 'XEAST', 'ambulance');
    await put(
      joining('east', [
        ['publisher', 'org-trust2'],
        ['recipient', 'svc-east'],
      ]),
    );
    const EAST: Caller = { ods: 'XEAST', kind: 'ambulance' };
    expect([await found(EAST, numbers.cyan), await found(EAST, numbers.amber)]).toEqual([1, 0]);
  });

  test('two that join at the same moment are in agreement with each other', async () => {
    for (let round = 0; round < 10; round++) {
      const [trust, force] = [`T9${round}`, `F9${round}`];
      await put(body.organization(`org-${trust}`, trust, 'publisher'));
      await registered(force, force, 'police');
      await Promise.all([put(joining(trust, [['publisher', `org-${trust}`]])), put(joining(force, [['recipient', `svc-${force}`]]))]);
      const rows = await sql(
        `SELECT FROM agreement_fact WHERE contract_id = 'national' AND publisher = $1 AND recipient_id = $2`,
        trust,
        `svc-${force}`,
      );
      expect(rows.length).toBeGreaterThan(0);
    }
  });

  test('$explain names both Contracts, at a past instant too', async () => {
    const at = new Date().toISOString();
    const now = await door.ask(TRUST, 'CarePlan/plan-amber/$explain?recipient=HealthcareService/svc-north');
    for (const contract of ['Contract/national', 'Contract/north']) expect(now.text).toContain(contract);
    const explained = await door.ask(
      TRUST,
      `CarePlan/plan-amber/$explain?recipient=HealthcareService/svc-north&at=${encodeURIComponent(at)}`,
    );
    expect(explained.status).toBe(200);
    for (const contract of ['Contract/national', 'Contract/north']) expect(explained.text).toContain(contract);
    expect(explained.text).not.toContain('Contract/south');
  });
});

describe('the reach of an agreement', () => {
  const only = (reach: string): Contract => {
    const full = national();
    return {
      ...full,
      term: (full.term ?? []).map((term) => ({ ...term, extension: [{ url: Extension.agreementReach, valueCode: reach }] })),
    };
  };
  test('I4 for those in reach alone: they are sent, and who is far away finds nothing', async () => {
    await put(only('in-reach'));
    for (const service of ['svc-far', 'svc-near']) await worked(service);
    expect([await holds('svc-far'), await found(NORTH, numbers.cyan), await matched(NORTH, cyan)]).toEqual([1, 0, 0]);
  });
  test('I2 for look-up alone: nobody is sent anything, what was sent is recalled, and everybody finds it', async () => {
    await put(only('look-up'));
    for (const service of ['svc-far', 'svc-near']) await worked(service);
    expect([await holds('svc-far'), await found(NORTH, numbers.cyan), await matched(NORTH, cyan)]).toEqual([0, 1, 1]);
    await put(national());
  });
});

describe('I10 what is refused changes nothing', () => {
  const refused = async (contract: Contract, place: string, status = 422) => {
    const before = await sql('SELECT * FROM agreement_fact ORDER BY contract_id, publisher, recipient_ods, recipient_id, term');
    const answer = await door.ask(OPERATOR, 'Contract', { ...contract, id: undefined });
    expect([answer.status, answer.json.issue?.[0]?.expression?.[0]]).toEqual([status, place]);
    expect(await sql('SELECT * FROM agreement_fact ORDER BY contract_id, publisher, recipient_ods, recipient_id, term')).toEqual(before);
  };
  test('an agreement that is not stored, or that inherits itself', async () => {
    await refused(joining('x', [['recipient', 'svc-east']], { of: 'nowhere' }), 'Contract.instantiatesCanonical.reference');
    await refused(joining('x', [['recipient', 'svc-east']], { of: 'north' }), 'Contract.instantiatesCanonical.reference');
  });
  test('one that stands by itself and has one side, no purpose or nothing to share', async () => {
    const { instantiatesCanonical: _, ...alone } = joining('x', [['recipient', 'svc-east']]);
    const { json } = await written({ ...alone, id: undefined } as Resource);
    expect((json.issue ?? []).flatMap(({ expression }: { expression?: string[] }) => expression ?? [])).toEqual(
      expect.arrayContaining(['Contract.term[0].offer.party', 'Contract.term[0].action', 'Contract.term[0].asset']),
    );
  });
  test('one that would inherit from another than before', async () => {
    await expect(
      put({ ...joining('north', [['recipient', 'svc-north']]), instantiatesCanonical: { reference: 'Contract/con-ed' } } as Contract),
    ).rejects.toThrow();
  });
  test('a trust tries out only what is its own: not what others joined', async () => {
    const tried = await door.ask(TRUST, 'CarePlan/plan-amber/$preview-release', {
      resourceType: 'Parameters',
      parameter: [{ name: 'agreement', resource: joining('x', [['recipient', 'svc-east']]) }],
    });
    expect(tried.status).toBe(422);
  });
});

test('every trust with every force, ambulance service and hospital: 12,100 pairs are one agreement, and end at once', async () => {
  const many = (role: Side, letter: string) => ({
    reference: Array.from({ length: 110 }, (_, nth) => ({
      identifier: { system: System.odsOrganization, value: `${letter}${String(nth).padStart(3, '0')}` },
    })),
    role: { coding: [{ system: System.agreementRole, code: role }] },
  });
  const full = national();
  const all = (status: Contract['status']): Contract => ({
    ...full,
    id: 'everybody',
    status,
    signer: [],
    term: (full.term ?? []).map((term) => ({
      ...term,
      offer: { party: [many('publisher', 'P'), many('recipient', 'R')] },
    })) as Contract['term'],
  });
  await put(all('executed'));
  expect((await sql(`SELECT count(*)::integer AS pairs FROM agreement_in_force WHERE contract_id = 'everybody'`))[0].pairs).toBe(12_100);
  await put(all('terminated'));
  expect((await sql(`SELECT count(*)::integer AS pairs FROM agreement_in_force WHERE contract_id = 'everybody'`))[0].pairs).toBe(0);
}, 60_000);
