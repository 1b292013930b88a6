import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CarePlan } from '@medplum/fhirtypes';
import { GUARDRAIL_TABLE } from '../src/decide/guardrails/table.ts';
import { GUARDRAILS } from '../src/decide/guardrails.ts';
import { KINDS, PURPOSES } from '../src/model/kind.ts';
import { HEADINGS } from '../src/model/heading.ts';
import { RESOURCE_TYPES } from '../profiles/resource-types.ts';
import { permittedToKind } from '../src/http/policy.ts';
import type { OpenDoor } from './http/open-door.ts';
import { approvePlan, example, openDoor, OPERATOR, TRUST } from './http/open-door.ts';
import * as body from './support/bodies.ts';

const root = new URL('../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

describe('the table of guardrails', () => {
  test('has each of G1 to G25 once, in order', () => {
    expect(GUARDRAIL_TABLE.map(({ id }) => id)).toEqual(Array.from({ length: 25 }, (_, index) => `G${index + 1}`));
  });

  test.each(GUARDRAIL_TABLE.map((row) => [row.id, row] as const))('%s is where it says, and its tests carry its id', (id, row) => {
    for (const file of [...row.where, ...row.tests]) expect([file, existsSync(new URL(file, root))]).toEqual([file, true]);
    for (const file of row.tests) expect([file, new RegExp(`\\b${id}\\b`).test(read(file))]).toEqual([file, true]);
    // What is not held anywhere says that it is open.
    if (row.where.length === 0 || row.tests.length === 0) expect(row.open).not.toBeNull();
  });

  test('every rule that is judged at approval stands in it', () => {
    for (const { id } of GUARDRAILS)
      expect(GUARDRAIL_TABLE.find((row) => row.id === id)?.where.some((file) => file.startsWith('src/decide/guardrail'))).toBe(true);
  });
});

describe('G13 no path leads from contacts to a plan', () => {
  const files = (folder: string): readonly string[] =>
    readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}${name}`);

  test('who writes a plan, a flag, a projection or an approval reads no contact', () => {
    const plans = [
      'src/store/approve.ts',
      'src/store/check-approver.ts',
      'mappings/disclosure/to-flag.ts',
      'mappings/facts/from-care-plan.ts',
    ];
    for (const file of [
      ...plans,
      ...files('src/decide/guardrails/').filter((file) => !file.endsWith('/table.ts')),
      'src/decide/project.ts',
    ])
      expect([file, /contact-fact|from-encounter|\bcontact\b.*(?:FROM|JOIN)|(?:FROM|JOIN) contact\b|Encounter/.test(read(file))]).toEqual([
        file,
        false,
      ]);
  });

  test('what takes a contact in writes a Task, and neither plan, consent nor flag', () => {
    const text = read('src/store/facts/contact-fact.ts');
    expect(text).not.toMatch(/approve|putPlan|INSERT INTO (?:plan|approved_version|consent_fact)|CarePlan['"`]/);
    expect(text).toMatch(/raiseTask/);
  });

  test('nothing counts contacts', () => {
    for (const file of ['src/', 'mappings/', 'queues/'].flatMap(files))
      expect([file, /count\([^)]*\)[^;`]*FROM contact\b/i.test(read(file))]).toEqual([file, false]);
  });
});

describe('G15 there is no place for a risk score', () => {
  test('no resource type, heading or profile holds one', () => {
    expect(RESOURCE_TYPES.map(({ type }) => type)).not.toContain('RiskAssessment');
    expect(HEADINGS.filter((heading) => /risk|score|band/.test(heading))).toEqual([]);
    for (const file of readdirSync(new URL('profiles/input/fsh/', root)))
      expect([file, /risk|score/i.test(read(`profiles/input/fsh/${file}`))]).toEqual([file, false]);
  });
});

describe('G16 no responder sees how often, or at what cost', () => {
  test.each(KINDS.filter((kind) => !['publisher', 'evaluator', 'operator'].includes(kind)))(
    '%s reads no report, and only its own contacts',
    (kind) => {
      for (const type of ['MeasureReport', 'Group', 'QuestionnaireResponse', 'EpisodeOfCare'])
        for (const interaction of ['read', 'search', 'history-type'] as const)
          expect([type, permittedToKind(kind, type, interaction)]).toEqual([type, null]);
      expect([null, 'own']).toContain(permittedToKind(kind, 'Encounter', 'search'));
      expect([null, 'own']).toContain(permittedToKind(kind, 'Encounter', 'read'));
    },
  );
});

describe('at the door', () => {
  let door: OpenDoor;
  beforeAll(async () => {
    door = await openDoor();
    await approvePlan(door);
  });
  afterAll(() => door.close());

  test.each(['HLEGAL', 'THREAT', 'PATADMIN'])('G8 %s is no purpose of a consent or of an agreement', async (code) => {
    expect(PURPOSES).not.toContain(code);
    const purpose = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code }];
    const consent = { ...body.consent(`for-${code}`, 'amber', 'trust', { kinds: ['police'] }) };
    const [provision] = consent.provision?.provision ?? [];
    const asked = await door.put(TRUST, { ...consent, provision: { ...consent.provision, provision: [{ ...provision, purpose }] } });
    expect([asked.status, asked.body.issue[0].expression[0]]).toEqual([422, expect.stringContaining('purpose')]);
    const agreement = { ...body.agreement('trust', ['ambulance']), id: `for-${code}` };
    const [term] = agreement.term ?? [];
    const [action] = term?.action ?? [];
    const agreed = await door.put(OPERATOR, { ...agreement, term: [{ ...term, action: [{ ...action, intent: { coding: purpose } }] }] });
    expect([agreed.status, agreed.body.issue[0].expression[0]]).toEqual([422, expect.stringContaining('intent')]);
    for (const { body: refused } of [asked, agreed]) expect(refused.issue[0].details.text).toContain('by its own route of disclosure');
  });

  test('G24 a withdrawal alters the status of the plan and its notes, and nothing else of anybody', async () => {
    const all = async () =>
      (await door.pool.query<{ type: string; id: string; version: number }>('SELECT type, id, version FROM resource ORDER BY type, id'))
        .rows;
    const before = await all();
    const was = (await door.get(TRUST, '/fhir/CarePlan/plan-1')).body as CarePlan;
    const answer = await door.post(TRUST, '/fhir/CarePlan/plan-1/$withdraw', {
      resourceType: 'Parameters',
      parameter: [{ name: 'reason', valueString: 'Asked for by the person' }],
    });
    expect(answer.status).toBe(200);
    const now = answer.body as CarePlan;
    const { status, note, meta, ...rest } = now;
    const { status: oldStatus, note: oldNote, meta: oldMeta, ...oldRest } = was;
    expect([oldStatus, status, rest]).toEqual(['active', 'revoked', oldRest]);
    expect([oldNote, note?.map(({ text }) => text), oldMeta?.versionId === meta?.versionId]).toEqual([
      undefined,
      ['Asked for by the person'],
      false,
    ]);
    const changed = (await all()).filter(
      ({ type, id, version }) => !before.some((one) => one.type === type && one.id === id && one.version === version),
    );
    expect(changed.filter(({ type }) => type !== 'Task').map(({ type, id }) => `${type}/${id}`)).toEqual(['CarePlan/plan-1']);
    // The person's record can be had whole.
    expect((await door.get(TRUST, '/fhir/Patient/amber/$everything')).body.total).toBeGreaterThan(3);
  });

  test('G2 no road writes a plan that withholds: create, update, patch and Bundle', async () => {
    const activity = [{ detail: { status: 'not-started', description: 'Speak', doNotPerform: true } }];
    const plan = { ...example('crisis-plan'), id: 'withholds', activity };
    const { id: _id, ...bare } = plan;
    const json = 'application/json-patch+json';
    const roads = [
      await door.put(TRUST, plan),
      await door.post(TRUST, '/fhir/CarePlan', bare),
      await door.post(TRUST, '/fhir', {
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [{ resource: plan, request: { method: 'PUT', url: 'CarePlan/withholds' } }],
      }),
      await door
        .as(door.agent.patch('/fhir/CarePlan/plan-1'), TRUST)
        .set('Content-Type', json)
        .send(JSON.stringify([{ op: 'add', path: '/activity', value: activity }])),
    ];
    expect(roads.map(({ status }) => status).filter((status) => status < 400)).toEqual([]);
    expect((await door.pool.query("SELECT FROM resource WHERE id = 'withholds'")).rows).toHaveLength(0);
  });
});
