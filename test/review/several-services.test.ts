import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Ground } from '../store/ground.ts';
import { caller, layGround, operator } from '../store/ground.ts';
import * as body from '../support/bodies.ts';

let ground: Ground;

beforeAll(async () => {
  ground = await layGround();
}, 60_000);
afterAll(() => ground?.close());

describe('an organisation with two services of one kind', () => {
  test('I4: a look-up answers each plan once, as the first service sees it that may', async () => {
    const lane = await ground.lane('two');
    await ground.put(operator, body.service('svc-two-b', 'org-two', 'ed'));
    await ground.put(operator, body.service('svc-a-two', 'org-two', 'ed'));
    const look = () => ground.store.lookUp(caller(lane.ods, 'ed'), { nhsNumber: lane.number }, true);
    const [first, ...more] = await look();
    expect(more).toEqual([]);
    expect(first?.sections).toHaveLength(3);
    // The agreement names the one that is second by id: the others are refused, and nothing of that is seen.
    await ground.put(operator, { ...body.agreement('org-trust', ['svc-two', 'svc-two-b']), id: lane.contract });
    expect((await look()).map(({ id }) => id)).toEqual([first?.id]);
    const { rows } = await ground.database.pool.query("SELECT because FROM audit WHERE event = 'read' ORDER BY id");
    expect(rows).toEqual([{ because: null }, { because: null }]);
  });
});
