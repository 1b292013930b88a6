import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { openWebsocketDoor } from '../../src/http/websocket/websocket-door.ts';
import { rotateClient, suspendClient } from '../../src/store/access/clients.ts';
import { dueAtSockets } from '../../src/store/websocket-bindings.ts';
import { openDoorOn } from '../http/open-door.ts';
import { operator } from '../store/ground.ts';
import { giveBack } from '../support/access.ts';
import * as body from '../support/bodies.ts';
import { eventually } from '../support/eventually.ts';
import { crowd } from './websocket-crowd.ts';
import { IMPATIENT, numbersOn, openWebsockets, type Subscriber, WAIT_MS, type Websockets } from './websocket-world.ts';

/** What becomes of a socket: access that ends, one who does not read, one who is away, another process, a restart. */

let world: Websockets;
beforeAll(async () => {
  world = await openWebsockets();
}, 60_000);
afterAll(() => world?.close());
afterEach(async () => {
  world.leaveAll();
  await eventually(() => expect(world.engine.engine.sockets.open).toBe(0), WAIT_MS);
});

/** What a Subscription's keys have been through. */
const deliveriesTo = async (id: string): Promise<readonly string[]> =>
  (
    await world.sql(
      'SELECT d.outcome FROM delivery d JOIN ledger_key k ON k.id = d.key_id WHERE k.destination_id = $1 ORDER BY d.begun_at',
      id,
    )
  ).rows.map(({ outcome }) => outcome);
const dueAt = async (id: string): Promise<number> =>
  (await world.sql('SELECT count(*)::integer AS n FROM ledger_key WHERE destination_id = $1 AND look_at <= clock_timestamp()', id)).rows[0]
    ?.n;

/** The broker knows that its socket has gone. */
const onNoSocket = (id: string) =>
  eventually(
    async () =>
      expect((await world.sql('SELECT process_id FROM websocket_binding WHERE destination_id = $1', id)).rows[0]?.process_id).toBeNull(),
    WAIT_MS,
  );

const ways: readonly (readonly [string, (who: Subscriber, id: string) => Promise<unknown>])[] = [
  ['the client is suspended', async ({ caller }) => suspendClient(world.engine.database.pool, await world.door.tokens.clientIdOf(caller))],
  [
    'its keys are changed',
    async ({ caller }) =>
      rotateClient(world.engine.database.pool, await world.door.tokens.clientIdOf(caller), {
        jwks: { keys: [{ kty: 'EC', kid: 'other' }] },
      }),
  ],
  [
    'the access token by which it was asked for is given back',
    async ({ caller }) => giveBack(world.door.origin, await world.door.tokens.of(caller)),
  ],
  [
    'the Subscription is deleted',
    ({ caller }, id) => world.door.as(world.door.agent.delete(`/fhir/Subscription/${id}`), caller).expect(204),
  ],
  [
    'the Subscription is switched off',
    async (who, id) => world.door.put(who.caller, { ...(await who.read(id)), status: 'off' } as never).expect(200),
  ],
  [
    'its last agreement ends',
    ({ contract, service }) =>
      world.put(operator, { ...body.agreement('org-trust', [service]), id: contract, status: 'terminated' } as never),
  ],
];

describe('I1 a socket is closed when access ends', () => {
  test.each(ways)('[2b.ws.revoked] within seconds: %s', async (_why, end) => {
    const who = await world.subscriber();
    const { id, one } = await world.active(who);
    const startedAt = performance.now();
    await end(who, id);
    await world.closedBy(one, 4403);
    // Twice the period of the watch, and what two slow cores need beside; the long test holds five seconds.
    expect(performance.now() - startedAt).toBeLessThan(WAIT_MS);
    await onNoSocket(id);
  });

  test('[2b.ws.revoked] its time is over: 4408, and it comes in again with another token', async () => {
    const who = await world.subscriber();
    const { id, one } = await world.active(who);
    await world.sql('UPDATE websocket_binding SET ends_at = clock_timestamp() WHERE destination_id = $1', id);
    await world.closedBy(one, 4408);
    const again = await world.bound(who, id);
    await who.plan();
    await world.told(again, 1);
  });

  test('a binding that is renewed on its socket before its time is over goes on without a gap', async () => {
    const who = await world.subscriber();
    const { id, one } = await world.active(who);
    one.bind((await world.tokenOf(who, id)).token);
    await world.shaken(one, 2);
    await who.plan();
    await world.told(one, 1);
    expect(one.closed()).toBeNull();
  });

  test('[2b.ws.revoked] what was bound anew by another access token outlives the first, once that is given back', async () => {
    const who = await world.subscriber();
    const { id, one } = await world.active(who);
    const first = await world.door.tokens.of(who.caller);
    await world.door.tokens.another(who.caller);
    one.bind((await world.tokenOf(who, id)).token);
    await world.shaken(one, 2);
    await giveBack(world.door.origin, first);
    // Twice the period of the watch, and some.
    await sleep(2_500);
    expect(one.closed()).toBeNull();
  });

  test('[2b.ws.revoked] within seconds also while another, on the same process, keeps the broker waiting for its handshake', async () => {
    const [slow, who] = [await world.subscriber(), await world.subscriber()];
    const { id, one: stalled } = await world.active(slow);
    const { one } = await world.active(who);
    stalled.stall();
    await world.door.put(slow.caller, { ...(await slow.read(id)), status: 'requested' } as never).expect(200);
    // The watch has begun to wait for its pong.
    await sleep(1_500);
    await giveBack(world.door.origin, await world.door.tokens.of(who.caller));
    const startedAt = performance.now();
    await world.closedBy(one, 4403);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect((await slow.read(id)).status).toBe('requested');
  });

  test('I2 where no agreement is left, what was told is asked back by a Task: no socket hears of it', async () => {
    const who = await world.subscriber();
    const { id, one } = await world.active(who);
    await who.plan();
    await world.told(one, 1);
    one.stall();
    await world.put(operator, { ...body.agreement('org-trust', [who.service]), id: who.contract, status: 'terminated' } as never);
    await world.statusIs(who, id, 'error');
    await eventually(async () => expect((await who.ask('Task?status=requested')).body.entry?.length).toBe(1), WAIT_MS);
  });
});

test('[2b.ws.refused] I1: a token is good for nothing once access has ended since: it is asked again when it is used', async () => {
  for (const [, end] of ways.filter(([why]) => why !== 'the Subscription is deleted')) {
    const who = await world.subscriber();
    const id = await world.subscribe(who);
    const { token, url } = await world.tokenOf(who, id);
    await end(who, id);
    const one = await world.websocket(url);
    one.bind(token);
    await world.closedBy(one, 4401);
    expect(one.notifications()).toEqual([]);
  }
});

test('[2b.ws.refused] I1: and stays so once the access token that was given back would have run out: that it was is remembered for as long', async () => {
  const who = await world.subscriber();
  const { token, url } = await world.tokenOf(who, await world.subscribe(who));
  await giveBack(world.door.origin, await world.door.tokens.of(who.caller));
  await world.sql(`UPDATE revoked_token SET ends_at = clock_timestamp() - interval '9 minutes'`);
  // Whatever is given back next takes out what is over.
  await giveBack(world.door.origin, await world.door.tokens.another(who.caller));
  const one = await world.websocket(url);
  one.bind(token);
  await world.closedBy(one, 4401);
});

describe('who is not there', () => {
  test('[2b.ws.event] is told when it comes back: nothing was tried meanwhile, nothing failed, and the numbers go on', async () => {
    const who = await world.subscriber();
    const { id, one } = await world.active(who);
    await who.plan();
    await world.told(one, 1);
    one.leave();
    await onNoSocket(id);
    for (let plan = 0; plan < 3; plan++) await who.plan();
    await eventually(async () => expect(await dueAt(id)).toBe(3), WAIT_MS);
    await sleep(700);
    expect(await deliveriesTo(id)).toEqual(['accepted']);
    expect((await who.read(id)).status).toBe('active');
    const { rows } = await world.sql('SELECT troubles FROM pace WHERE recipient_id = $1', who.service);
    expect(rows[0]?.troubles ?? 0).toBe(0);
    const again = await world.bound(who, id);
    await world.told(again, 3);
    expect(numbersOn(again)).toEqual(['2', '3', '4']);
  });

  test('I12 for too long, with something to tell, makes it an error: what it holds is asked back by a Task, and its owner leads it out', async () => {
    const who = await world.subscriber();
    const { id, one } = await world.active(who);
    const plan = await who.plan();
    await world.told(one, 1);
    one.leave();
    await onNoSocket(id);
    await plan.revoke();
    await eventually(async () => expect(await dueAt(id)).toBe(1), WAIT_MS);
    expect((await who.read(id)).status).toBe('active');
    await world.sql(`UPDATE websocket_binding SET left_at = left_at - interval '11 minutes' WHERE destination_id = $1`, id);
    await world.sql(`UPDATE ledger_key SET look_at = look_at - interval '11 minutes' WHERE destination_id = $1`, id);
    await world.statusIs(who, id, 'error');
    await eventually(async () => expect((await who.ask('Task?status=requested')).body.entry?.length).toBe(1), WAIT_MS);
    const again = await world.bound(who, id);
    expect(again.notifications()[0]).toMatchObject({ type: 'handshake', status: 'error' });
    expect((await who.read(id)).status).toBe('error');
    await world.door.put(who.caller, { ...(await who.read(id)), status: 'requested' } as never).expect(200);
    await world.shaken(again, 2);
    await world.statusIs(who, id, 'active');
  });
});

describe('who does not read', () => {
  test('[2b.ws.slow] costs nobody else anything: others are told in time; its own socket is closed, and the event comes again, as the same, on the next', async () => {
    const [slow, other] = [await world.subscriber(), await world.subscriber()];
    const stalled = await world.active(slow, IMPATIENT);
    const { one } = await world.active(other);
    stalled.one.stall();
    await slow.plan();
    for (let plan = 1; plan <= 3; plan++) {
      await other.plan();
      await world.told(one, plan);
    }
    await eventually(async () => expect(await deliveriesTo(stalled.id)).toEqual(['unknown']), WAIT_MS);
    await eventually(() => expect(world.engine.engine.sockets.closed.get('slow') ?? 0).toBeGreaterThan(0), WAIT_MS);
    const again = await world.bound(slow, stalled.id);
    await world.told(again, 1);
    expect(numbersOn(again)).toEqual(['1']);
    expect(one.closed()).toBeNull();
  });

  test('and one that reads and never answers a ping is not believed to hold anything', async () => {
    const who = await world.subscriber();
    const id = await world.subscribe(who, IMPATIENT);
    const { token, url } = await world.tokenOf(who, id);
    const one = await world.websocket(url, { answers: false });
    one.bind(token);
    await world.shaken(one);
    await world.closedBy(one, 1006);
    expect((await who.read(id)).status).toBe('requested');
    // Nor is it told anything but a handshake where it was active before.
    const there = await world.bound(who, id);
    await world.statusIs(who, id, 'active');
    there.leave();
    await onNoSocket(id);
    await who.plan();
    await eventually(async () => expect(await dueAt(id)).toBe(1), WAIT_MS);
    const mute = await world.websocket(url, { answers: false });
    mute.bind((await world.tokenOf(who, id)).token);
    await world.shaken(mute);
    // A worker is woken while the handshake is still waited for.
    await who.plan();
    await world.closedBy(mute, 1006);
    expect(mute.notifications().map(({ type }) => type)).toEqual(['handshake']);
    expect(await deliveriesTo(id)).toEqual([]);
  });
});

test('[2b.ws.many] many sockets on one process: each is told, and those whose access ended are closed', async () => {
  await crowd(world, 4, 10, WAIT_MS);
});

describe('several processes', () => {
  test('[2b.ws.revoked] I1: on whichever a socket is, and at whichever its token is given back', async () => {
    const who = await world.subscriber();
    const other = await world.another();
    const { one } = await world.active(who, {}, other.door);
    await giveBack(world.door.origin, await other.door.tokens.of(who.caller));
    await world.closedBy(one, 4403);
    await other.close();
  });

  test('[2b.ws.event] I8: whichever is woken, the one with the socket tells; when it stops its peers are told to come back (1001), and the numbers go on elsewhere', async () => {
    const who = await world.subscriber();
    const other = await world.another();
    const { id, one } = await world.active(who, {}, other.door);
    for (let plan = 1; plan <= 4; plan++) await who.plan();
    await world.told(one, 4);
    const startedAt = performance.now();
    await other.close();
    expect(one.closed()).toBe(1001);
    expect(performance.now() - startedAt).toBeLessThan(WAIT_MS);
    await who.plan();
    await eventually(async () => expect(await dueAt(id)).toBe(1), WAIT_MS);
    const here = await world.bound(who, id);
    await world.told(here, 1);
    expect(numbersOn(one)).toEqual(['1', '2', '3', '4']);
    expect(numbersOn(here)).toEqual(['5']);
  });

  test('what is due at the sockets of one is found by it, and by no other: not what somebody works, nor what is held back as long as it is', async () => {
    const who = await world.subscriber();
    const { id, one } = await world.active(who);
    // Of a process that looks for nothing: what is due there stays due.
    const theirs = 'c0ffee00-0000-4000-8000-000000000001';
    await world.sql('UPDATE websocket_binding SET process_id = $2, is_shaken = true WHERE destination_id = $1', id, theirs);
    await world.closedBy(one, 4409);
    const due = (forMs = 0, process = theirs) => dueAtSockets(world.engine.database.pool, process, forMs);
    expect(await due()).toEqual([]);
    await who.plan();
    await eventually(async () => expect(await due()).toEqual([who.service]), WAIT_MS);
    expect(await due(600_000)).toEqual([]);
    expect(await due(0, 'c0ffee00-0000-4000-8000-000000000002')).toEqual([]);
    const set = (change: string) => world.sql(`UPDATE ledger_key SET ${change} WHERE destination_id = $1`, id);
    await set("lease_until = clock_timestamp() + interval '1 hour'");
    expect(await due()).toEqual([]);
    await set("lease_until = NULL, look_at = 'infinity'");
    expect(await due()).toEqual([]);
    await set('held = true');
    expect(await due()).toEqual([who.service]);
    await world.sql(
      `INSERT INTO pace (recipient_id, paused_at) VALUES ($1, clock_timestamp()) ON CONFLICT (recipient_id) DO UPDATE SET paused_at = excluded.paused_at`,
      who.service,
    );
    expect(await due()).toEqual([]);
    await world.sql('UPDATE pace SET paused_at = NULL WHERE recipient_id = $1', who.service);
    expect(await due()).toEqual([who.service]);
    await world.sql('UPDATE websocket_binding SET is_shaken = false WHERE destination_id = $1', id);
    expect(await due()).toEqual([]);
  });

  test('one that was killed has no sockets any more: what it had bound waits for the next', async () => {
    const who = await world.subscriber();
    const { id, one } = await world.active(who);
    // As a killed process leaves it: its row says that it is bound to somebody who is gone.
    await world.sql('UPDATE websocket_binding SET process_id = gen_random_uuid() WHERE destination_id = $1', id);
    await world.closedBy(one, 4409);
    await who.plan();
    await eventually(async () => expect(await dueAt(id)).toBe(1), WAIT_MS);
    await sleep(700);
    expect(await deliveriesTo(id)).toEqual([]);
    const again = await world.bound(who, id);
    await world.told(again, 1);
  });
});

test('[2b.ws.refused] a socket is told nothing before its door has let it stay, and shakes hands once then', async () => {
  const { sockets, bindSocket } = world.engine.engine;
  const thinking = async (...asked: Parameters<typeof bindSocket>) => {
    const bound = await bindSocket(...asked);
    // Longer than it takes to look at all that waits for a handshake.
    await sleep(2_500);
    return bound;
  };
  const slow = await openDoorOn(world.engine.database, undefined, undefined, {
    websocketsOf: (log) => openWebsocketDoor({ sockets, bind: thinking, log, behindProxy: false }),
  });
  const police = await world.subscriber();
  const id = await world.subscribe(police);
  const { token, url } = await world.tokenOf(police, id, slow);
  const one = await world.websocket(url);
  one.bind(token);
  await sleep(2_000);
  expect(one.texts()).toEqual([]);
  await world.shaken(one);
  await sleep(1_500);
  expect(one.notifications()).toHaveLength(1);
  await slow.close();
}, 60_000);
