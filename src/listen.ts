import type { Server } from 'node:http';
import { isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { CannotStart } from './model/cannot-start.ts';

/** A server that accepts connections. */
export interface Listening {
  /** `http://HOST:PORT`, with the port that it got. */
  readonly origin: string;
  readonly port: number;
  /** Accepts no more, lets requests in flight end for up to `graceMs`, then cuts what is left. */
  close(graceMs?: number): Promise<void>;
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another program; stop that, or set PORT (0 picks a free one)',
  EACCES: 'may not be used by this user; set PORT to 1024 or more',
  EADDRNOTAVAIL: 'is no address of this machine; set HOST',
  ENOTFOUND: 'is no host that is known here; set HOST',
};

/** Binds a server. Throws CannotStart with one line why not: a busy port, one that is not allowed, a wrong host. */
export const listen = async (server: Server, host: string, port: number): Promise<Listening> => {
  await new Promise<void>((done, fail) => {
    server.once('error', (fault: NodeJS.ErrnoException) => {
      fail(new CannotStart(`${host} port ${port} ${REASONS[fault.code ?? ''] ?? `cannot be listened on (${fault.code})`}`));
    });
    server.listen(port, host, done);
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('a TCP server has an address and a port');
  return {
    origin: `http://${isIPv6(host) ? `[${host}]` : host}:${address.port}`,
    port: address.port,
    close: async (graceMs = 5_000) => {
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeIdleConnections();
      const late = new AbortController();
      await Promise.race([closed, sleep(graceMs, undefined, { signal: late.signal })]);
      late.abort();
      server.closeAllConnections();
      await closed;
    },
  };
};
