import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Extension } from '../../profiles/canonicals.ts';
import { eventually } from '../support/eventually.ts';
import { type FakeHook, startFakeHook } from '../support/fake-hook.ts';
import { openSubscriptions, type Subscriptions, type Wish } from './world.ts';

/** What time alone does to a Subscription, of a broker whose sweep is far away. */

/** A second, and what a busy machine adds. */
const SOON_MS = 5_000;

let world: Subscriptions;
let hook: FakeHook;
beforeAll(async () => {
  world = await openSubscriptions({}, { SWEEP_MS: '600000' });
}, 60_000);
afterAll(() => world?.close());
beforeEach(async () => {
  hook = await startFakeHook();
});
afterEach(() => hook.stop());

type Subscriber = Awaited<ReturnType<Subscriptions['subscriber']>>;
const statusIs = (of: Subscriber, id: string, status: string) =>
  eventually(async () => expect((await of.read(id)).status).toBe(status), SOON_MS);
/** Taken, and the loop told of it as the broker's own door does. */
const subscribe = async (of: Subscriber, to: FakeHook, wish: Wish): Promise<string> => {
  const { body } = await of.subscribe(to.address, wish).expect(201);
  world.engine.engine.changed();
  return body.id;
};
const sql = (text: string, ...values: unknown[]) => world.engine.database.pool.query(text, values);

describe('a heartbeat', () => {
  test('[2b.93] comes within its period, however long the sweep takes, to each of many, and whoever does not answer keeps nobody waiting', async () => {
    const one = await world.subscriber();
    const wish = { channel: [{ url: Extension.backportHeartbeatPeriod, valueUnsignedInt: 10 }] };
    const silent = await startFakeHook();
    const first = await subscribe(one, silent, wish);
    await statusIs(one, first, 'active');
    silent.behave({ how: 'stall' });
    const ids: string[] = [];
    for (let count = 0; count < 60; count++) ids.push(await subscribe(one, hook, wish));
    await eventually(async () =>
      expect((await sql(`SELECT FROM destination WHERE (facts->>'open')::boolean AND id = ANY ($1)`, ids)).rowCount).toBe(60),
    );
    await sql(`UPDATE destination SET told_at = clock_timestamp() - interval '11 s' WHERE id = ANY ($1)`, [first, ...ids]);
    const beats = () => hook.notifications().filter(({ type }) => type === 'heartbeat');
    await eventually(() => expect(beats().length).toBeGreaterThanOrEqual(60), SOON_MS);
    expect(beats()).toHaveLength(60);
    await silent.stop();
  }, 60_000);
});

test('[2a.4.01] a handshake comes at once, to whom no plan concerns yet too', async () => {
  const one = await world.subscriber();
  await statusIs(one, await subscribe(one, hook, {}), 'active');
});

describe('an end', () => {
  const SECOND = 2_000;
  const soon = () => ({ end: new Date(Date.now() + SECOND).toISOString() });

  test('[2b.off] that has come switches a Subscription off, whether it is active, in error, or still requested', async () => {
    const one = await world.subscriber();
    const active = await subscribe(one, hook, { change: soon() });
    await statusIs(one, active, 'active');
    hook.behave({ how: 'refuse' });
    const failed = await subscribe(one, hook, { change: soon() });
    await statusIs(one, failed, 'error');
    for (const id of [active, failed]) await statusIs(one, id, 'off');
    // Too late already.
    const late = await subscribe(one, hook, { change: { end: new Date(Date.now() - SECOND).toISOString() } });
    await statusIs(one, late, 'off');
  }, 30_000);
});
