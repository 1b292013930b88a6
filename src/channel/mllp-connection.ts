import { connect as connectPlain, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { SecureContextOptions } from 'node:tls';
import type { Pinned } from './address-guard.ts';
import { MllpFrames, toFrame } from './mllp-frames.ts';

/** Ten minutes without a byte, and nothing in flight: the connection is given back. */
const IDLE = 600_000;
/** A connection that is silent for this long is probed by TCP: one whose other end is gone ends here, and not at the next message. */
const PROBE_AFTER = 30_000;

/** What came back for one message: a whole frame, or why none did. */
export type Reply = { readonly frame: string } | { readonly lost: 'timeout' | 'connection-lost' | 'answer-garbled' };

/** What a frame is to the message in flight: its answer, the commit acknowledgement after which an answer is waited for, or none of its. */
export type Reading = 'answer' | 'commit' | 'other';

/** A message in flight, and what was heard of it. */
interface InFlight {
  readonly resolve: (reply: Reply) => void;
  readonly read: (frame: string) => Reading;
  readonly waitsOn: boolean;
  /** Its commit acknowledgement; null before it came. */
  committed: string | null;
}

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
  readonly #heard: (frame: string) => boolean;
  #waiting: InFlight | null = null;
  /** Whether answers may still come after their message: one was committed here. */
  #isAwaiting = false;

  /** `heard` is told of a frame that answers nothing in flight; true where it is accounted for all the same. */
  constructor(socket: Socket, heard: (frame: string) => boolean) {
    this.#socket = socket;
    this.#heard = heard;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('end', () => this.destroy());
    socket.on('error', () => this.#end('connection-lost'));
    socket.on('close', () => this.#end('connection-lost'));
    socket.setTimeout(IDLE, () => this.usable && this.destroy());
  }

  get usable(): boolean {
    return this.#socket.writable && !this.#socket.destroyed && this.#waiting === null;
  }

  /**
   * Writes a message at once and waits for the frame that `read` says is its answer. Where nothing but a commit acknowledgement came in time, or
   * `waitsOn` is false, that is the reply, and the connection stays. After anything but a frame it is gone.
   */
  exchange(message: string, timeoutMs: number, read: (frame: string) => Reading = () => 'answer', waitsOn = true): Promise<Reply> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        const committed = this.#waiting?.committed ?? null;
        if (committed === null) this.#end('timeout');
        else this.#answer({ frame: committed });
      }, timeoutMs);
      this.#waiting = {
        resolve: (reply) => {
          clearTimeout(timer);
          resolve(reply);
        },
        read,
        waitsOn,
        committed: null,
      };
      this.#socket.write(toFrame(message));
    });
  }

  /** Writes a message that nothing answers. */
  say(message: string): void {
    if (this.#socket.writable) this.#socket.write(toFrame(message));
  }

  destroy(): void {
    this.#end('connection-lost');
  }

  #take(chunk: Buffer): void {
    const { messages, broken } = this.#frames.push(chunk);
    const accounted = messages.filter((frame) => this.#read(frame));
    if (broken !== null) this.#end('answer-garbled');
    // What answers nothing could not be told apart from the next answer on this socket.
    else if (accounted.length < messages.length || (!this.#isAwaiting && this.#waiting === null && this.#frames.started)) this.destroy();
  }

  #read(frame: string): boolean {
    const waiting = this.#waiting;
    const reading = waiting?.read(frame) ?? 'other';
    if (waiting === null || reading === 'other') return this.#heard(frame);
    if (reading === 'commit') this.#isAwaiting = true;
    if (reading === 'commit' && waiting.waitsOn) waiting.committed = frame;
    else this.#answer({ frame });
    return true;
  }

  #answer(reply: Reply): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.resolve(reply);
  }

  #end(lost: 'timeout' | 'connection-lost' | 'answer-garbled'): void {
    this.#socket.destroy();
    const committed = this.#waiting?.committed ?? null;
    this.#answer(committed === null ? { lost } : { frame: committed });
  }
}

// The environment cannot switch off that the far side is known (NODE_TLS_REJECT_UNAUTHORIZED).
const KNOWN = { minVersion: 'TLSv1.2', rejectUnauthorized: true } as const;

/** Connects within `timeoutMs`; null where no connection came to be. Nothing is written but the TLS handshake. */
export const openMllp = (
  { pinned, port, host, tls }: MllpPlace,
  timeoutMs: number,
  heard: (frame: string) => boolean,
): Promise<MllpConnection | null> =>
  new Promise((resolve) => {
    const to = { host: pinned.address, family: pinned.family, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: PROBE_AFTER };
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
      const connection = new MllpConnection(socket, heard);
      socket.off('error', fail);
      resolve(connection);
    });
  });
