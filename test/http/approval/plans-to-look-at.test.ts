import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CarePlan, Composition, Task } from '@medplum/fhirtypes';
import { tellOfPlans, tellOfRules } from '../../../src/store/plans-to-look-at.ts';
import { publisher } from '../../store/ground.ts';
import * as body from '../../support/bodies.ts';
import type { MatchGround } from '../match-ground.ts';
import { AMBULANCE, byNumber, ED, openMatchGround, somebody, tokenOf, TRUST } from '../match-ground.ts';

let door: MatchGround;
const numbers: Record<string, string> = {};
beforeAll(async () => {
  door = await openMatchGround();
  for (const name of ['amber', 'beryl', 'coral']) {
    numbers[name] = door.ground.numbers.next();
    await door.person(somebody(name, numbers[name] ?? ''), ['ed', 'ambulance']);
  }
}, 60_000);
afterAll(() => door?.close());

const sql = (text: string, ...values: unknown[]) => door.ground.database.pool.query(text, values);
const tasks = async (): Promise<readonly string[]> =>
  ((await door.ask(TRUST, 'Task?code=attention&_count=50')).json.entry ?? [])
    .map(({ resource }: { resource: Task }) => `${resource.statusReason?.text} ${resource.focus?.reference} ${resource.status}`)
    .sort();
/** A review date that has passed, as nobody could write it today. */
const overdue = (name: string, day: string) =>
  sql(`UPDATE plan SET version = jsonb_set(version, '{reviewDate}', to_jsonb($2::text)) WHERE patient_id = $1`, name, day);
const approveNext = async (
  name: string,
  id: string,
  options: { readonly replaces?: string; readonly identifier?: string },
  more: Readonly<Record<string, string>> = {},
) => {
  await door.ground.put(
    publisher,
    body.composition(`words-${id}`, name, {
      ...more,
      'please-do': 'Speak slowly to me',
      'who-to-ring': 'Ring, day and night: 01632 960001',
    }),
  );
  await door.ground.put(publisher, body.carePlan(id, name, `words-${id}`, { reach: [], ...options }));
  await door.ground.store.approve(publisher, id, '1', body.approval(id), body.approver);
};

describe('plans that their owner has to look at', () => {
  test('G20 a review that has passed is told once, by the day in London; a new version takes it back', async () => {
    const london = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/London' });
    const today = london.format(new Date());
    await overdue('amber', london.format(new Date(Date.now() - 24 * 3_600_000)));
    await overdue('beryl', today);
    expect(await tellOfPlans(door.ground.database.pool)).toBe(1);
    expect(await tasks()).toEqual(['review-due CarePlan/plan-amber requested']);
    expect(await tellOfPlans(door.ground.database.pool)).toBe(0);
    await approveNext('amber', 'plan-amber-2', { replaces: 'plan-amber' });
    expect(await tasks()).toEqual(['review-due CarePlan/plan-amber cancelled']);
    await overdue('amber', '2026-01-01');
    expect(await tellOfPlans(door.ground.database.pool)).toBe(1);
    await door.ground.store.withdraw(publisher, 'plan-amber-2', 'Asked for by the person');
    expect(await tasks()).toEqual(['review-due CarePlan/plan-amber cancelled', 'review-due CarePlan/plan-amber-2 cancelled']);
    await overdue('amber', '2026-01-01');
    expect(await tellOfPlans(door.ground.database.pool)).toBe(0);
  });

  test('words that leave in another form than was signed are to be approved again: one Task for each plan in force', async () => {
    const before = await tasks();
    expect(await tellOfPlans(door.ground.database.pool, 1_000_000)).toBe(2);
    expect((await tasks()).filter((each) => !before.includes(each))).toEqual([
      'mapping-changed CarePlan/plan-beryl requested',
      'mapping-changed CarePlan/plan-coral requested',
    ]);
    expect(await tellOfPlans(door.ground.database.pool, 1_000_000)).toBe(0);
  });

  test('a rule that came after the approval: a Task that names the rule and quotes nothing, once, and no recall', async () => {
    const before = await tasks();
    const slowly = (_plan: CarePlan, words: Composition) => (JSON.stringify(words).includes('Speak slowly') ? ['G1'] : []);
    const { pool } = door.ground.database;
    expect(await tellOfRules(pool)).toBe(0);
    expect(await tellOfRules(pool, 1_000_000, slowly)).toBe(2);
    expect((await tasks()).filter((each) => !before.includes(each))).toEqual([
      'rules-changed CarePlan/plan-beryl requested',
      'rules-changed CarePlan/plan-coral requested',
    ]);
    const told = JSON.stringify((await door.ask(TRUST, 'Task?code=attention&_count=50')).json);
    expect(told).toContain('(G1)');
    expect(told).not.toContain('slowly');
    expect(await tellOfRules(pool, 1_000_000, slowly)).toBe(0);
    // By the lists of today nothing stops them.
    expect(await tellOfRules(pool, 1_000_001)).toBe(0);
    expect((await sql('SELECT count(*) AS n FROM plan WHERE rules_told = 1000001')).rows[0].n).toBe('2');
  });

  test('two workers at once tell of each plan once', async () => {
    await sql('UPDATE plan SET review_told = NULL');
    await overdue('beryl', '2026-01-01');
    await overdue('coral', '2026-01-02');
    const told = await Promise.all([1, 2, 3].map(() => tellOfPlans(door.ground.database.pool)));
    expect(told.reduce((sum, each) => sum + each)).toBe(2);
  });

  test('a second plan of one person: a Task, and both are shown together, the newest first', async () => {
    await approveNext('coral', 'coral-second', { identifier: 'second-plan-of-coral' });
    expect(await tasks()).toContain('second-plan CarePlan/coral-second requested');
    const shown = async (): Promise<readonly number[]> => {
      const found = await door.match(AMBULANCE, byNumber(numbers['coral'] ?? ''));
      await door.confirm(AMBULANCE, tokenOf(found), byNumber(numbers['coral'] ?? ''));
      const principal = { organization: AMBULANCE.ods, kind: AMBULANCE.kind, scopes: ['system/*.cruds'], user: null };
      return (await door.ground.store.lookUp(principal, { nhsNumber: numbers['coral'] ?? '' }, true)).map(
        ({ sections }) => sections.length,
      );
    };
    // The second has two headings, the first three.
    expect(await shown()).toEqual([2, 3]);
    await approveNext('coral', 'plan-coral-2', { replaces: 'plan-coral' }, { triggers: 'Loud sirens upset me', coping: 'I count to ten' });
    expect(await shown()).toEqual([4, 2]);
    expect((await door.ask(ED, 'Task?code=attention')).json.total).toBe(0);
  });
});
