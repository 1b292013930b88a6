import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { System } from '../../../profiles/canonicals.ts';
import { publisher, WORDS } from '../../store/ground.ts';
import * as body from '../../support/bodies.ts';
import { notLinear, type Seen, type Written } from '../../support/linearise.ts';
import type { MatchGround } from '../match-ground.ts';
import { AMBULANCE, openMatchGround } from '../match-ground.ts';

/** Lookups under change: what is read was so at some instant while it was read, and what was revoked before is never shown. */

const READERS = 16;
const PERSONS = 2;
const ROUNDS = 30;
let door: MatchGround;
beforeAll(async () => {
  door = await openMatchGround();
}, 60_000);
afterAll(() => door?.close());

/** What a reader sees of a person: the mark of the version that is in force, or nothing. */
type State = string | null;
const now = (): number => performance.now();

const look = async (number: string): Promise<Seen<State>> => {
  const from = now();
  const { status, json, text } = await door.ask(
    AMBULANCE,
    'Composition/_search',
    new URLSearchParams({ 'patient.identifier': `${System.nhsNumber}|${number}` }),
  );
  const to = now();
  if (status !== 200) throw new Error(`a read was answered ${status}: ${text}`);
  return { from, to, state: json.total === 0 ? null : (/mark-\d+/.exec(text)?.[0] ?? 'no mark') };
};

/** A person whose consent flips, and whose plan is approved anew and withdrawn, one act after another. */
const changing = (name: string, number: string) => {
  const writes: Written<State>[] = [];
  let version = 0;
  let permitted = false;
  let inForce: State = null;
  const act = async (does: () => Promise<unknown>, after: () => State): Promise<void> => {
    const from = now();
    await does();
    writes.push({ from, to: now(), state: after() });
  };
  const shown = (): State => (permitted ? inForce : null);
  const flip = () =>
    act(
      () => door.ground.put(publisher, body.consent(`cons-${name}`, name, 'org-trust', permitted ? {} : { kinds: ['ambulance'] })),
      () => {
        permitted = !permitted;
        return shown();
      },
    );
  const approve = async (): Promise<void> => {
    version += 1;
    const id = `plan-${name}-${version}`;
    await door.ground.put(publisher, body.composition(`words-${id}`, name, { ...WORDS, 'please-do': `Say mark-${version} to me` }));
    const replaces = version === 1 || inForce === null ? {} : { replaces: `plan-${name}-${version - 1}` };
    await door.ground.put(publisher, body.carePlan(id, name, `words-${id}`, { reach: [], identifier: `of-${name}`, ...replaces }));
    await act(
      () => door.ground.store.approve(publisher, id, '1', body.approval(id), body.approver),
      () => {
        inForce = `mark-${version}`;
        return shown();
      },
    );
  };
  const withdraw = (): Promise<void> =>
    act(
      () => door.ground.store.withdraw(publisher, `plan-${name}-${version}`, 'entered in error'),
      () => {
        inForce = null;
        return shown();
      },
    );
  return { writes, flip, approve, withdraw, number };
};

describe('Lookups under change', () => {
  test('the checker itself: what is stale, and what goes back, is found; what overlaps is not', () => {
    const writes = [
      { from: 10, to: 20, state: 'a' },
      { from: 30, to: 40, state: null },
    ];
    const read = (from: number, to: number, state: State): Seen<State> => ({ from, to, state });
    expect(
      notLinear<State>(null, writes, [read(0, 5, null), read(12, 13, 'a'), read(14, 15, 'a'), read(35, 36, 'a'), read(37, 38, null)]),
    ).toEqual([]);
    expect(notLinear<State>(null, writes, [read(41, 42, 'a')])).toHaveLength(1);
    expect(notLinear<State>(null, writes, [read(5, 9, 'a')])).toHaveLength(1);
    expect(notLinear<State>(null, writes, [read(31, 32, null), read(33, 34, 'a')])).toHaveLength(1);
  });

  test('I1 16 readers while consents flip, plans are approved and withdrawn: each read is right for some instant of its own, and none goes back', async () => {
    const persons = await Promise.all(
      Array.from({ length: PERSONS }, async (_, nth) => {
        const number = door.ground.numbers.next();
        await door.ground.put(publisher, body.patient(`lin-${nth}`, number));
        return changing(`lin-${nth}`, number);
      }),
    );
    let isOver = false;
    const reads = new Map<string, Seen<State>[]>(persons.map(({ number }) => [number, []]));
    const readers = Array.from({ length: READERS }, async (_, nth) => {
      const { number } = persons[nth % PERSONS] as (typeof persons)[number];
      while (!isOver) reads.get(number)?.push(await look(number));
    });
    await Promise.all(
      persons.map(async (person) => {
        await person.flip();
        for (let round = 0; round < ROUNDS; round++) {
          if (round % 3 === 0) await person.approve();
          await person.flip();
          // While it may be seen, and while it may not: then it is not there when the consent flips, either.
          if (round % 6 === 5 || round % 12 === 8) await person.withdraw();
        }
      }),
    );
    isOver = true;
    await Promise.all(readers);
    for (const { number, writes } of persons) {
      const seen = reads.get(number) ?? [];
      expect(notLinear<State>(null, writes, seen)).toEqual([]);
      // It was looked at while it changed: both answers were given, and several versions.
      expect(new Set(seen.map(({ state }) => state)).size).toBeGreaterThan(3);
    }
  }, 90_000);

  test('I1 I7 a read that is overtaken between its decision and its row decides again: nothing is shown without a row, and nothing that was revoked', async () => {
    const number = door.ground.numbers.next();
    await door.ground.put(publisher, body.patient('overtaken', number));
    const person = changing('overtaken', number);
    await person.flip();
    await person.approve();
    expect((await look(number)).state).toBe('mark-1');
    const { pool } = door.ground.database;
    const rows = async (): Promise<readonly unknown[]> =>
      (await pool.query(`SELECT because FROM audit WHERE organization = $1 AND event = 'read' ORDER BY id`, [AMBULANCE.ods])).rows.map(
        ({ because }) => because,
      );
    const before = await rows();
    const writer = await pool.connect();
    try {
      // A revocation that has the lock of the person, and is not committed when the facts are read.
      await writer.query('BEGIN');
      await writer.query(`SELECT pg_advisory_xact_lock(1, hashtext(person_id::text)) FROM patient_fact WHERE patient_id = 'overtaken'`);
      const reading = look(number);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await writer.query(`DELETE FROM consent_fact WHERE patient_id = 'overtaken'`);
      await writer.query(
        `UPDATE person SET epoch = epoch + 1 WHERE id = (SELECT person_id FROM patient_fact WHERE patient_id = 'overtaken')`,
      );
      await writer.query('COMMIT');
      expect((await reading).state).toBeNull();
    } finally {
      writer.release();
    }
    expect(await rows()).toEqual([...before, 'no-consent']);
  });
});
