import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Subscription } from '@medplum/fhirtypes';
import { transaction } from '../../src/store/pool.ts';
import { lockResource, putNext, readResource } from '../../src/store/resources.ts';
import { setSubscription } from '../../src/store/subscriptions.ts';
import type { OpenDoor } from './open-door.ts';
import { approvePlan, example, openDoor, POLICE } from './open-door.ts';

let door: OpenDoor;
const made = { ...example('plan-subscription'), id: 'overtaken' };
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
  await door.put(POLICE, made);
  await setSubscription(door.pool, 'overtaken', ['requested'], 'active');
});
afterAll(() => door.close());

/** Waits until somebody waits for an advisory lock. */
const untilHeldUp = async (): Promise<void> => {
  const waiting = "SELECT count(*)::integer AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
  while ((await door.pool.query<{ n: number }>(waiting)).rows[0]?.n === 0) await wait(5);
};

test('a Subscription that the broker ended while its owner sent it back as it was stays ended', async () => {
  const read = (await door.get(POLICE, '/fhir/Subscription/overtaken')).body as Record<string, unknown>;
  expect(read['status']).toBe('active');
  let answer: PromiseLike<{ status: number }> | null = null;
  await transaction(door.pool, async (tx) => {
    const now = await lockResource(tx, 'Subscription', 'overtaken');
    answer = door.put(POLICE, read).then((each) => each);
    await untilHeldUp();
    const stored = await readResource(tx, 'Subscription', 'overtaken');
    if (stored === null) throw new Error('it was made before');
    await putNext(tx, { ...(stored.body as Subscription), status: 'off' }, 'overtaken', stored.owner, stored, now);
  });
  expect((await (answer as unknown as PromiseLike<{ status: number }>)).status).toBe(422);
  expect((await door.get(POLICE, '/fhir/Subscription/overtaken')).body.status).toBe('off');
});
