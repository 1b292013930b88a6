import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { followTls, readTls } from '../channel/tls-files.ts';
import type { TlsFiles, TlsMaterial } from '../channel/tls-files.ts';
import { Line } from '../log.ts';
import type { Log } from '../log.ts';
import { CannotStart } from '../model/cannot-start.ts';
import type { WebsocketDoor } from './websocket/websocket-door.ts';
import { answerGarbage, checkHeaders, refuseExpectation } from './bare-answer.ts';

/** A door that is open. */
export interface Listening {
  readonly server: Server;
  readonly port: number;
  /** `http://HOST:PORT/fhir`, with TLS `https:`. */
  readonly url: string;
  /** Takes no new request, waits for those in flight, and cuts what is left after `graceMs`. */
  close(graceMs?: number): Promise<void>;
}

/** How long each part of a request may take, in milliseconds. */
export interface Patience {
  /** From the connection, or the end of the request before, to the last header. Also for the handshake of TLS. */
  readonly headersMs: number;
  /** To the last byte of the body. */
  readonly requestMs: number;
  /** Between two requests of one connection. */
  readonly idleMs: number;
  /** No byte either way: longer than any request takes. One who does not take the answer is cut off by it. */
  readonly silenceMs: number;
  /** How often headers and requests are looked at. */
  readonly lookMs: number;
  /** How often the files of TLS are looked at. */
  readonly tlsMs: number;
}

const PATIENCE: Patience = { headersMs: 10_000, requestMs: 30_000, idleMs: 30_000, silenceMs: 60_000, lookMs: 5_000, tlsMs: 5_000 };

/** How the door listens. */
export interface ListenOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly log: Log;
  readonly errorCodeSystem: string;
  /** Null listens without TLS. */
  readonly tls?: TlsFiles | null;
  readonly maxConnections?: number;
  readonly patience?: Partial<Patience>;
  /** Who takes websockets there; left out: nobody. */
  readonly websockets?: Pick<WebsocketDoor, 'isFor' | 'upgrade'> | null;
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use: set PORT to another one, or to 0',
  EACCES: 'this user may not open the port: set PORT to another one',
  EADDRNOTAVAIL: 'this machine does not have the address: set HOST to one of its own',
  ENOTFOUND: 'the name of the host is not known: set HOST to an address',
};

const open = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new CannotStart(`cannot listen on ${host}:${port}: ${REASONS[error.code ?? ''] ?? error.code ?? 'no reason given'}`));
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });

/** Requests on one connection whose answers have not left. */
const MAX_IN_LINE = 32;

const closer =
  (server: Server) =>
  async (graceMs = 10_000): Promise<void> => {
    const closed = new Promise<void>((resolve, reject) => {
      server.close((error) => (error === undefined ? resolve() : reject(error)));
    });
    // A kept-alive connection becomes idle when its last request ends, and nobody closes it then.
    const idle = setInterval(() => server.closeIdleConnections(), 25);
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
    try {
      await closed;
    } finally {
      clearInterval(idle);
      clearTimeout(cut);
    }
  };

/**
 * Takes no more requests on one connection than it can answer at once. Node reads a whole packet of them: 64 kB of questions that nobody waits
 * for the answers of would be 20 MB of answers.
 */
const inLine = (listener: RequestListener): RequestListener => {
  const waiting = new WeakMap<Socket, number>();
  return (request, response) => {
    const { socket } = request;
    const before = waiting.get(socket) ?? 0;
    if (before >= MAX_IN_LINE) {
      socket.destroy();
      return;
    }
    waiting.set(socket, before + 1);
    response.once('close', () => waiting.set(socket, (waiting.get(socket) ?? 1) - 1));
    listener(request, response);
  };
};

/** The server, and what ends with it. With authorities of callers nobody gets past the handshake without a certificate that one of them signed. */
const serverFor = async (
  listener: RequestListener,
  tls: TlsFiles | null,
  log: Log,
  { headersMs, requestMs, idleMs, lookMs, tlsMs }: Patience,
  websockets: NonNullable<ListenOptions['websockets']> | null,
): Promise<{ readonly server: Server; readonly stop: () => void }> => {
  const options = {
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    keepAliveTimeout: idleMs,
    connectionsCheckingInterval: lookMs,
    noDelay: true,
    requireHostHeader: false,
    // All else that asks to become another protocol is answered as the request that it is.
    shouldUpgradeCallback: (request: IncomingMessage) => websockets?.isFor(request) ?? false,
  };
  if (tls === null) return { server: createServer(options, listener), stop: () => {} };
  const material = await readTls(tls);
  const server = createTlsServer(
    {
      ...options,
      ...material,
      minVersion: 'TLSv1.2',
      handshakeTimeout: headersMs,
      requestCert: tls.clientCa !== null,
      rejectUnauthorized: true,
    },
    listener,
  );
  const use = (found: TlsMaterial): void => {
    server.setSecureContext({ ...found, minVersion: 'TLSv1.2' });
    // Who was let in by what is no longer in use comes in anew.
    server.closeIdleConnections();
  };
  return { server, stop: followTls({ files: tls, first: material, use, log, everyMs: tlsMs }) };
};

/** Opens the door. Throws CannotStart, with one line, where it cannot listen or the files of its TLS cannot be used. */
export const listen = async (
  listener: RequestListener,
  { host, port, log, errorCodeSystem, tls = null, maxConnections, patience: own = {}, websockets = null }: ListenOptions,
): Promise<Listening> => {
  const patience = { ...PATIENCE, ...own };
  const { server, stop } = await serverFor(checkHeaders(errorCodeSystem, inLine(listener)), tls, log, patience, websockets);
  if (websockets !== null) server.on('upgrade', websockets.upgrade);
  if (maxConnections !== undefined) server.maxConnections = maxConnections;
  // Node's own limits end with the request.
  server.setTimeout(patience.silenceMs);
  server.on('clientError', answerGarbage(errorCodeSystem));
  server.on('checkExpectation', refuseExpectation(errorCodeSystem));
  const chosen = await open(server, port, host);
  log(Line.listening, { host, port: chosen });
  const close = closer(server);
  return {
    server,
    port: chosen,
    url: `${tls === null ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${chosen}/fhir`,
    close: (graceMs) => {
      stop();
      return close(graceMs);
    },
  };
};
