import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CarePlan, Composition } from '@medplum/fhirtypes';
import { digest } from '../../src/decide/digest.ts';
import * as body from '../support/bodies.ts';
import { signedVersion } from '../../src/store/signed-version.ts';
import type { Ground, Lane } from './ground.ts';
import { caller, layGround, publisher, WORDS } from './ground.ts';
import { workOnce } from './work-once.ts';

let ground: Ground;
let lane: Lane;
const ed = caller('XTRAIL', 'ed');
const stranger = caller('XSTRANGER', 'ed');

const sql = async <Row>(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> =>
  (await ground.database.pool.query(text, [...values])).rows as Row[];
const count = async (text: string, values: readonly unknown[] = []): Promise<number> =>
  Number((await sql<{ n: string }>(text, values))[0]?.n);
const work = async (...outcome: Parameters<typeof workOnce> extends [unknown, unknown, ...infer Rest] ? Rest : never): Promise<void> => {
  await ground.fanOutAll();
  await workOnce(ground.ledger(), lane.service, ...outcome);
  await sql(`UPDATE ledger_key SET look_at = clock_timestamp() WHERE look_at < clock_timestamp() + interval '1 minute'`);
};
const version = async (id: string, words: Record<string, string>, replaces: string): Promise<void> => {
  await ground.put(publisher, body.composition(`words-${id}`, lane.patient, words));
  await ground.put(publisher, body.carePlan(id, lane.patient, `words-${id}`, { reach: [lane.service], replaces }));
  await ground.store.approve(publisher, id, '1', body.approval(id), body.approver);
};

/** How often somebody asked, and was shown something or nothing. */
const asked = { shown: 0, refused: 0 };
const look = async (who: typeof ed, number: string, words: boolean): Promise<void> => {
  const plans = await ground.store.lookUp(who, { nhsNumber: number }, words);
  asked[plans.length > 0 ? 'shown' : 'refused']++;
};

beforeAll(async () => {
  ground = await layGround();
  lane = await ground.lane('trail');
  await ground.recipient('stranger');
  await ground.put(publisher, body.consent(lane.consent, lane.patient, 'org-trust', { kinds: ['ed'] }));
  // A story: pushed, lost, said again, read, refused, changed, withdrawn.
  await work({ kind: 'unknown', because: 'timeout' });
  await work();
  await look(ed, lane.number, true);
  await look(ed, lane.number, false);
  await look(ed, ground.numbers.next(), true);
  await version('trail-2', { ...WORDS, triggers: 'Crowds upset me' }, lane.plan);
  await work({ kind: 'refused', because: 'http-422', retry: false });
  await work();
  await ground.agree('stranger', 'terminated');
  await look(stranger, lane.number, true);
  await ground.store.withdraw(publisher, 'trail-2', 'The person asked for it');
  await look(ed, lane.number, true);
  await work({ kind: 'unknown', because: 'timeout' });
  await work();
}, 60_000);
afterAll(() => ground?.close());

describe('the trail', () => {
  test('I7: each delivery has one audit row, from before its outcome, that says the same', async () => {
    expect(await count('SELECT count(*) AS n FROM delivery')).toBeGreaterThanOrEqual(6);
    const odd = await sql(
      `SELECT d.id, count(a.id) FROM delivery d
         LEFT JOIN audit a ON a.delivery_id = d.id AND a.key_id = d.key_id AND a.at <= d.settled_at AND a.digest IS NOT DISTINCT FROM d.digest
          AND a.event = CASE d.action WHEN 'update' THEN 'disclose' ELSE 'recall' END AND a.headings = d.headings AND a.stamp IS NOT NULL
          AND (d.action = 'recall' OR a.purpose IS NOT NULL)
        GROUP BY d.id HAVING count(a.id) <> 1`,
    );
    expect(odd).toEqual([]);
  });

  test('I7 G11: each look-up has its audit row: what was shown, and under which purpose; or why nothing was', async () => {
    expect(asked).toEqual({ shown: 2, refused: 3 });
    const reads = await sql<{ shown: boolean; because: string | null; purpose: string | null; headings: string[] }>(
      `SELECT digest IS NOT NULL AS shown, because, purpose, coalesce(headings, '{}') AS headings FROM audit WHERE event IN ('read', 'flag') ORDER BY id`,
    );
    expect(reads).toEqual([
      { shown: true, because: null, purpose: 'ETREAT', headings: ['please-do', 'triggers', 'who-to-ring'] },
      { shown: true, because: null, purpose: 'ETREAT', headings: ['please-do', 'triggers', 'who-to-ring'] },
      { shown: false, because: 'no-such-person', purpose: null, headings: [] },
      { shown: false, because: 'no-agreement', purpose: null, headings: [] },
      { shown: false, because: 'withdrawn', purpose: null, headings: [] },
    ]);
  });

  test('I7: a delivery cannot be on record without its audit row: they are one transaction', async () => {
    const { owner } = ground.database;
    await owner.query(
      `CREATE FUNCTION no_trail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the trail is full'; END $$`,
    );
    const other = await ground.lane('untrailed');
    await ground.fanOutAll();
    await owner.query('CREATE TRIGGER no_trail BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION no_trail()');
    const deliveries = await count('SELECT count(*) AS n FROM delivery');
    await expect(workOnce(ground.ledger(), other.service)).rejects.toThrow('the trail is full');
    await expect(ground.store.lookUp(caller(other.ods, 'ed'), { nhsNumber: other.number }, true)).rejects.toThrow('the trail is full');
    expect(await count('SELECT count(*) AS n FROM delivery')).toBe(deliveries);
    expect(await count(`SELECT count(*) AS n FROM ledger_key WHERE recipient_id = $1 AND state->'copies' <> '[]'`, [other.service])).toBe(
      0,
    );
    await owner.query('DROP TRIGGER no_trail ON audit');
  });

  test('I8: it holds no number, no name and no words', async () => {
    const text = JSON.stringify(await sql('SELECT * FROM audit'));
    for (const secret of [lane.number, 'Testperson', 'Crowds upset me', 'Speak slowly']) expect(text).not.toContain(secret);
  });

  const TAKING_BACK = [
    `UPDATE audit SET because = 'nothing'`,
    'DELETE FROM audit',
    'TRUNCATE audit',
    `UPDATE approved_version SET bytes = ''`,
    `UPDATE approved_version SET projections = '{}'`,
    'DELETE FROM approved_version',
    'TRUNCATE approved_version',
  ];
  test.each(TAKING_BACK)('I7 I9: nothing is taken back: %s', async (statement) => {
    await expect(sql(statement)).rejects.toThrow(/is append-only|permission denied/);
    await expect(ground.database.owner.query(statement)).rejects.toThrow('is append-only');
  });
});

describe('an approved version never changes', () => {
  test('I9: it is there byte for byte, with its hash, after a new version, a withdrawal and both statuses', async () => {
    const ids = await sql<{ care_plan_id: string }>(
      'SELECT v.care_plan_id FROM approved_version v JOIN plan p ON p.id = v.plan_id WHERE p.patient_id = $1 ORDER BY v.number',
      [lane.patient],
    );
    const { pool } = ground.database;
    const versions = (await Promise.all(ids.map((one) => signedVersion(pool, one.care_plan_id)))).flatMap((one) => one ?? []);
    expect(versions.map((one) => [one.carePlanId, one.number])).toEqual([
      [lane.plan, 1],
      ['trail-2', 2],
    ]);
    for (const { bytes, hash } of versions) expect(digest([bytes])).toBe(hash);
    const signed = versions.map(({ bytes }) => JSON.parse(bytes ?? '') as { carePlan: CarePlan; composition: Composition });
    expect(signed.map(({ carePlan }) => carePlan.status)).toEqual(['draft', 'draft']);
    expect(signed.map(({ composition }) => composition.section?.[1]?.text?.div)).toEqual([
      expect.stringContaining('Loud sirens upset me'),
      expect.stringContaining('Crowds upset me'),
    ]);
    expect((await ground.store.read('CarePlan', lane.plan))?.body).toMatchObject({ status: 'completed' });
    expect((await ground.store.read('CarePlan', 'trail-2'))?.body).toMatchObject({ status: 'revoked' });
  });

  test('I9: its CarePlan and its Composition are refused as a conflict, and stay as they were', async () => {
    const before = [await ground.store.read('CarePlan', 'trail-2'), await ground.store.read('Composition', 'words-trail-2')];
    const draft = body.carePlan('trail-2', lane.patient, 'words-trail-2', { reach: [] });
    const words = body.composition('words-trail-2', lane.patient, { 'who-to-ring': 'Ring nobody' });
    for (const resource of [draft, words]) await expect(ground.put(publisher, resource)).rejects.toMatchObject({ category: 'conflict' });
    await expect(ground.store.approve(publisher, 'trail-2', '1', body.approval('trail-2'), body.approver)).rejects.toMatchObject({
      category: 'conflict',
    });
    expect([await ground.store.read('CarePlan', 'trail-2'), await ground.store.read('Composition', 'words-trail-2')]).toEqual(before);
  });
});
