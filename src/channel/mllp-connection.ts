import { connect as connectPlain, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { SecureContextOptions } from 'node:tls';
import type { Pinned } from './address-guard.ts';
import { MllpFrames, toFrame } from './mllp-frames.ts';

/** Ten minutes without a byte, and nothing in flight: the connection is given back. */
const IDLE = 600_000;

/** What came back for one message: a whole frame, or why none did. */
export type Reply = { readonly frame: string } | { readonly lost: 'timeout' | 'connection-lost' | 'answer-garbled' };

/** Certificates for `mllps:`, in PEM. */
export type MllpTls = Pick<SecureContextOptions, 'ca' | 'cert' | 'key'>;

/** A place to connect to: the pinned address, and the name that its certificate must carry; null for plain text. */
export interface MllpPlace {
  readonly pinned: Pinned;
  readonly port: number;
  readonly host: string;
  readonly tls: MllpTls | null;
}

/** One open connection with at most one message in flight. Whatever it cannot account for ends it. */
export class MllpConnection {
  readonly #socket: Socket;
  readonly #frames = new MllpFrames();
  readonly #unexpected: () => void;
  #waiting: ((reply: Reply) => void) | null = null;

  /** `unexpected` is called for a frame that answers nothing: it is never credited. */
  constructor(socket: Socket, unexpected: () => void) {
    this.#socket = socket;
    this.#unexpected = unexpected;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('end', () => this.destroy());
    socket.on('error', () => this.#end('connection-lost'));
    socket.on('close', () => this.#end('connection-lost'));
    socket.setTimeout(IDLE, () => this.usable && this.destroy());
  }

  get usable(): boolean {
    return this.#socket.writable && !this.#socket.destroyed && this.#waiting === null;
  }

  /** Writes a message at once and waits for one frame. After anything but a frame the connection is gone. */
  exchange(message: string, timeoutMs: number): Promise<Reply> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#end('timeout'), timeoutMs);
      this.#waiting = (reply) => {
        clearTimeout(timer);
        resolve(reply);
      };
      this.#socket.write(toFrame(message));
    });
  }

  destroy(): void {
    this.#end('connection-lost');
  }

  #take(chunk: Buffer): void {
    const { messages, broken } = this.#frames.push(chunk);
    const [first] = messages;
    const answers = first !== undefined && this.#waiting !== null;
    if (answers) this.#answer({ frame: first });
    const stray = messages.length - (answers ? 1 : 0);
    for (let count = 0; count < stray; count += 1) this.#unexpected();
    if (broken !== null) this.#end('answer-garbled');
    // What answers nothing could not be told apart from the next answer on this socket.
    else if (stray > 0 || (this.#waiting === null && this.#frames.started)) this.destroy();
  }

  #answer(reply: Reply): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.(reply);
  }

  #end(lost: 'timeout' | 'connection-lost' | 'answer-garbled'): void {
    this.#socket.destroy();
    this.#answer({ lost });
  }
}

// The environment cannot switch off that the far side is known (NODE_TLS_REJECT_UNAUTHORIZED).
const KNOWN = { minVersion: 'TLSv1.2', rejectUnauthorized: true } as const;

/** Connects within `timeoutMs`; null where no connection came to be. Nothing is written but the TLS handshake. */
export const openMllp = (
  { pinned, port, host, tls }: MllpPlace,
  timeoutMs: number,
  unexpected: () => void,
): Promise<MllpConnection | null> =>
  new Promise((resolve) => {
    const to = { host: pinned.address, family: pinned.family, port, noDelay: true, keepAlive: true };
    const socket =
      tls === null ? connectPlain(to) : connectTls({ ...to, ...tls, ...KNOWN, ...(isIP(host) === 0 ? { servername: host } : {}) });
    const fail = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(null);
    };
    const timer = setTimeout(fail, timeoutMs);
    socket.once('error', fail);
    socket.once(tls === null ? 'connect' : 'secureConnect', () => {
      clearTimeout(timer);
      // Made here, at once: a socket without a listener for errors would end the process.
      const connection = new MllpConnection(socket, unexpected);
      socket.off('error', fail);
      resolve(connection);
    });
  });
