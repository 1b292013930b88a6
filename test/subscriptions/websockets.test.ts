import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Bundle, Parameters } from '@medplum/fhirtypes';
import { errorsOf, validate } from '../../src/validate/validate.ts';
import { rotateClient, suspendClient } from '../../src/store/access/clients.ts';
import * as body from '../support/bodies.ts';
import { operator } from '../store/ground.ts';
import { eventually } from '../support/eventually.ts';
import { openWebsocket, type WebsocketSubscriber } from '../support/websocket-subscriber.ts';
import { openSubscriptions, subscription, type Subscriptions, type Wish } from './world.ts';

/** Subscriptions over websockets (R5 Subscriptions Backport IG, R4: $get-ws-binding-token and bind-with-token). */

const WAIT_MS = 20_000;
let world: Subscriptions;
let open: WebsocketSubscriber[] = [];
beforeAll(async () => {
  world = await openSubscriptions();
}, 60_000);
afterAll(() => world?.close());
beforeEach(() => {
  open = [];
});
afterEach(() => {
  for (const each of open) each.leave();
});

type Subscriber = Awaited<ReturnType<Subscriptions['subscriber']>>;
type Door = Subscriptions['door'];
const overWebsocket = ({ change, ...wish }: Wish = {}) => {
  const plain = subscription('', wish);
  const { endpoint: _, ...channel } = plain.channel;
  return { ...plain, channel: { ...channel, type: 'websocket' }, ...change };
};
const subscribe = async ({ caller }: Subscriber, wish: Wish = {}): Promise<string> =>
  (await world.door.post(caller, '/fhir/Subscription', overWebsocket(wish)).expect(201)).body.id;
const PARAMETERS = { resourceType: 'Parameters' };
const tokenOf = async ({ caller }: Subscriber, id: string, door: Door = world.door) => {
  const answer: Parameters = (await door.post(caller, `/fhir/Subscription/${id}/$get-ws-binding-token`, PARAMETERS).expect(200)).body;
  const part = (name: string) => answer.parameter?.find((each) => each.name === name);
  return {
    token: String(part('token')?.valueString),
    expiration: String(part('expiration')?.valueDateTime),
    subscriptions: answer.parameter?.filter(({ name }) => name === 'subscription').map(({ valueString }) => valueString),
    url: String(part('websocket-url')?.valueUrl),
    answer,
  };
};
const websocket = async (url: string, options: Parameters2 = {}): Promise<WebsocketSubscriber> => {
  const one = await openWebsocket(url, options);
  open.push(one);
  return one;
};
type Parameters2 = NonNullable<Parameters1[1]>;
type Parameters1 = globalThis.Parameters<typeof openWebsocket>;
/** Binds it, and waits for the handshake. */
const bound = async (who: Subscriber, id: string, { door = world.door, ...options }: Parameters2 & { door?: Door } = {}) => {
  const { token, url } = await tokenOf(who, id, door);
  const one = await websocket(url, options);
  one.bind(token);
  await eventually(() => expect(one.notifications().map(({ type }) => type)).toContain('handshake'), WAIT_MS);
  return one;
};
const active = (who: Subscriber, id: string, status = 'active') =>
  eventually(async () => expect((await who.read(id)).status).toBe(status), WAIT_MS);
const told = (one: WebsocketSubscriber, count: number) => eventually(() => expect(one.events().length).toBe(count), WAIT_MS);
const closedBy = (one: WebsocketSubscriber, code: number) => eventually(() => expect(one.closed()).toBe(code), WAIT_MS);
const sql = (text: string, ...values: unknown[]) => world.engine.database.pool.query(text, values);

describe('a Subscription over a websocket', () => {
  test('[2b.123] is taken without an endpoint, waits for its socket as requested, and is active once it was bound and has answered its handshake', async () => {
    const police = await world.subscriber();
    const id = await subscribe(police);
    expect((await police.read(id)).status).toBe('requested');
    const one = await bound(police, id);
    const [handshake] = one.notifications();
    expect(handshake).toMatchObject({ type: 'handshake', status: 'requested', eventNumber: null });
    await active(police, id);
    expect(one.closed()).toBeNull();
  });

  test('[2b.123] I3 I7: tells each event by number, id-only, on record before it leaves; what may no longer be told is withdrawn', async () => {
    const police = await world.subscriber();
    const id = await subscribe(police);
    const one = await bound(police, id);
    await active(police, id);
    const plan = await police.plan();
    await told(one, 1);
    await plan.revoke();
    await told(one, 2);
    expect(one.events().map(({ eventNumber, withdrawn, focus }) => [eventNumber, withdrawn, focus])).toEqual([
      ['1', false, one.events()[0]?.focus],
      ['2', true, one.events()[0]?.focus],
    ]);
    for (const text of one.texts()) expect(errorsOf(validate((JSON.parse(text) as Bundle).entry?.[0]?.resource))).toEqual([]);
    expect(one.texts().join('')).not.toContain(plan.number);
    const { rows } = await sql(
      `SELECT d.outcome, EXISTS (SELECT FROM audit a WHERE a.delivery_id = d.id) AS "onRecord" FROM delivery d JOIN ledger_key k ON k.id = d.key_id
        WHERE k.destination_id = $1 ORDER BY d.event_number`,
      id,
    );
    expect(rows).toEqual([
      { outcome: 'accepted', onRecord: true },
      { outcome: 'accepted', onRecord: true },
    ]);
  });
});
