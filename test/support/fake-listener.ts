import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A real server on 127.0.0.1 that can be stopped and started on its port, with every connection broken. */
export interface FakeListener {
  readonly port: () => number;
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
}

export const fakeListener = async (makeServer: () => Server, port = 0): Promise<FakeListener> => {
  let server: Server | null = null;
  let own = port;
  const sockets = new Set<Socket>();
  const start = async (): Promise<void> => {
    const next = makeServer();
    server = next;
    next.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
    });
    next.listen(own, '127.0.0.1');
    await once(next, 'listening');
    own = (next.address() as AddressInfo).port;
  };
  const stop = async (): Promise<void> => {
    if (server === null || !server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await start();
  return { port: () => own, start, stop };
};
