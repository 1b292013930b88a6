import { randomBytes, randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import type { Outcome } from '../model/ledger.ts';
import { NOT_BOUND } from '../model/websocket.ts';
import { ABANDONED, type Limits } from './channel.ts';

/** Nothing left: the socket is not there any more. It waits for the next, which is no failure of anybody. */
export const NO_SOCKET: Extract<Outcome, { kind: 'refused' }> = { kind: 'refused', because: NOT_BOUND, retry: true };

/** Bytes that may wait in this process for one who does not read. Beyond them its socket is closed, and nobody else waits. */
const MOST_WAITING = 1024 * 1024;
/** How long one who was told to close, or said that it closes, has before it is cut off. */
export const CLOSING_MS = 1_000;

interface Ping {
  readonly payload: string;
  readonly answered: (kind: 'pong' | 'gone') => void;
}

/** Why a socket was closed by the broker; `gone` is by its peer. */
export const CLOSED = ['gone', 'slow', 'revoked', 'expired', 'taken', 'refused', 'not-bound', 'stopping'] as const;
export type Closed = (typeof CLOSED)[number];

/**
 * One websocket to a subscriber. There is no acknowledgement on one: what follows a notification is a ping, and the pong to it, or to a later one (RFC 6455
 * section 5.5.3), proves that the peer has read every frame before it.
 */
export class WebsocketPeer {
  /** Tells this socket from all others, also of other processes. */
  readonly id = randomUUID();
  readonly #socket: WebSocket;
  #pings: Ping[] = [];
  /** Since when it has answered nothing that it was asked; null while nothing is asked. */
  #askedAt: number | null = null;
  #closed: Closed | null = null;

  constructor(socket: WebSocket, onGone: (because: Closed) => void) {
    this.#socket = socket;
    socket.on('pong', (payload) => this.#pong(payload.toString('hex')));
    socket.on('ping', (payload) => this.#answer(payload));
    // A frame that is none closes the socket, by ws itself (1002, 1007 or 1009): the event that says so has nothing to add.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      const pings = this.#pings;
      this.#pings = [];
      for (const { answered } of pings) answered('gone');
      onGone(this.#closed ?? 'gone');
    });
  }

  get isOpen(): boolean {
    return this.#closed === null && this.#socket.readyState === this.#socket.OPEN;
  }

  /** Sends one notification. Accepted once the pong to the ping after it is here; whoever does not answer by then is cut off, for it does not read. */
  async tell(bytes: string, { msLeft, timeoutMs }: Limits): Promise<Outcome> {
    if (!this.isOpen) return NO_SOCKET;
    if (this.#socket.bufferedAmount > MOST_WAITING) {
      this.cut('slow');
      return NO_SOCKET;
    }
    if (msLeft() <= 0) return ABANDONED;
    this.#socket.send(bytes);
    const answer = await this.#ping(timeoutMs);
    if (answer === 'pong') return { kind: 'accepted', level: 'transport' };
    if (answer === 'late') this.cut('slow');
    return { kind: 'unknown', because: answer === 'late' ? 'timeout' : 'connection-lost' };
  }

  /** Says something that is no notification, and waits for nothing. */
  say(text: string): void {
    if (this.isOpen) this.#socket.send(text);
  }

  /** Cuts one off that has not answered since the last time, and asks the others whether they are there. */
  pulse(silentMs: number): void {
    if (!this.isOpen) return;
    if (this.#askedAt !== null && performance.now() - this.#askedAt >= silentMs) this.cut('slow');
    else if (this.#pings.length === 0) void this.#ping(2 * silentMs);
  }

  /** Asks the peer to close; it is cut off a moment later where it does not. */
  close(because: Closed, code: number, reason: string): void {
    if (this.#closed !== null) return;
    this.#closed = because;
    this.#socket.close(code, reason);
    setTimeout(() => this.#socket.terminate(), CLOSING_MS).unref();
  }

  /** Cuts it off without a word, as one who does not read would not read that either. */
  cut(because: Closed): void {
    this.#closed ??= because;
    this.#socket.terminate();
  }

  /** Answers a ping; whoever asks on and reads no answer is cut off, as one who does not read what it is told. */
  #answer(payload: Buffer): void {
    if (!this.isOpen) return;
    if (this.#socket.bufferedAmount > MOST_WAITING) this.cut('slow');
    else this.#socket.pong(payload);
  }

  #ping(timeoutMs: number): Promise<'pong' | 'gone' | 'late'> {
    const payload = randomBytes(8);
    return new Promise((resolve) => {
      const late = setTimeout(() => {
        this.#pings = this.#pings.filter((each) => each !== ping);
        resolve('late');
      }, timeoutMs);
      const ping: Ping = {
        payload: payload.toString('hex'),
        answered: (kind) => {
          clearTimeout(late);
          resolve(kind);
        },
      };
      this.#pings.push(ping);
      this.#askedAt ??= performance.now();
      this.#socket.ping(payload, undefined, () => undefined);
    });
  }

  #pong(payload: string): void {
    const at = this.#pings.findIndex((each) => each.payload === payload);
    if (at < 0) return;
    const answered = this.#pings.slice(0, at + 1);
    this.#pings = this.#pings.slice(at + 1);
    this.#askedAt = this.#pings.length === 0 ? null : performance.now();
    for (const each of answered) each.answered('pong');
  }
}
