import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { KINDS } from '../../../../src/model/kind.ts';
import { CDS_BASE, CDS_SERVICE } from '../../../../src/http/cds/cds-door.ts';
import { NRL_ROUTES } from '../../../../src/http/nrl/nrl-routes.ts';
import { fanOut } from '../../../../src/store/fan-out.ts';
import { IS_WHOLE } from '../../../support/breadth.ts';
import { layMatrixGround, type MatrixGround } from './ground.ts';
import { DOOR_ROWS, openDoorMatrix } from './run-doors.ts';
import { STATES } from './tokens.ts';

let ground: MatrixGround;
let matrix: Awaited<ReturnType<typeof openDoorMatrix>>;
/** The id of the pointer to Beryl's plan that is owed to the record locator. */
const layPointer = async (): Promise<string> => {
  const { pool } = ground.door;
  while ((await fanOut(pool, 1)).more);
  const { rows } = await pool.query<{ id: string }>(
    `SELECT k.disclosure_id AS id FROM ledger_key k JOIN destination d ON d.id = k.destination_id WHERE d.facts->>'channel' = 'nrl'`,
  );
  if (rows.length !== 1) throw new Error(`${rows.length} pointers are owed`);
  return rows[0]?.id ?? '';
};
beforeAll(async () => {
  ground = await layMatrixGround();
  matrix = await openDoorMatrix(ground, await layPointer());
}, 60_000);
afterAll(async () => {
  expect(ground.door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  await ground?.door.close();
});

const ROWS = DOOR_ROWS.map((row) => [row.name, row] as const);

test('every route of these doors has its row', () => {
  for (const { cells } of DOOR_ROWS) expect(cells).toHaveLength(KINDS.length);
  const cds = [`GET ${CDS_BASE}`, `POST ${CDS_BASE}/${CDS_SERVICE}`];
  const names = DOOR_ROWS.map(({ name }) => name);
  expect(cds.filter((each) => !names.includes(each))).toEqual([]);
  const nrl = NRL_ROUTES.filter((route) => !DOOR_ROWS.some(({ method, path }) => method === route.method && route.path.test(path)));
  expect(nrl.map(({ method, path }) => `${method} ${path.source}`)).toEqual([]);
  // And each row is a route.
  expect(names.filter((name) => !cds.includes(name))).toHaveLength(NRL_ROUTES.length);
});

describe('I4 with the least scopes each route answers each kind as is written, whether anything is disclosed to it or not', () => {
  test.each(ROWS)('%s', async (_name, row) => expect(await matrix.withRightScope(row)).toEqual([]), 30_000);
});

describe('I4 without one of its scopes each route is 403', () => {
  test.each(ROWS.filter(([, { scopes }]) => scopes.length > 0))(
    '%s',
    async (_name, row) => expect(await matrix.withWrongScopes(row)).toEqual([]),
    30_000,
  );
});

describe('a token that is not good is 401 on each route', () => {
  // Two of them in the suite, the second each time another.
  const other = STATES[1 + Math.floor(Math.random() * (STATES.length - 1))];
  test.each(STATES.filter((state) => IS_WHOLE || state === 'none' || state === other).map((state) => [state] as const))(
    '%s',
    async (state) => {
      for (const row of DOOR_ROWS) expect([row.name, await matrix.withToken(row, state)]).toEqual([row.name, []]);
    },
    60_000,
  );
});
