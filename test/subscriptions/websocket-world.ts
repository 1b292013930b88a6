import { expect } from '@jest/globals';
import type { Parameters } from '@medplum/fhirtypes';
import { Extension } from '../../profiles/canonicals.ts';
import type { WebsocketLimits } from '../../src/http/websocket/websocket-door.ts';
import { eventually } from '../support/eventually.ts';
import { openWebsocket, type WebsocketSubscriber } from '../support/websocket-subscriber.ts';
import { openSubscriptions, subscription, type Subscriptions, type Wish } from './world.ts';

export type Subscriber = Awaited<ReturnType<Subscriptions['subscriber']>>;
type Door = Subscriptions['door'];
type SocketOptions = NonNullable<Parameters0[1]>;
type Parameters0 = globalThis.Parameters<typeof openWebsocket>;

/** What should take a second may take this, beside other tests. */
export const WAIT_MS = 20_000;

/** Of a Subscription whose notifications have failed after so long. */
export const IMPATIENT: Wish = { channel: [{ url: Extension.backportTimeout, valueUnsignedInt: 2 }] };

/** A Subscription over a websocket as a subscriber sends it. */
export const overWebsocket = ({ change, ...wish }: Wish = {}) => {
  const plain = subscription('', wish);
  const { endpoint: _, ...channel } = plain.channel;
  return { ...plain, channel: { ...channel, type: 'websocket' }, ...change };
};

/** What came back for a token. */
export const tokenIn = (answer: Parameters) => {
  const part = (name: string) => answer.parameter?.find((each) => each.name === name);
  return {
    token: String(part('token')?.valueString),
    expiration: String(part('expiration')?.valueDateTime),
    subscriptions: (answer.parameter ?? []).filter(({ name }) => name === 'subscription').map(({ valueString }) => valueString),
    url: String(part('websocket-url')?.valueUrl),
  };
};

/** The broker with a door for websockets, and subscribers who come in by it. */
export const openWebsockets = async (limits: Partial<WebsocketLimits> = {}) => {
  // A pong takes its time beside other tests: whoever is to be too slow says so (IMPATIENT).
  const world = await openSubscriptions(limits, { SEND_TIMEOUT_MS: '10000' });
  const open: WebsocketSubscriber[] = [];
  const subscribe = async ({ caller }: Subscriber, wish: Wish = {}): Promise<string> =>
    (await world.door.post(caller, '/fhir/Subscription', overWebsocket(wish)).expect(201)).body.id;
  const tokenOf = async ({ caller }: Pick<Subscriber, 'caller'>, id: string, door: Door = world.door) =>
    tokenIn((await door.post(caller, `/fhir/Subscription/${id}/$get-ws-binding-token`, { resourceType: 'Parameters' }).expect(200)).body);
  const websocket = async (url: string, options: SocketOptions = {}): Promise<WebsocketSubscriber> => {
    const one = await openWebsocket(url, options);
    open.push(one);
    return one;
  };
  const shaken = (one: WebsocketSubscriber, count = 1) =>
    eventually(() => expect(one.notifications().filter(({ type }) => type === 'handshake').length).toBe(count), WAIT_MS);
  /** Comes in, binds, and waits for the handshake. */
  const bound = async (who: Subscriber, id: string, door: Door = world.door, options: SocketOptions = {}) => {
    const { token, url } = await tokenOf(who, id, door);
    const one = await websocket(url, options);
    one.bind(token);
    await shaken(one);
    return one;
  };
  const statusIs = (who: Subscriber, id: string, status: string) =>
    eventually(async () => expect((await who.read(id)).status).toBe(status), WAIT_MS);
  return {
    ...world,
    subscribe,
    tokenOf,
    websocket,
    shaken,
    bound,
    statusIs,
    /** A Subscription that is active, and its socket. */
    active: async (who: Subscriber, wish: Wish = {}, door: Door = world.door) => {
      const id = await subscribe(who, wish);
      const one = await bound(who, id, door);
      await statusIs(who, id, 'active');
      return { id, one };
    },
    told: (one: WebsocketSubscriber, count: number) => eventually(() => expect(one.events().length).toBe(count), WAIT_MS),
    closedBy: (one: WebsocketSubscriber, code: number) => eventually(() => expect(one.closed()).toBe(code), WAIT_MS),
    sql: (text: string, ...values: unknown[]) => world.engine.database.pool.query(text, values),
    leaveAll: () => {
      for (const each of open.splice(0)) each.leave();
    },
  };
};

export type Websockets = Awaited<ReturnType<typeof openWebsockets>>;

/** Numbers of the events that came in on a socket. */
export const numbersOn = (one: WebsocketSubscriber): readonly (string | null)[] => one.events().map(({ eventNumber }) => eventNumber);
