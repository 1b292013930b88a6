import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import WebSocket, { WebSocketServer } from 'ws';
import { BoundSockets } from '../../src/channel/bound-sockets.ts';
import { type Closed, WebsocketPeer } from '../../src/channel/websocket-peer.ts';
import { websocketAddress } from '../../src/model/websocket.ts';
import { eventually } from '../support/eventually.ts';

/** One websocket as a road: what a pong proves, and what becomes of whoever does not read. Real sockets. */

let server: WebSocketServer;
const clients: WebSocket[] = [];
beforeAll(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await once(server, 'listening');
});
afterEach(() => {
  for (const client of clients.splice(0)) client.terminate();
});
afterAll(() => server.close());

const pair = async (options: WebSocket.ClientOptions = {}) => {
  const accepted = once(server, 'connection') as Promise<[WebSocket]>;
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, options);
  clients.push(client);
  const closed: Closed[] = [];
  const [[socket]] = await Promise.all([accepted, once(client, 'open')]);
  const peer = new WebsocketPeer(socket, (because) => void closed.push(because));
  return { client, peer, closed };
};
const limits = (timeoutMs = 5_000, left = 5_000) => ({ msLeft: () => left, timeoutMs });
const LARGE = 'x'.repeat(8 * 1024 * 1024);

test('a pong is an acceptance: by then the peer has read what came before it', async () => {
  const { client, peer } = await pair();
  const heard: string[] = [];
  client.on('message', (data) => void heard.push(data.toString()));
  expect(await peer.tell('{}', limits())).toEqual({ kind: 'accepted', level: 'transport' });
  expect(heard).toEqual(['{}']);
});

test('a pong to a later ping is one to those before it; one that was never asked for is nothing', async () => {
  const { client, peer } = await pair({ autoPong: false });
  client.pong('made up');
  const pings: Buffer[] = [];
  client.on('ping', (data) => {
    pings.push(data);
    if (pings.length === 2) client.pong(data);
    else client.pong(Buffer.alloc(8));
  });
  const both = [peer.tell('1', limits(15_000)), peer.tell('2', limits(15_000))];
  expect((await Promise.all(both)).map(({ kind }) => kind)).toEqual(['accepted', 'accepted']);
});

test('without a pong in time nobody knows, and the socket is cut off; after that nothing leaves', async () => {
  const { peer, closed } = await pair({ autoPong: false });
  expect(await peer.tell('1', limits(200))).toEqual({ kind: 'unknown', because: 'timeout' });
  await eventually(() => expect(closed).toEqual(['slow']));
  expect(await peer.tell('2', limits())).toEqual({ kind: 'refused', because: 'not-bound', retry: true });
});

test('a connection that goes before its pong leaves it unknown, and at once', async () => {
  const { client, peer, closed } = await pair({ autoPong: false });
  client.on('ping', () => client.terminate());
  expect(await peer.tell('1', limits(60_000))).toEqual({ kind: 'unknown', because: 'connection-lost' });
  await eventually(() => expect(closed).toEqual(['gone']));
});

test('past its send-before nothing is written, and nothing is wrong', async () => {
  const { client, peer } = await pair();
  const heard: string[] = [];
  client.on('message', (data) => void heard.push(data.toString()));
  expect(await peer.tell('late', limits(5_000, 0))).toEqual({ kind: 'refused', because: 'abandoned', retry: true });
  await peer.tell('in time', limits());
  expect(heard).toEqual(['in time']);
});

test('who does not read has so much waiting, and is cut off before anything is added to it', async () => {
  const { client, peer, closed } = await pair();
  client.pause();
  const first = peer.tell(LARGE, limits(60_000));
  expect(await peer.tell('1', limits())).toMatchObject({ kind: 'refused', because: 'not-bound' });
  expect(await first).toEqual({ kind: 'unknown', because: 'connection-lost' });
  await eventually(() => expect(closed).toEqual(['slow']));
});

test('one that is silent when it is asked is cut off the next time; one that answers stays', async () => {
  const [silent, there] = [await pair({ autoPong: false }), await pair()];
  for (const each of [silent, there]) each.peer.pulse(50);
  await new Promise((resolve) => setTimeout(resolve, 500));
  for (const each of [silent, there]) each.peer.pulse(50);
  await eventually(() => expect(silent.closed).toEqual(['slow']));
  expect(there.peer.isOpen).toBe(true);
});

test('one that is told to close, and does not, is cut off', async () => {
  const { client, peer, closed } = await pair();
  client.pause();
  peer.close('revoked', 4403, 'access has ended');
  expect(await peer.tell('1', limits())).toMatchObject({ because: 'not-bound' });
  await eventually(() => expect(closed).toEqual(['revoked']));
});

test('nothing goes to a Subscription that is bound nowhere here, nor to one whose binding is over', async () => {
  const { client, peer } = await pair();
  const sockets = new BoundSockets();
  const heard: string[] = [];
  client.on('message', (data) => void heard.push(data.toString()));
  const left: string[] = [];
  sockets.onLeft = (ids) => void left.push(...ids);
  sockets.add(peer);
  const binding = (id: string, subscriptionId: string) => ({ id, subscriptionId, recipientId: 'r', clientId: 'c' });
  sockets.bind(peer, [binding('b1', 's1'), binding('b2', 's2')]);
  const tell = (id: string, bytes: string) =>
    sockets.send(
      { address: websocketAddress(id), headers: {}, acknowledgements: [] },
      { kind: 'update', bytes, contentType: '', messageId: '', bundleId: '', requestId: '', correlationId: '' },
      limits(),
    );
  expect(await tell('s3', 'nobody')).toMatchObject({ because: 'not-bound' });
  expect(await tell('s1', 'one')).toMatchObject({ kind: 'accepted' });
  sockets.end('b1', 'off');
  expect(await tell('s1', 'over')).toMatchObject({ because: 'not-bound' });
  expect(await tell('s2', 'two')).toMatchObject({ kind: 'accepted' });
  expect([heard, left, peer.isOpen]).toEqual([['one', 'two'], ['b1'], true]);
  sockets.end('b2', 'revoked');
  expect(peer.isOpen).toBe(false);
  await sockets.close();
});
