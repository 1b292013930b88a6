import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RESOURCE_TYPES } from '../../../../profiles/resource-types.ts';
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
  await ground?.door.close();
});

test.each(STATES.map((state) => [state] as const))(
  'the whole product: every route, kind, tenant and scope with a token that is %s is 401',
  async (state) => {
    for (const { type } of RESOURCE_TYPES) expect(await matrix.withTokenAndScopes(type, state)).toEqual([]);
  },
  1_200_000,
);
