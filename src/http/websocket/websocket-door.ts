import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import type { BoundSockets } from '../../channel/bound-sockets.ts';
import { CLOSING_MS, WebsocketPeer } from '../../channel/websocket-peer.ts';
import { Line, type Log } from '../../log.ts';
import type { AddressLimit } from '../access/address-limit.ts';
import { callerAddress } from '../access/caller-address.ts';

/** Where subscribers come in over a websocket. */
export const WEBSOCKET_PATH = '/fhir/websocket';

/** What a client sends: its one command, with a token of `$get-ws-binding-token`. */
const BIND = /^bind-with-token:? ?([A-Za-z0-9_-]{1,128})\s*$/;
/** Bytes of one frame of a client's; a command has less than a fifth. */
const MOST_BYTES = 1_024;
/** Commands of one socket that wait for their answer. */
const MOST_IN_LINE = 16;

/** How many sockets one client may have over all processes, how many of this one may be bound to nothing, and for how long. */
export interface WebsocketLimits {
  readonly perClient: number;
  readonly unbound: number;
  readonly unboundMs: number;
}
const LIMITS: WebsocketLimits = { perClient: 100, unbound: 1_000, unboundMs: 10_000 };

/** `closeTimeout` is not in its types. */
const SERVER: ServerOptions & { readonly closeTimeout: number } = {
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: MOST_BYTES,
  // A ping is answered by the peer itself, which sees whether its answers are read.
  autoPong: false,
  closeTimeout: CLOSING_MS,
};

/** What the door is made of. */
export interface WebsocketDoorParts {
  readonly sockets: BoundSockets;
  /** Binds what a token is for: `sockets` are those of its client by then, over all processes, and `shake` makes the handshakes. Null where it is good for nothing. */
  readonly bind: (
    peer: WebsocketPeer,
    token: string,
  ) => Promise<{ readonly clientId: string; readonly sockets: number; shake(): Promise<void> } | null>;
  readonly log: Log;
  readonly behindProxy: boolean;
  readonly rateLimit?: AddressLimit | undefined;
  readonly limits?: Partial<WebsocketLimits>;
}

/** A door for websockets beside another's requests, on one server. */
export interface WebsocketDoor {
  /** Whether a request that wants to become something else is for this door. */
  readonly isFor: (request: IncomingMessage) => boolean;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Lets nobody in any more, and asks everybody to go (1001). */
  close(): Promise<void>;
}

type Refused = readonly [status: 403 | 429 | 503, words: string];

/** Opens it. A client is known by its token alone: no cookie, no header and no page of a browser lets anyone in. */
export const openWebsocketDoor = (parts: WebsocketDoorParts): WebsocketDoor => {
  const { sockets, bind, log, behindProxy, rateLimit } = parts;
  const limits = { ...LIMITS, ...parts.limits };
  const server = new WebSocketServer(SERVER);
  let unbound = 0;
  let isClosed = false;

  const welcome = (socket: WebSocket, address: string | null): void => {
    let waiting = 0;
    let isBound = false;
    let line: Promise<void> = Promise.resolve();
    unbound += 1;
    const peer = new WebsocketPeer(socket, (because) => {
      clearTimeout(late);
      if (!isBound) unbound -= 1;
      sockets.gone(peer, because);
    });
    const late = setTimeout(() => refuse(4400, 'not bound in time'), limits.unboundMs);
    sockets.add(peer);

    const refuse = (code: number, reason: string): void => {
      if (!peer.isOpen) return;
      rateLimit?.refused(address);
      peer.say(toOutcome(reason));
      peer.close(code === 4400 ? 'not-bound' : 'refused', code, reason);
    };
    const command = async (token: string): Promise<void> => {
      if (!peer.isOpen) return;
      const before = sockets.clientOf(peer);
      const bound = await bind(peer, token);
      if (bound === null || (before !== null && before !== bound.clientId)) return refuse(4401, 'the token is good for nothing here');
      if (bound.sockets > limits.perClient) return refuse(4429, 'too many sockets');
      if (!isBound && peer.isOpen) {
        isBound = true;
        unbound -= 1;
        clearTimeout(late);
      }
      await bound.shake();
    };
    socket.on('message', (data: RawData, isBinary: boolean) => {
      const token = isBinary ? undefined : BIND.exec(data.toString())?.[1];
      if (token === undefined) refuse(1008, 'bind-with-token: and a token is all that is understood');
      else if (++waiting > MOST_IN_LINE) refuse(1008, 'too much at once');
      else
        line = line
          .then(() => command(token))
          .catch((fault: unknown) => {
            log(Line.fault, { name: 'websocket', fault });
            peer.close('refused', 1011, 'try again later');
          })
          .finally(() => {
            waiting -= 1;
          });
    });
  };

  const refusedFor = (request: IncomingMessage, address: string | null): Refused | null => {
    if (isClosed || unbound >= limits.unbound) return [503, 'Service Unavailable'];
    if (request.headers.origin !== undefined) return [403, 'Forbidden'];
    try {
      rateLimit?.checkAddress(address);
      return null;
    } catch {
      return [429, 'Too Many Requests'];
    }
  };

  return {
    isFor: ({ url = '', headers }) => url.split('?')[0] === WEBSOCKET_PATH && headers.upgrade?.toLowerCase() === 'websocket',
    upgrade: (request, socket, head) => {
      const address = callerAddress(request.headers, request.socket.remoteAddress, behindProxy);
      const refused = refusedFor(request, address);
      if (refused === null) server.handleUpgrade(request, socket, head, (opened) => welcome(opened, address));
      else {
        socket.on('error', () => undefined); // it is closed either way
        // Whoever does not hang up is hung up on: nobody reads from it any more, and the broker would wait for it when it stops.
        socket.once('finish', () => socket.destroy());
        socket.end(`HTTP/1.1 ${refused[0]} ${refused[1]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      }
    },
    close: async () => {
      isClosed = true;
      sockets.goAway();
      // Whoever does not answer is cut off a second later (WebsocketPeer.close).
      for (let left = 20; sockets.open > 0 && left > 0; left--) await new Promise((resolve) => setTimeout(resolve, 100));
    },
  };
};

const toOutcome = (diagnostics: string): string =>
  JSON.stringify({ resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'security', diagnostics }] });
