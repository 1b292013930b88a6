import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { crowd } from './websocket-crowd.ts';
import { openWebsockets, type Websockets } from './websocket-world.ts';

let world: Websockets;
beforeAll(async () => {
  world = await openWebsockets();
}, 60_000);
afterAll(async () => {
  world?.leaveAll();
  await world?.close();
});

test('[2b.ws.many] I1: 2,000 sockets on one process are told, and the 1,000 whose access ended are closed within five seconds', async () => {
  const { closedAfter } = await crowd(world, 20, 100, 300_000);
  expect(closedAfter).toBeLessThan(5_000);
});
