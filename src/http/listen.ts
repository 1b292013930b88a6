import { createServer, STATUS_CODES } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { toOperationOutcome } from '../../mappings/outcome/to-operation-outcome.ts';
import { Line } from '../log.ts';
import type { Log } from '../log.ts';
import { CannotStart } from '../model/cannot-start.ts';

/** A door that is open. */
export interface Listening {
  readonly server: Server;
  readonly port: number;
  /** `http://HOST:PORT/fhir`. */
  readonly url: string;
  /** Takes no new request, waits for those in flight, and cuts what is left after `graceMs`. */
  close(graceMs?: number): Promise<void>;
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

/** How long one who sent no HTTP has to read the answer, before the connection is cut: it may never close its own end. */
const LINGER_MS = 1_000;
/** How long a connection may pass no byte either way: longer than any request takes. */
const SILENCE_MS = 60_000;
/** Requests on one connection whose answers have not left. */
const MAX_IN_LINE = 32;

// What is no HTTP at all never becomes a request: it is answered on the bare socket.
const answerGarbage =
  (system: string) =>
  (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const [status, category] =
      error.code === 'HPE_HEADER_OVERFLOW'
        ? ([431, 'too-large'] as const)
        : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
          ? ([408, 'malformed'] as const)
          : ([400, 'malformed'] as const);
    const issues = [{ at: null, help: 'this is no HTTP request that can be read' }];
    const body = JSON.stringify(toOperationOutcome({ category, issues }, { system, status }));
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/fhir+json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  };

// Only `100-continue` is known, and Node answers it itself (RFC 9110 section 10.1.1).
const refuseExpectation =
  (system: string): RequestListener =>
  (_request, response) => {
    const issues = [{ at: 'http.Expect', help: 'is 100-continue, or left out' }];
    const body = toOperationOutcome({ category: 'unsupported', issues }, { system, status: 417 });
    response.writeHead(417, { 'Content-Type': 'application/fhir+json; charset=utf-8', Connection: 'close' }).end(JSON.stringify(body));
  };

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

/** Opens the door. `port` 0 picks a free one. Throws CannotStart, with one line, where it cannot listen. */
export const listen = async (
  listener: RequestListener,
  {
    host,
    port,
    log,
    errorCodeSystem,
  }: { readonly host: string; readonly port: number; readonly log: Log; readonly errorCodeSystem: string },
): Promise<Listening> => {
  const server = createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 30_000,
      connectionsCheckingInterval: 5_000,
      noDelay: true,
      requireHostHeader: false,
    },
    inLine(listener),
  );
  // One who does not take the answer is cut off too: Node's own limits end with the request.
  server.setTimeout(SILENCE_MS);
  server.on('clientError', answerGarbage(errorCodeSystem));
  server.on('checkExpectation', refuseExpectation(errorCodeSystem));
  const chosen = await open(server, port, host);
  log(Line.listening, { host, port: chosen });
  return { server, port: chosen, url: `http://${host.includes(':') ? `[${host}]` : host}:${chosen}/fhir`, close: closer(server) };
};
