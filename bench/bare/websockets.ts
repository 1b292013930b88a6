import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { BoundSockets } from '../../src/channel/bound-sockets.ts';
import { openWebsocketDoor } from '../../src/http/websocket/websocket-door.ts';
import { createLog } from '../../src/log.ts';

/**
 * A server for websockets, with nothing in it but `ws` (`bare`) or the broker's own door with each socket bound (`door`), whose database is left out: it is in
 * another process. `node --expose-gc bench/bare/websockets.ts WHICH` prints its port; a GET answers how many sockets it has, and the bytes that it uses.
 */
const [which = 'bare'] = process.argv.slice(2);
const collect = globalThis.gc;
if (collect === undefined) throw new Error('is started with --expose-gc');

const bare = (): { readonly count: () => number; readonly upgrade: ReturnType<typeof openWebsocketDoor>['upgrade'] } => {
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  return {
    count: () => server.clients.size,
    upgrade: (request, socket, head) => server.handleUpgrade(request, socket, head, (one) => one.on('message', () => undefined)),
  };
};
const ours = (): ReturnType<typeof bare> => {
  const sockets = new BoundSockets();
  const door = openWebsocketDoor({
    sockets,
    log: createLog('warn'),
    behindProxy: false,
    limits: { perClient: Number.POSITIVE_INFINITY, unbound: Number.POSITIVE_INFINITY },
    bind: async (peer, token) => {
      sockets.bind(peer, [{ id: randomUUID(), subscriptionId: token, recipientId: token, clientId: randomUUID() }]);
      const clientId = sockets.clientOf(peer);
      return clientId === null ? null : { clientId, sockets: 1, shake: async () => undefined };
    },
  });
  return { count: () => sockets.bound, upgrade: door.upgrade };
};
const { count, upgrade } = which === 'bare' ? bare() : ours();

const used = async (): Promise<number> => {
  for (let times = 0; times < 3; times += 1) {
    await collect();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};
const server = createServer((_request, response) => {
  const answer = async (): Promise<void> => {
    response.end(JSON.stringify({ sockets: count(), bytes: await used() }));
  };
  answer().catch((fault: unknown) => response.destroy(fault instanceof Error ? fault : undefined));
});
server.on('upgrade', upgrade);
server.listen(0, '127.0.0.1', () => process.stdout.write(`ready ${(server.address() as AddressInfo).port}\n`));
