import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CarePlan, Encounter } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import { signedVersion } from '../../src/store/signed-version.ts';
import { erase } from '../../src/store/erase.ts';
import { erasedAndBack, noteErased } from '../../src/store/erased-list.ts';
import { resync } from '../../src/store/fan-out.ts';
import { rebuildIndex } from '../../src/store/search/rebuild-index.ts';
import { searchAmong } from '../../src/store/search/search.ts';
import { codedText } from '../../src/store/search/token-text.ts';
import { sealTrail } from '../../src/store/trail/seal-trail.ts';
import { desired } from '../../src/decide/desired.ts';
import { step } from '../../src/decide/step.ts';
import { personFinder } from '../privacy/find-persons.ts';
import { caller, type Ground, type Lane, layGround, operator, publisher, WORDS } from '../store/ground.ts';
import * as body from '../support/bodies.ts';
import { everyRow } from './every-row.ts';

const FAMILY = 'Testperson-Amber';
const asked = (lane: Lane, isRehearsal = false) => ({
  patientId: lane.patient,
  reason: 'request 12 of the person',
  operator: 'BROKER',
  isRehearsal,
});
const OTHER = { ...publisher, organization: 'TRUST2' };

let ground: Ground;
beforeAll(async () => {
  ground = await layGround();
  await ground.put(operator, body.organization('org-other', 'TRUST2', 'publisher'));
}, 60_000);
afterAll(() => ground?.close());

const sql = async (text: string, ...values: unknown[]) => (await ground.database.pool.query(text, values)).rows;
const contact = (id: string, number: string): Encounter => ({
  resourceType: 'Encounter',
  id,
  identifier: [{ system: 'https://ambulance.example/incident', value: id }],
  status: 'in-progress',
  class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'EMER' },
  subject: { identifier: { system: System.nhsNumber, value: number } },
  period: { start: '2026-11-25T10:00:00Z' },
});
const wholeHistory = { writer: null, since: null, until: null, count: 50, after: null } as const;

describe('while a copy lies somewhere', () => {
  test('nothing is erased: a recall needs the identity that the copy was sent under', async () => {
    const lane = await ground.lane('held', 'ambulance');
    expect(await ground.store.lookUp(caller(lane.ods, 'ambulance'), { nhsNumber: lane.number }, true)).toHaveLength(1);
    await expect(erase(ground.database.pool, asked(lane))).rejects.toMatchObject({
      name: 'CannotErase',
      message: expect.stringContaining(lane.ods),
    });
    await ground.store.withdraw(publisher, lane.plan, 'The person asked for it');
    await expect(erase(ground.database.pool, asked(lane))).rejects.toThrow('may lie');
    expect((await ground.store.read('Patient', lane.patient))?.id).toBe(lane.patient);
    expect((await signedVersion(ground.database.pool, lane.plan))?.bytes).toContain(WORDS.triggers);
  });

  test('nor while a delivery is under way', async () => {
    const lane = await ground.lane('way', 'ed');
    await ground.fanOutAll();
    await sql(`UPDATE ledger_key SET open_delivery = gen_random_uuid() WHERE recipient_id = $1`, lane.service);
    await expect(erase(ground.database.pool, asked(lane))).rejects.toThrow(lane.ods);
    await sql(`UPDATE ledger_key SET open_delivery = NULL WHERE recipient_id = $1`, lane.service);
  });

  test('nor where there is no such person', async () => {
    await expect(erase(ground.database.pool, { ...asked({ patient: 'nobody' } as Lane) })).rejects.toThrow('no such Patient');
  });
});

describe('lawful erasure', () => {
  let lane: Lane;
  let before: { readonly resources: number; readonly audit: number; readonly hash: string };
  beforeAll(async () => {
    lane = await ground.lane('gone', 'ed');
    await ground.put(publisher, { ...body.patient(lane.patient, lane.number), gender: 'female' });
    await ground.put(publisher, { resourceType: 'Communication', status: 'completed', subject: { reference: `Patient/${lane.patient}` } });
    await ground.put(caller(lane.ods, 'ed'), contact('incident-gone', lane.number));
    await ground.put(OTHER, body.patient('pat-elsewhere', lane.number));
    expect(await ground.store.lookUp(caller(lane.ods, 'ed'), { nhsNumber: lane.number }, false)).toHaveLength(1);
    // An ED keeps what it reads: it gave it up again.
    await sql(`UPDATE ledger_key SET state = jsonb_set(state, '{copies}', '[]') WHERE recipient_id = $1`, lane.service);
    const rehearsed = await erase(ground.database.pool, asked(lane, true));
    expect(rehearsed).toEqual({ patient: lane.patient, publisher: 'TRUST1', plans: 1, resources: rehearsed.resources, erased: false });
    expect(rehearsed.resources).toBeGreaterThanOrEqual(5);
    expect((await ground.store.read('Patient', lane.patient))?.id).toBe(lane.patient);
    // All but what comes now: of the last second nothing is sealed yet.
    while ((await sealTrail(ground.database.pool)) !== 0);
    expect((await saltsOf(lane.plan)).length).toBeGreaterThan(0);
    await ground.store.lookUp(caller('XNONE', 'ed'), { nhsNumber: lane.number }, false);
    await ground.store.lookUp(caller(lane.ods, 'ed'), { nhsNumber: lane.number }, false);
    await sql(`UPDATE ledger_key SET state = jsonb_set(state, '{copies}', '[]') WHERE recipient_id = $1`, lane.service);
    const [{ n }] = (await sql('SELECT count(*)::integer AS n FROM audit')) as [{ n: number }];
    before = { resources: rehearsed.resources, audit: n, hash: (await signedVersion(ground.database.pool, lane.plan))?.hash ?? '' };
    expect(await erase(ground.database.pool, asked(lane))).toMatchObject({ erased: true, resources: before.resources });
  });
  const saltsOf = (plan: string) =>
    sql(
      `SELECT s.audit_id FROM trail_salt s JOIN audit a ON a.id = s.audit_id JOIN approved_version v ON v.plan_id = a.plan_id WHERE v.care_plan_id = $1`,
      plan,
    );

  test('answers 410 to the person’s own trust, and finds nothing', async () => {
    const { store } = ground;
    for (const [type, id] of [
      ['Patient', lane.patient],
      ['CarePlan', lane.plan],
      ['Composition', `words-${lane.name}`],
      ['Consent', lane.consent],
    ] as const) {
      expect(await store.read(type, id)).toBeNull();
      expect(await store.read(type, id, 1)).toBeNull();
      const byTrust = expect.objectContaining({ owner: 'TRUST1' });
      expect([await store.deletedBy(type, id), await store.deletedBy(type, id, 1)]).toEqual([byTrust, byTrust]);
      const { rows, total } = await store.history({ type, id, ...wholeHistory });
      expect([rows.map((row) => row.body), total]).toEqual([[null], 1]);
      expect(await store.named([`${type}/${id}`])).toEqual([]);
    }
    for (const token of [codedText(System.nhsNumber, lane.number), lane.number]) {
      const search = searchAmong(
        'Patient',
        { is: 'owner', owner: 'TRUST1', service: null },
        [{ is: 'token', param: 'identifier', anyOf: [token] }],
        10,
      );
      expect((await store.search(search)).rows).toEqual([]);
    }
    const all = await store.search({
      ...searchAmong('Communication', { is: 'owner', owner: 'TRUST1', service: null }, [], 10),
      total: true,
    });
    expect([all.rows, all.total]).toEqual([[], 0]);
    expect(
      (await store.history({ type: 'Patient', id: null, ...wholeHistory })).rows.filter(
        ({ id, body: said }) => id === lane.patient && said !== null,
      ),
    ).toEqual([]);
  });

  test('I6: to everyone else there is no plan, by number, by id and by match', async () => {
    const ed = caller(lane.ods, 'ed');
    const [key] = (await sql('SELECT disclosure_id FROM ledger_key WHERE recipient_id = $1', lane.service)) as [{ disclosure_id: string }];
    for (const what of [{ nhsNumber: lane.number }, { id: key.disclosure_id }])
      for (const words of [false, true]) expect(await ground.store.lookUp(ed, what, words)).toEqual([]);
    const sent = {
      nhsNumber: lane.number,
      birthDate: '1980-01-01',
      family: FAMILY,
      given: ['Example'],
      gender: null,
      postcode: null,
      phones: [],
    };
    expect(await ground.store.match(ed, sent as never)).toBeNull();
    expect(await ground.store.matchOwn(publisher, sent as never)).toBeNull();
  });

  test('nothing is written of them any more', async () => {
    for (const resource of [
      body.patient(lane.patient, lane.number),
      body.consent('cons-late', lane.patient, 'org-trust', { kinds: ['ed'] }),
      body.carePlan('plan-late', lane.patient, 'words-late', { reach: [] }),
    ])
      await expect(ground.put(publisher, resource)).rejects.toMatchObject({ category: 'gone' });
    const { id: _chosen, ...fresh } = body.carePlan('', lane.patient, 'words-late', { reach: [] });
    await expect(ground.put(publisher, fresh as CarePlan)).rejects.toMatchObject({ category: 'gone' });
    await expect(erase(ground.database.pool, asked(lane))).rejects.toThrow('erased before');
  });

  test('I9: hashes and the trail stay; the bytes that were signed are nobody’s to open', async () => {
    expect(await signedVersion(ground.database.pool, lane.plan)).toEqual({
      carePlanId: lane.plan,
      number: 1,
      hash: before.hash,
      bytes: null,
    });
    // Whose rows they were, their leaves tell nobody any more.
    expect(await saltsOf(lane.plan)).toEqual([]);
    const [{ n }] = (await sql(`SELECT count(*)::integer AS n FROM audit WHERE event <> 'erase'`)) as [{ n: number }];
    expect(n).toBeGreaterThanOrEqual(before.audit);
    expect(await sql(`SELECT organization, kind, caller, because FROM audit WHERE event = 'erase'`)).toEqual([
      { organization: 'BROKER', kind: 'operator', caller: 'command line', because: 'request 12 of the person' },
    ]);
    // What the leaves of the plan's rows were of can be told by nobody; those of other persons' rows, and of the erasure, can.
    await sealTrail(ground.database.pool);
    const salts = await sql(
      `SELECT coalesce(p.patient_id = $1 AND a.id < (SELECT max(id) FROM audit WHERE event = 'erase'), false) AS forgotten, bool_or(s.audit_id IS NOT NULL) AS salted, bool_and(l.audit_id IS NOT NULL) AS linked
         FROM audit a LEFT JOIN plan p ON p.id = a.plan_id LEFT JOIN trail_salt s ON s.audit_id = a.id LEFT JOIN trail_link l ON l.audit_id = a.id GROUP BY 1 ORDER BY 1`,
      lane.patient,
    );
    expect(salts).toEqual([
      { forgotten: false, salted: true, linked: true },
      { forgotten: true, salted: false, linked: true },
    ]);
    expect(await sql('SELECT wrapped, destroyed_at IS NOT NULL AS destroyed FROM person_key WHERE id = $1', lane.patient)).toEqual([
      { wrapped: null, destroyed: true },
    ]);
  });

  test('leaves no name, number or word in any table, but what others know of their own', async () => {
    const find = personFinder([
      { what: 'number', value: lane.number },
      { what: 'words', value: lane.patient },
    ]);
    const rows = await everyRow(ground.database.pool);
    const left = rows.filter(([name, text]) => find(name, text).length > 0).map(([name]) => name.replace('public.', ''));
    // Its id stays where rows that say who, when and what need it, and names nobody.
    expect(left).toEqual(['patient_fact', 'person_key', 'plan', 'resource_version']);
    const [fact] = await sql('SELECT facts, disclosed, birth_index FROM patient_fact WHERE patient_id = $1', lane.patient);
    expect(fact).toMatchObject({
      birth_index: null,
      disclosed: { sealed: '' },
      facts: { nhsNumber: null, nameDigest: '', identityDigest: '' },
    });
    expect(await sql('SELECT FROM consent_fact WHERE patient_id = $1', lane.patient)).toEqual([]);
  });

  test('another trust’s record of the same person, and another organisation’s incident, are theirs', async () => {
    expect((await ground.store.read('Patient', 'pat-elsewhere'))?.body).toMatchObject({ id: 'pat-elsewhere' });
    expect((await ground.store.read('Encounter', 'incident-gone'))?.body).toMatchObject({ id: 'incident-gone' });
    expect(
      await sql(
        `SELECT p.nhs_number IS NOT NULL AS known FROM person p JOIN patient_fact f ON f.person_id = p.id WHERE f.patient_id = 'pat-elsewhere'`,
      ),
    ).toEqual([{ known: true }]);
  });

  test('fan-out, resync, the loop and a new index go on without them', async () => {
    await ground.fanOutAll();
    expect(await resync(ground.database.pool, 1)).toEqual([]);
    const ledger = ground.ledger();
    const claims = await ledger.claim(lane.service, 10);
    expect(claims.length).toBeGreaterThan(0);
    for (const claim of claims) {
      const look = await ledger.look(claim);
      const want = desired(look.facts, look.now);
      expect(want).toMatchObject({ nothing: true, because: 'withdrawn' });
      expect(step(want, look.ledger, look.now, look.facts.destination)).toEqual({ kind: 'rest', lookAt: null });
      await ledger.rest(claim, look, want, null);
    }
    expect(await rebuildIndex(ground.database.pool, 'another')).toBeGreaterThan(0);
  });

  test('is noted outside the database: a record that came back from a backup is told of', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'broker-erased-'));
    expect(await erasedAndBack(ground.database.pool, folder)).toEqual([]);
    for (const patient of [lane.patient, 'pat-elsewhere'])
      noteErased(folder, { patient, reason: 'request 12', at: '2026-11-26T07:00:00Z' });
    expect(await erasedAndBack(ground.database.pool, folder)).toEqual(['pat-elsewhere']);
    rmSync(folder, { recursive: true });
  });

  test('a body that was written at the very moment of the erasure is as gone', async () => {
    const late = await ground.lane('late', 'ed');
    const [row] = await sql(`SELECT body, version, owner, updated_at FROM resource WHERE type = 'Composition' AND id = 'words-late'`);
    await erase(ground.database.pool, asked(late));
    for (const table of ['resource', 'resource_version'])
      await sql(
        `INSERT INTO ${table} (type, id, version, owner, updated_at, body, sealed_by) VALUES ('Composition', 'words-late', ${table === 'resource' ? 1 : 9}, $1, $2, $3, $4)`,
        row.owner,
        row.updated_at,
        row.body,
        late.patient,
      );
    expect(await ground.store.read('Composition', 'words-late')).toBeNull();
    expect((await ground.store.deletedBy('Composition', 'words-late'))?.owner).toBe('TRUST1');
    expect((await ground.store.deletedBy('Composition', 'words-late', 9))?.owner).toBe('TRUST1');
    expect((await ground.store.search(searchAmong('Composition', { is: 'all' }, [{ is: 'ids', anyOf: ['words-late'] }], 5))).rows).toEqual(
      [],
    );
    expect(await rebuildIndex(ground.database.pool, 'once more')).toBeGreaterThan(0);
  });
});
