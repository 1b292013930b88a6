import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { System } from '../../profiles/canonicals.ts';
import { AMBULANCE, type MatchGround, openMatchGround } from '../http/match-ground.ts';
import { eventually } from '../support/eventually.ts';

/** A list that takes longer to build than a request should: asked for, built beside everything else, and fetched. */

const MANY = 230;
let door: MatchGround;
const numbers: string[] = [];
beforeAll(async () => {
  door = await openMatchGround();
  for (let each = 0; each < MANY; each++) numbers.push((await door.ground.person(`p${each}`, ['svc-amb'])).number);
}, 300_000);
afterAll(() => door?.close());

const count = async (text: string): Promise<number> => Number((await door.ground.database.pool.query(text)).rows[0].count);

test('I7 it is 202 until it is there; look-ups are answered meanwhile; everybody on it is on record once', async () => {
  const first = await door.ask(AMBULANCE, 'Flag/$list');
  expect(first.status).toBe(202);
  expect(Number(new Map(first.headers).get('retry-after'))).toBeGreaterThan(1);
  for (const number of numbers.slice(0, 20)) {
    const { json } = await door.ask(
      AMBULANCE,
      'Flag/_search',
      new URLSearchParams({ 'patient.identifier': `${System.nhsNumber}|${number}` }),
    );
    expect(json.total).toBe(1);
  }
  // Nobody is listed, and nothing is on record of a list, before all of it is there.
  expect((await door.ask(AMBULANCE, 'Flag/$list')).status).toBe(202);
  expect(await count(`SELECT count(*) FROM audit WHERE event = 'flag-list'`)).toBe(0);
  const { json } = await eventually(async () => {
    const answer = await door.ask(AMBULANCE, 'Flag/$list');
    expect(answer.status).toBe(200);
    return answer;
  }, 120_000);
  const entries = json.parameter.filter(({ name }: { name: string }) => name === 'entry');
  expect(new Set(entries.map(({ valueString }: { valueString: string }) => valueString)).size).toBe(entries.length);
  // Two of 230 share an entry once in 600 lists.
  expect(entries.length).toBeGreaterThan(MANY - 3);
  expect(await count(`SELECT count(*) FROM audit WHERE event = 'flag-list' AND plan_id IS NOT NULL`)).toBe(MANY);
  expect(await count(`SELECT count(DISTINCT person_id) FROM audit WHERE event = 'flag-list' AND plan_id IS NOT NULL`)).toBe(MANY);
  expect(await count('SELECT hashed AS count FROM flag_list')).toBe(MANY);
}, 300_000);
