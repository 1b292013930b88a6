import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { IS_WHOLE } from '../../../support/breadth.ts';
import { RESOURCE_TYPES } from '../../../../profiles/resource-types.ts';
import { KINDS } from '../../../../src/model/kind.ts';
import { layMatrixGround, type MatrixGround } from './ground.ts';
import { openMatrix } from './run-matrix.ts';
import { STATES } from './tokens.ts';

let ground: MatrixGround;
let matrix: Awaited<ReturnType<typeof openMatrix>>;
beforeAll(async () => {
  ground = await layMatrixGround();
  matrix = await openMatrix(ground);
}, 60_000);
afterAll(async () => {
  await matrix?.close();
  expect(ground.door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  await ground?.door.close();
});

const TYPES = RESOURCE_TYPES.map(({ type }) => [type] as const);

describe('a token that is not good, of every kind and of either organisation, is 401 on every route', () => {
  // Two of them in the suite, the second each time another.
  const other = STATES[1 + Math.floor(Math.random() * (STATES.length - 1))];
  test.each(STATES.filter((state) => IS_WHOLE || state === 'none' || state === other).map((state) => [state] as const))(
    '%s',
    async (state) => {
      const before = await ground.door.stored();
      for (const [type] of TYPES) expect(await matrix.withToken(type, state)).toEqual([]);
      expect(await ground.door.stored()).toBe(before);
    },
    120_000,
  );
});

describe('a scope of another type, or without the letter, is 403 on every route', () => {
  test.each(TYPES)(
    '%s',
    async (type) => {
      const before = await ground.door.stored();
      expect(await matrix.withWrongScopes(type)).toEqual([]);
      expect(await ground.door.stored()).toBe(before);
    },
    60_000,
  );
});

describe('with the least scope each route answers each kind as is written, of its own, of another’s, and of what is disclosed to it', () => {
  test.each(TYPES)(
    '%s',
    async (type) => {
      expect(await matrix.withRightScope(type)).toEqual([]);
    },
    60_000,
  );

  test('no answer is written that nobody asks for', () => {
    expect(matrix.neverAsked()).toEqual([]);
  });

  test('what was another’s is as it was', async () => {
    const { rows } = await ground.door.pool.query<{ name: string; owner: string }>("SELECT type || '/' || id AS name, owner FROM resource");
    const stored = new Map(rows.map(({ name, owner }) => [name, owner]));
    for (const [name, owner] of ground.owners) expect([name, stored.get(name)]).toEqual([name, owner]);
    expect(KINDS).toHaveLength(9);
  });
});
