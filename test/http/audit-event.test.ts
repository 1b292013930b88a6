import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { System } from '../../profiles/canonicals.ts';
import { auditIds } from '../../src/store/audit-id.ts';
import { errorsOf, validate } from '../../src/validate/validate.ts';
import { caller, operator, publisher, WORDS } from '../store/ground.ts';
import * as body from '../support/bodies.ts';
import type { MatchGround } from './match-ground.ts';
import { AMBULANCE, byNumber, ED, openMatchGround, OPERATOR, OTHER_TRUST, POLICE, somebody, tokenOf, TRUST } from './match-ground.ts';

let door: MatchGround;
const numbers = { amber: '', coral: '', elsewhere: '' };

/** Amber is read by the ambulance service and refused to police; coral is matched and confirmed by the ED; a third is another trust's. */
beforeAll(async () => {
  door = await openMatchGround();
  const { ground } = door;
  numbers.amber = ground.numbers.next();
  numbers.coral = ground.numbers.next();
  numbers.elsewhere = ground.numbers.next();
  await door.person(somebody('amber', numbers.amber), ['ambulance', 'ed']);
  await door.person(somebody('coral', numbers.coral), ['ed']);
  const trust2 = { ...publisher, organization: 'TRUST2' };
  await ground.put(operator, body.organization('org-trust2', 'TRUST2', 'publisher'));
  for (const id of ['author2', 'approver2']) await ground.put(trust2, body.practitioner(id));
  await ground.put(operator, { ...body.agreement('org-trust2', ['svc-amb']), id: 'con-trust2' });
  await ground.put(trust2, somebody('elsewhere', numbers.elsewhere));
  await ground.put(trust2, body.consent('cons-elsewhere', 'elsewhere', 'org-trust2', { kinds: ['ambulance'] }));
  const by = (id: string) => ({ reference: `Practitioner/${id}` });
  await ground.put(trust2, { ...body.composition('words-elsewhere', 'elsewhere', WORDS), author: [by('author2')] });
  await ground.put(trust2, { ...body.carePlan('plan-elsewhere', 'elsewhere', 'words-elsewhere', { reach: [] }), author: by('author2') });
  const approval = body.approval('plan-elsewhere', 'org-trust2');
  const signed = { ...approval, agent: approval.agent.map((each) => ({ ...each, who: by('approver2') })) };
  await ground.store.approve(trust2, 'plan-elsewhere', '1', signed, body.approver);

  const look = (name: keyof typeof numbers) => `Flag?patient.identifier=${encodeURIComponent(`${System.nhsNumber}|${numbers[name]}`)}`;
  await door.ask(AMBULANCE, look('amber'));
  await door.ask(AMBULANCE, look('amber').replace('Flag', 'CarePlan'));
  await door.ask(POLICE, look('amber'));
  const first = await door.match(ED, byNumber(numbers.coral));
  await door.confirm(ED, tokenOf(first), byNumber(numbers.coral));
  await door.ask(AMBULANCE, look('elsewhere'));
  await door.match(AMBULANCE, byNumber(ground.numbers.next()));
}, 60_000);
afterAll(() => door?.close());

// biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever came.
type Any = any;
const eventsOf = (json: Any): readonly string[] => (json.entry ?? []).map(({ resource }: Any) => resource.subtype.at(-1).code);
const search = (headers: typeof TRUST, query = '') => door.ask(headers, `AuditEvent${query}`);

describe('a publisher reads the trail of its plans', () => {
  test('newest first, each row a valid R4 AuditEvent, none of another publisher', async () => {
    const { status, json, text } = await search(TRUST);
    expect(status).toBe(200);
    expect(eventsOf(json)).toEqual(['confirm', 'match', 'flag', 'read', 'flag', 'approve', 'approve']);
    expect(json.total).toBeUndefined();
    for (const { resource } of json.entry) expect(errorsOf(validate(resource))).toEqual([]);
    expect(eventsOf((await search(OTHER_TRUST)).json)).toEqual(['flag', 'approve']);
    expect(text).not.toMatch(new RegExp(`${Object.values(numbers).join('|')}|${Object.values(WORDS).join('|')}|Testperson`));
  });

  test('what was read, by whom, why, and which version with which headings', async () => {
    const { json } = await search(TRUST, `?agent=${System.odsOrganization}|XAMB&action=R`);
    expect(eventsOf(json)).toEqual(['read', 'flag']);
    const { resource } = json.entry[0];
    expect(resource).toMatchObject({
      type: { code: '110106' },
      action: 'R',
      outcome: '0',
      purposeOfEvent: [{ coding: [{ code: 'ETREAT' }] }],
      agent: [
        { who: { identifier: { value: 'BROKER' } }, requestor: false },
        { who: { identifier: { value: 'XAMB' } }, role: [{ coding: [{ code: 'ambulance' }] }], requestor: true },
      ],
      source: { observer: { identifier: { value: 'BROKER' } } },
      entity: [
        { what: { reference: 'Patient/amber' } },
        { what: { reference: 'CarePlan/plan-amber' } },
        { what: { reference: 'Consent/cons-amber/_history/1' }, type: { code: 'Consent' } },
      ],
    });
    const detail = new Map(
      resource.entity[1].detail.map(({ type, valueString }: Any) => [`${type} ${type === 'heading' ? valueString : ''}`, valueString]),
    );
    expect(detail.get('version ')).toBe('1');
    expect(detail.get('digest ')).toMatch(/^[0-9a-f]{64}$/);
    expect(detail.has('heading please-do')).toBe(true);
  });

  test('a refusal says why', async () => {
    const { json } = await search(TRUST, '?outcome=8');
    expect(eventsOf(json)).toEqual(['flag']);
    expect(json.entry[0].resource).toMatchObject({ type: { code: '110113' }, action: 'E', outcomeDesc: 'no-consent' });
  });

  test.each([
    ['?patient=Patient/amber', ['flag', 'read', 'flag', 'approve']],
    ['?patient=coral', ['confirm', 'match', 'approve']],
    ['?patient=elsewhere', []],
    ['?entity=CarePlan/plan-coral', ['confirm', 'match', 'approve']],
    ['?entity=Patient/coral', ['confirm', 'match', 'approve']],
    ['?entity=CarePlan/plan-elsewhere', []],
    ['?patient=amber&entity=CarePlan/plan-coral', []],
    ['?agent=XED', ['confirm', 'match']],
    ['?agent:identifier=XFORCE', ['flag']],
    ['?type=110112', ['match']],
    ['?type=http://dicom.nema.org/resources/ontology/DCM|110106', ['confirm', 'read', 'flag']],
    ['?subtype=disclose', ['confirm', 'read', 'flag']],
    ['?subtype=confirm,match', ['confirm', 'match']],
    ['?action=E&outcome=0', ['match', 'approve', 'approve']],
    ['?date=gt2000-01-01&subtype=read', ['read']],
    ['?date=lt2000-01-01', []],
    ['?_id=0123456789abcdef0123456789abcdef', []],
  ])('%s', async (query, events) => {
    expect(eventsOf((await search(TRUST, query)).json)).toEqual(events);
  });

  test('the version of a row is the one that was in force then', async () => {
    const draft = body.carePlan('plan-coral2', 'coral', 'words-coral2', { reach: [], replaces: 'plan-coral' });
    await door.ground.put(publisher, body.composition('words-coral2', 'coral', WORDS));
    await door.ground.put(publisher, { ...draft, identifier: body.carePlan('plan-coral', 'coral', '', { reach: [] }).identifier ?? [] });
    await door.ground.store.approve(publisher, 'plan-coral2', '1', body.approval('plan-coral2'), body.approver);
    await door.ground.store.lookUp(caller('XED', 'ed'), { nhsNumber: numbers.coral }, true);
    expect(eventsOf((await search(TRUST, '?entity=CarePlan/plan-coral')).json)).toEqual(['confirm', 'match', 'approve']);
    const { json } = await search(TRUST, '?entity=CarePlan/plan-coral2');
    expect(eventsOf(json)).toEqual(['read', 'approve']);
    expect(json.entry[0].resource.entity[1].detail[0]).toEqual({ type: 'version', valueString: '2' });
  });

  test('pages hold every row once, also while rows come', async () => {
    const whole = (await search(TRUST)).json.entry.map(({ resource }: Any) => resource.id);
    const seen: string[] = [];
    let next = 'AuditEvent?_count=2';
    while (next !== '') {
      const { json } = await door.ask(TRUST, next);
      seen.push(...json.entry.map(({ resource }: Any) => resource.id));
      next = json.link.find(({ relation }: Any) => relation === 'next')?.url ?? '';
      await door.ground.store.lookUp(caller('XAMB', 'ambulance'), { nhsNumber: numbers.amber }, false);
    }
    expect(seen).toEqual(whole);
  });

  test('read by id; the ids tell neither how many rows there are nor which came first', async () => {
    const { json } = await search(TRUST);
    const ids: readonly string[] = json.entry.map(({ resource }: Any) => resource.id);
    const { resource } = json.entry[0];
    const read = await door.ask(TRUST, `AuditEvent/${resource.id}`);
    expect([read.status, read.json]).toEqual([200, resource]);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(ids.toSorted()).not.toEqual(ids);
    expect(new Set(ids.map((id) => id.slice(0, 4))).size).toBe(ids.length);
    for (const id of ['1', '00000000000000000000000000000001', 'f'.repeat(32)])
      expect((await door.ask(TRUST, `AuditEvent/${id}`)).status).toBe(404);
    expect((await door.ask(OTHER_TRUST, `AuditEvent/${resource.id}`)).status).toBe(404);
  });

  test('under another key the ids are others, and open to nothing', () => {
    const [one, other] = [auditIds(Buffer.alloc(32, 1)), auditIds(Buffer.alloc(32, 2))];
    expect(one.toSerial(one.toId('77'))).toBe('77');
    expect(other.toId('77')).not.toBe(one.toId('77'));
    expect(other.toSerial(one.toId('77'))).toBeNull();
  });
});

describe('who else', () => {
  test('an operator sees every row, and of none the person, the plan or what it held', async () => {
    const { json, text } = await search(OPERATOR, '?_count=100');
    expect(eventsOf(json)).toEqual(expect.arrayContaining(['match', 'flag', 'confirm', 'read']));
    expect(json.entry.some(({ resource }: Any) => resource.outcomeDesc === 'no-such-person')).toBe(true);
    for (const { resource } of json.entry) {
      // Agreements are its own, and name nobody.
      const isAgreement = resource.subtype.at(-1).code === 'agreement';
      expect((resource.entity ?? []).map(({ what }: Any) => what.reference.split('/')[0])).toEqual(isAgreement ? ['Contract'] : []);
      expect(errorsOf(validate(resource))).toEqual([]);
    }
    expect(text).not.toMatch(/Patient\/|CarePlan\/|please-do|amber|coral/);
    for (const query of ['?patient=amber', '?entity=CarePlan/plan-amber'])
      expect((await search(OPERATOR, query)).json.entry).toBeUndefined();
  });

  test.each([AMBULANCE, POLICE, { ...OPERATOR, kind: 'evaluator' as const }])('nobody else is permitted', async (headers) => {
    expect((await search(headers)).status).toBe(403);
    expect((await door.ask(headers, 'AuditEvent/0123456789abcdef0123456789abcdef')).status).toBe(403);
  });

  test('an AuditEvent is never written', async () => {
    expect((await door.ask(TRUST, 'AuditEvent', { resourceType: 'AuditEvent' })).status).toBe(405);
  });
});

describe('what decided stands in each row', () => {
  const fern = { number: '', answers: [] as string[] };
  /** A second version of the consent: two headings for the ambulance service, and police denied. */
  beforeAll(async () => {
    const { ground } = door;
    fern.number = ground.numbers.next();
    await door.person(somebody('fern', fern.number), ['ambulance']);
    const second = { kinds: ['ambulance'], headings: ['please-do', 'who-to-ring'], deny: ['police'] } as const;
    await ground.put(publisher, body.consent('cons-fern', 'fern', 'org-trust', second));
    const find = `CarePlan?patient.identifier=${encodeURIComponent(`${System.nhsNumber}|${fern.number}`)}`;
    for (const asker of [AMBULANCE, POLICE, ED]) fern.answers.push((await door.ask(asker, find)).text);
  });
  const rowOf = async (agent: string): Promise<Any> =>
    (await search(TRUST, `?patient=fern&subtype=read&agent=${agent}`)).json.entry[0].resource;
  const toldOf = (entity: Any): readonly string[] => (entity?.detail ?? []).map(({ type, valueString }: Any) => `${type} ${valueString}`);

  test('the consent by version and hash, as it stands there too when it was written, the provision that spoke, and what was left out', async () => {
    const written = (await search(TRUST, '?patient=fern&subtype=consent')).json.entry[0].resource.entity.at(-1);
    const { entity } = await rowOf('XAMB');
    expect(written.what.reference).toBe('Consent/cons-fern/_history/2');
    expect(entity.at(-1)).toMatchObject({ what: written.what, type: { system: System.resourceTypes, code: 'Consent' } });
    expect(toldOf(entity.at(-1))).toEqual(['says permit', 'provision Consent.provision.provision[0]', ...toldOf(written)]);
    expect(toldOf(entity[1]).filter((each) => !/^(?:version|digest) /.test(each))).toEqual([
      'heading please-do',
      'heading who-to-ring',
      'withheld-by-consent triggers',
    ]);
  });

  test('a refusal: the gate, and the provision that denied; where nobody was named there is none', async () => {
    const refused = await rowOf('XFORCE');
    expect(refused.outcomeDesc).toBe('no-consent');
    expect(toldOf(refused.entity[1])).toContain('gate consent');
    expect(toldOf(refused.entity[2]).slice(0, 2)).toEqual(['says deny', 'provision Consent.provision.provision[1]']);
    const silent = await rowOf('XED');
    expect(silent.entity).toHaveLength(2);
    expect(toldOf(silent.entity[1])).toEqual(expect.arrayContaining(['gate consent', 'withheld-by-consent please-do']));
  });

  test('nothing of it reaches who asked, I4 and I6, nor the operator', async () => {
    expect(fern.answers[1]?.replace(/XFORCE|"timestamp":"[^"]*"/g, '')).not.toMatch(/consent|deny|fern|withheld/i);
    expect(fern.answers[0]).not.toMatch(/cons-fern|withheld|triggers/);
    const { json } = await search(OPERATOR, '?subtype=read&_count=100');
    expect(json.entry.length).toBeGreaterThan(2);
    for (const { resource } of json.entry) expect(resource.entity).toBeUndefined();
  });

  test('it is part of what is sealed; a row of an older broker, which has none, is sealed as it was', async () => {
    const { rows } = await door.ground.database.pool.query(
      "SELECT trail_content(a)::jsonb ? 'decided_by' AS sealed, decided_by IS NOT NULL AS there, event FROM audit a",
    );
    for (const { sealed, there } of rows) expect(sealed).toBe(there);
    expect(rows.filter(({ there }) => there).map(({ event }) => event)).toEqual(
      expect.arrayContaining(['read', 'flag', 'match', 'confirm']),
    );
  });
});

test.each([
  ['?date=yesterday', 400],
  ['?agent=https://other.example|X', 400],
  ['?patient:identifier=x', 400],
  ['?entity.name=x', 400],
  ['?_page=made-up', 400],
  ['?nonsense=1', 200],
])('a search that cannot be read is refused with its place: %s', async (query, status) => {
  const answer = await search(TRUST, query);
  expect(answer.status).toBe(status);
  const outcome = status === 400 ? answer.json : answer.json.entry.at(-1).resource;
  expect(outcome.issue[0].expression[0]).toMatch(/^http\./);
});
