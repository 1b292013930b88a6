import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setSubscription } from '../../src/store/subscriptions.ts';
import type { Ground } from '../store/ground.ts';
import { caller, layGround, publisher, WORDS } from '../store/ground.ts';
import * as body from '../support/bodies.ts';
import { policeSubscription } from '../support/police-program.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await layGround();
}, 60_000);
afterAll(() => ground?.close());

const copies = async (destination: string): Promise<number> => {
  const { rows } = await ground.database.pool.query(
    "SELECT jsonb_array_length(state->'copies') AS copies FROM ledger_key WHERE destination_id = $1",
    [destination],
  );
  return rows[0]?.copies ?? 0;
};

test('I3: what a subscriber looks up while it is not in reach is not called back from its Subscription', async () => {
  const lane = await ground.lane('force', 'police');
  const police = caller(lane.ods, 'police');
  const hook = { address: 'https://hook.example/' } as Parameters<typeof policeSubscription>[1];
  await ground.put(police, policeSubscription('sub-force', hook));
  await setSubscription(ground.database.pool, 'sub-force', ['requested'], 'active');
  await ground.fanOutAll();
  const look = () => ground.store.lookUp(police, { nhsNumber: lane.number }, true);
  expect(await look()).toHaveLength(1);
  expect([await copies('sub-force'), await copies(`pull:${lane.service}`)]).toEqual([1, 0]);
  await ground.put(publisher, body.composition('words-force2', lane.patient, WORDS));
  const draft = body.carePlan('plan-force2', lane.patient, 'words-force2', { reach: [], replaces: lane.plan });
  await ground.put(publisher, { ...draft, identifier: body.carePlan(lane.plan, lane.patient, '', { reach: [] }).identifier ?? [] });
  await ground.store.approve(publisher, 'plan-force2', '1', body.approval('plan-force2'), body.approver);
  await ground.fanOutAll();
  expect(await look()).toHaveLength(1);
  expect([await copies('sub-force'), await copies(`pull:${lane.service}`)]).toEqual([1, 1]);
});
