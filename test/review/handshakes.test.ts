import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { handshakesOf, setSubscription } from '../../src/store/subscriptions.ts';
import { policeSubscription } from '../support/police-program.ts';
import type { Ground } from '../store/ground.ts';
import { caller, layGround } from '../store/ground.ts';

let ground: Ground;
const police = caller('XFORCE', 'police');
const asked = (address: string) => policeSubscription('sub-force', { address } as Parameters<typeof policeSubscription>[1]);
const status = async () => (await ground.store.read('Subscription', 'sub-force'))?.body;

beforeAll(async () => {
  ground = await layGround();
  await ground.recipient('force', 'police');
}, 60_000);
afterAll(() => ground?.close());

describe('a handshake', () => {
  test('is made once, and again when whoever began it does not come back', async () => {
    await ground.put(police, asked('https://one.example/hook'));
    const claims = await Promise.all([1, 2, 3].map(() => handshakesOf(ground.database.pool, 'svc-force', 100)));
    expect(claims.flat()).toMatchObject([{ destination: { address: 'https://one.example/hook' }, version: 1 }]);
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(await handshakesOf(ground.database.pool, 'svc-force', 100)).toHaveLength(1);
  });

  test('makes active what it was made with, and never an address that was given meanwhile', async () => {
    await ground.put(police, asked('https://two.example/hook'));
    await setSubscription(ground.database.pool, 'sub-force', ['requested'], 'active', { version: 1 });
    expect(await status()).toMatchObject({ status: 'requested' });
    const [again] = await handshakesOf(ground.database.pool, 'svc-force', 100);
    expect(again).toMatchObject({ destination: { address: 'https://two.example/hook' }, version: 2 });
    await setSubscription(ground.database.pool, 'sub-force', ['requested'], 'active', { version: 2 });
    expect(await status()).toMatchObject({ status: 'active' });
  });
});
