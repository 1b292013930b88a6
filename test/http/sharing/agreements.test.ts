import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { OperationOutcomeIssue, Parameters, ParametersParameter, Task } from '@medplum/fhirtypes';
import { openChannels } from '../../../src/channel/open-channels.ts';
import { portsOn } from '../../../src/reconcile/ports-on.ts';
import { reconcile } from '../../../src/reconcile/reconcile.ts';
import { tellOfReviews } from '../../../src/store/agreements-to-review.ts';
import { openAttemptLog } from '../../../src/store/attempt-log.ts';
import { operator } from '../../store/ground.ts';
import type { Caller } from '../../support/access.ts';
import * as body from '../../support/bodies.ts';
import { startFakeFhirRecipient } from '../../support/fake-fhir-recipient.ts';
import type { FakeRecipient } from '../../support/fake-recipient.ts';
import type { Answer, MatchGround } from '../match-ground.ts';
import { AMBULANCE, ED, openMatchGround, OPERATOR, OTHER_TRUST, POLICE, TRUST } from '../match-ground.ts';

const PLANS = 5;
const folder = mkdtempSync(join(tmpdir(), 'agreements-'));
const channels = openChannels(['127.0.0.0/8'], { onUnexpected: () => {} });
const attempts = openAttemptLog(folder);
let door: MatchGround;
let willing: FakeRecipient;
let unwilling: FakeRecipient;
let loop: (service: string) => Promise<void>;

const sql = (text: string, ...values: unknown[]) => door.ground.database.pool.query(text, values);
const writeAgreement = (id: string, services: readonly string[], options: body.AgreementOptions = {}) =>
  door.ground.put(operator, { ...body.agreement('org-trust', services, options), id });
const tasksOf = async (caller: Caller, code: string): Promise<readonly Task[]> =>
  ((await door.ask(caller, `Task?code=${code}&_count=50`)).json.entry ?? []).map(({ resource }: { resource: Task }) => resource);
const valueIn = (part: ParametersParameter | undefined): unknown =>
  part === undefined ? undefined : Object.entries(part).find(([key]) => key.startsWith('value'))?.[1];
const said = (parts: readonly ParametersParameter[] | undefined, name: string): unknown =>
  valueIn((parts ?? []).find((each) => each.name === name));
const named = (parts: readonly ParametersParameter[] | undefined, name: string) => (parts ?? []).filter((each) => each.name === name);

beforeAll(async () => {
  door = await openMatchGround();
  const ledger = door.ground.ledger();
  const sender = { ods: 'BROKER', name: 'Broker', endpoint: 'https://broker.example/fhir' };
  const ports = portsOn({
    pool: door.ground.database.pool,
    ledger,
    channels,
    attempts,
    sender,
    base: 'https://broker.example/fhir',
    sendTimeout: 2_000,
  });
  loop = async (service) => {
    await door.ground.fanOutAll();
    for (const claim of await ledger.claim(service, 32)) await reconcile(claim, ports);
  };
  [willing, unwilling] = await Promise.all([startFakeFhirRecipient(), startFakeFhirRecipient()]);
  await door.ground.recipient('willing', 'ed', willing.address);
  await door.ground.recipient('unwilling', 'epr', unwilling.address);
}, 60_000);
afterAll(async () => {
  await Promise.all([willing?.stop(), unwilling?.stop()]);
  await channels.close();
  attempts.close();
  await door?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('what an agreement must say', () => {
  const sent = (change: object) => ({ ...body.agreement('org-trust', ['svc-ed']), ...change });
  /** Where `$validate` warns, of a Contract that a write takes all the same. */
  const warned = async (change: object): Promise<readonly string[]> => {
    expect((await door.ask(OPERATOR, 'Contract', sent(change))).status).toBe(201);
    const { status, json } = await door.ask(OPERATOR, 'Contract/$validate', sent(change));
    expect(status).toBe(200);
    const issues: readonly OperationOutcomeIssue[] = json.issue ?? [];
    return issues
      .filter(({ severity }) => severity === 'warning')
      .flatMap(({ expression }) => expression ?? [])
      .sort();
  };

  test('I10: of one that is executed without signature, review, DPIA, jurisdiction or duty each place is said', async () => {
    const [term] = body.agreement('org-trust', ['svc-ed']).term ?? [];
    const without = { extension: undefined, signer: undefined, term: [{ ...term, securityLabel: undefined }] };
    const own = (await warned({})).filter((place) => !place.includes('.'));
    expect(await warned({})).toEqual(own);
    const extension = (name: string) =>
      `Contract.extension.where(url='https://crisis-plan-broker.example/fhir/StructureDefinition/${name}')`;
    expect(await warned(without)).toEqual(
      [
        ...own,
        extension('review-date'),
        extension('agreement-jurisdiction'),
        extension('dpia'),
        'Contract.term[0].offer.party[0].reference[0]',
        'Contract.term[0].offer.party[1].reference[0]',
        'Contract.term[0].securityLabel.control',
      ].sort(),
    );
    expect(await warned({ ...without, status: 'negotiable' })).toEqual(own);
  });

  test('its terms are facts', async () => {
    const { rows } = await sql(`SELECT terms, executed, publishers FROM agreement WHERE contract_id = 'con-ed'`);
    expect(rows).toEqual([
      {
        executed: true,
        publishers: ['TRUST1'],
        terms: {
          reviewDate: '2099-12-31',
          jurisdiction: 'GB-EAW',
          dpia: 'DPIA-2025-014',
          signed: ['Organization/org-trust', 'HealthcareService/svc-ed'].map((party) => ({ party, at: '2025-12-12T10:00:00Z' })),
          duties: [
            'http://terminology.hl7.org/CodeSystem/v3-ActCode|NOREUSE',
            'https://crisis-plan-broker.example/fhir/CodeSystem/reuse-duty|no-investigation',
          ],
        },
      },
    ]);
  });

  test('a review that has passed is told once to its publisher, and sharing goes on; a later date takes it back', async () => {
    const tasks = async () =>
      (await tasksOf(TRUST, 'attention')).map(({ statusReason, focus, status }) => `${statusReason?.text} ${focus?.reference} ${status}`);
    await writeAgreement('con-ed', ['svc-ed'], { review: '2026-01-01' });
    expect(await tellOfReviews(door.ground.database.pool)).toBe(1);
    expect(await tellOfReviews(door.ground.database.pool)).toBe(0);
    expect(await tasks()).toEqual(['agreement-review-due Contract/con-ed requested']);
    const { json } = await door.ask(TRUST, 'Contract/con-ed/$ending-progress');
    expect(said(json.parameter, 'over')).toBe(false);
    await writeAgreement('con-ed', ['svc-ed']);
    expect(await tasks()).toEqual(['agreement-review-due Contract/con-ed completed']);
    expect(await tellOfReviews(door.ground.database.pool)).toBe(0);
  });
});

describe('a reuse beyond the duty', () => {
  const TEXT = 'An officer looked a plan up for a case that is not this one';
  const report = (caller: Caller, more: readonly ParametersParameter[] = [], contract = 'con-force'): Promise<Answer> =>
    door.ask(caller, `Contract/${contract}/$report-reuse`, {
      resourceType: 'Parameters',
      parameter: [{ name: 'reuse', valueCode: 'investigation' }, { name: 'text', valueString: TEXT }, ...more],
    });
  const told = async (caller: Caller) =>
    (await tasksOf(caller, 'reuse-breach')).map(({ focus, description }) => `${focus?.reference} ${description?.includes(TEXT)}`).sort();
  const plan = (id: string): ParametersParameter => ({ name: 'plan', valueReference: { reference: `CarePlan/${id}` } });
  const force: ParametersParameter = { name: 'recipient', valueReference: { reference: 'HealthcareService/svc-force' } };

  test('G8 police report their own: both privacy officers have a Task, and it is on the trail', async () => {
    const { status, json } = await report(POLICE);
    expect(status).toBe(200);
    const own = String((said(json.parameter, 'task') as { reference: string }).reference);
    expect((await door.ask(POLICE, own)).json).toMatchObject({ status: 'requested', statusReason: { text: 'investigation' } });
    expect([await told(POLICE), await told(TRUST)]).toEqual([['Contract/con-force true'], ['Contract/con-force true']]);
    const trail = (await door.ask(OPERATOR, 'AuditEvent?subtype=reuse')).json.entry;
    expect(trail).toHaveLength(1);
    expect(trail[0].resource).toMatchObject({
      type: { code: '110113' },
      purposeOfEvent: [{ coding: [{ code: 'investigation' }] }],
      entity: [{ what: { reference: 'Contract/con-force' } }],
    });
  });

  test('I6 whether a plan that is named is there changes nothing of the answer; its publisher is told which', async () => {
    const { patient } = await door.ground.person('reused', []);
    const { rows } = await sql(
      `INSERT INTO destination (id, recipient_id, facts) VALUES ('read-force', 'svc-force', '{"channel":"pull"}') RETURNING (SELECT id FROM plan WHERE patient_id = $1) AS plan`,
      patient,
    );
    await sql(
      `INSERT INTO ledger_key (id, plan_id, destination_id, recipient_id, disclosure_id, state)
       VALUES (gen_random_uuid(), $1, 'read-force', 'svc-force', disclosure_id($1, 'svc-force'), '{"copies":[]}')`,
      rows[0].plan,
    );
    const { rows: known } = await sql(`SELECT disclosure_id($1, 'svc-force') AS id`, rows[0].plan);
    const shape = ({ status, text }: Answer) => `${status} ${text.replace(/[0-9a-f]{32}/g, 'ID')}`;
    const [there, absent] = [
      await report(POLICE, [plan(known[0].id)]),
      await report(POLICE, [plan('b0b0b0b0-0000-4000-8000-000000000000')]),
    ];
    expect(shape(there)).toBe(shape(absent));
    expect(await told(TRUST)).toContain('CarePlan/plan-reused true');
    expect((await told(POLICE)).every((one) => one.startsWith('Contract/con-force'))).toBe(true);
  });

  test('I6 a publisher reports a recipient: it is told what, and never of whom, nor in the publisher’s words', async () => {
    const before = (await told(POLICE)).length;
    expect((await report(TRUST, [force, plan('plan-reused')])).status).toBe(200);
    const after = await told(POLICE);
    expect(after).toHaveLength(before + 1);
    expect(after.filter((one) => one === 'Contract/con-force false')).toHaveLength(1);
    await sql(`DELETE FROM ledger_key WHERE destination_id = 'read-force'`);
  });

  test('who is no party finds no agreement, and nobody reports in another’s name', async () => {
    expect([(await report(AMBULANCE)).status, (await report(OTHER_TRUST, [force])).status, (await report(OPERATOR)).status]).toEqual([
      404, 404, 403,
    ]);
    const other: ParametersParameter = { name: 'recipient', valueReference: { reference: 'HealthcareService/svc-ed' } };
    for (const wrong of [
      await report(POLICE, [force]),
      await report(TRUST, [other]),
      await report(TRUST, [{ name: 'plan', valueString: 'x' }, force]),
    ])
      expect(wrong.status).toBe(422);
  });
});

describe('an ending', () => {
  const progress = async (): Promise<Parameters> => (await door.ask(TRUST, 'Contract/con-both/$ending-progress')).json;
  const count = (json: Parameters, ...names: readonly string[]) => names.map((name) => said(json.parameter, name));
  const proof = async (query: string): Promise<Parameters> => (await door.ask(TRUST, `Contract/con-both/$ending-proof?${query}`)).json;
  const allItems = async (size: number) => {
    const items: ParametersParameter[] = [];
    for (let after = ''; ; ) {
      const { parameter } = await proof(`_count=${size}${after}`);
      items.push(...named(parameter, 'item'));
      const next = said(parameter, 'next');
      if (next === undefined) return items;
      after = `&after=${String(next)}`;
    }
  };
  const dueAgain = () => sql(`UPDATE ledger_key SET look_at = clock_timestamp() WHERE look_at < 'infinity'`);

  test('I2 a barrier, then a drain: counted, timed apart, and proved item by item as the recipients’ own stores have it', async () => {
    for (const name of ['willing', 'unwilling']) await door.ground.agree(name, 'terminated');
    await writeAgreement('con-both', ['svc-willing', 'svc-unwilling']);
    for (let nth = 0; nth < PLANS; nth++) await door.ground.person(`ending-${nth}`, ['svc-willing', 'svc-unwilling']);
    for (const service of ['svc-willing', 'svc-unwilling']) await loop(service);
    expect([willing.holds().length, unwilling.holds().length]).toEqual([PLANS, PLANS]);
    expect((await progress()).parameter).toEqual([{ name: 'over', valueBoolean: false }]);

    const before = Date.now();
    await writeAgreement('con-both', ['svc-willing', 'svc-unwilling'], { status: 'terminated' });
    const atBarrier = await progress();
    expect(count(atBarrier, 'over', 'covered', 'waiting', 'asked', 'ended', 'completed')).toEqual([true, 10, 10, 0, 0, undefined]);
    const barrier = Date.parse(String(said(atBarrier.parameter, 'barrier')));
    expect(barrier).toBeGreaterThanOrEqual(before - 1_000);
    expect(barrier).toBeLessThanOrEqual(Date.now() + 1_000);

    unwilling.behave({ how: 'refuse' });
    for (const service of ['svc-willing', 'svc-unwilling']) await loop(service);
    const halfway = await progress();
    expect(count(halfway, 'covered', 'waiting', 'asked', 'acknowledged', 'refused', 'chased', 'ended', 'completed')).toEqual([
      10,
      0,
      10,
      5,
      5,
      0,
      5,
      undefined,
    ]);
    const [first] = named(halfway.parameter, 'service').filter(({ part }) => said(part, 'ended') === PLANS);
    expect(Date.parse(String(said(first?.part, 'completed')))).toBeGreaterThanOrEqual(barrier);
    expect((await allItems(3)).filter(({ part }) => said(part, 'held') === true)).toHaveLength(PLANS);

    unwilling.behave({ how: 'lose-answer', times: 2 });
    await dueAgain();
    await loop('svc-unwilling');
    expect(count(await progress(), 'chased', 'unknown', 'ended')).toEqual([5, 2, 8]);
    await dueAgain();
    await loop('svc-unwilling');
    // What was unknown is said again once a message's lifetime is over: until then nobody says that it has ended.
    await sql(`UPDATE ledger_key SET state = replace(state::text, '"againAt": ' || (state->'copies'->0->>'againAt'), '"againAt": 1')::jsonb
                WHERE state->'copies'->0->>'againAt' IS NOT NULL`);
    await dueAgain();
    await loop('svc-unwilling');
    const done = await progress();
    expect(count(done, 'covered', 'waiting', 'acknowledged', 'refused', 'unknown', 'ended')).toEqual([10, 0, 10, 0, 0, 10]);
    expect(Date.parse(String(said(done.parameter, 'completed')))).toBeGreaterThan(barrier);
    expect([willing.holds(), unwilling.holds()]).toEqual([[], []]);

    const items = await allItems(4);
    expect(items).toHaveLength(10);
    for (const { part } of items) {
      const service = (said(part, 'recipient') as { reference: string }).reference;
      const own = (service.endsWith('svc-willing') ? willing : unwilling)
        .received()
        .filter(({ plan }) => plan === said(part, 'disclosure'));
      const sent = named(part, 'sent')[0]?.part;
      expect(own.filter(({ kind }) => kind === 'update').map(({ document, sequence }) => [document, sequence])).toEqual([
        [said(sent, 'document'), said(sent, 'sequence')],
      ]);
      const recalls = named(part, 'recall');
      expect(own.filter(({ kind }) => kind === 'recall').map(({ sequence }) => sequence)).toEqual(
        recalls.map((one) => said(one.part, 'sequence')),
      );
      expect(own.every(({ kind, document }) => kind === 'update' || document === said(sent, 'document'))).toBe(true);
      expect([said(recalls.at(-1)?.part, 'outcome'), said(part, 'held')]).toEqual(['accepted', false]);
      expect(recalls.every((one) => Date.parse(String(said(one.part, 'asked'))) >= barrier)).toBe(true);
      if (service.endsWith('svc-unwilling')) expect(said(recalls[0]?.part, 'outcome')).toBe('refused');
    }
    expect(JSON.stringify(items)).not.toMatch(/999\d{7}|Testperson|Speak slowly/);
  }, 30_000);

  test('I7 each call is on record, and it is its publisher’s alone', async () => {
    const count = async () => (await door.ask(OPERATOR, 'AuditEvent?subtype=ending&_count=100')).json.entry.length;
    const before = await count();
    await progress();
    await proof('_count=1');
    expect(await count()).toBe(before + 2);
    for (const [caller, status] of [
      [OTHER_TRUST, 404],
      [ED, 403],
      [POLICE, 403],
      [OPERATOR, 403],
    ] as const)
      for (const operation of ['$ending-progress', '$ending-proof'])
        expect((await door.ask(caller, `Contract/con-both/${operation}`)).status).toBe(status);
    for (const wrong of ['_count=0', '_count=1001', 'after=x', 'at=2026'])
      expect((await door.ask(TRUST, `Contract/con-both/$ending-proof?${wrong}`)).status).toBe(400);
  });

  test('one that ends by its date has its end as the barrier, and one that is executed again is not over', async () => {
    await writeAgreement('con-both', ['svc-willing', 'svc-unwilling'], { end: '2026-03-01' });
    expect(said((await progress()).parameter, 'barrier')).toBe('2026-03-02T00:00:00.000Z');
    await writeAgreement('con-both', ['svc-willing', 'svc-unwilling'], { status: 'terminated' });
    expect(said((await progress()).parameter, 'barrier')).toBe('2026-03-02T00:00:00.000Z');
    await writeAgreement('con-both', ['svc-willing']);
    const narrowed = await progress();
    expect(named(narrowed.parameter, 'service').map(({ part }) => (said(part, 'recipient') as { reference: string }).reference)).toEqual([
      'HealthcareService/svc-unwilling',
    ]);
    await writeAgreement('con-both', ['svc-willing', 'svc-unwilling']);
    expect(said((await progress()).parameter, 'over')).toBe(false);
  });

  test('what another agreement still covers is kept, and no part of the drain', async () => {
    for (const service of ['svc-willing', 'svc-unwilling']) await loop(service);
    await door.ground.agree('willing');
    await writeAgreement('con-both', ['svc-willing', 'svc-unwilling'], { status: 'terminated' });
    expect(count(await progress(), 'covered', 'waiting', 'kept')).toEqual([PLANS, PLANS, PLANS]);
  });
});
