import { connect } from 'node:net';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import type { Holder } from './certificates.ts';
import { pemOf } from './certificates.ts';
import { fakeListener } from './fake-listener.ts';
import type { Protocol } from './wire-units.ts';
import { unitLength } from './wire-units.ts';

/** What is done to the bytes between the broker and a recipient. */
export type Fault =
  | 'none'
  | 'drop' // the request never arrives, and nothing is said
  | 'drop-answer' // it arrives, and its answer does not
  | 'delay' // it arrives, and is answered, after the broker has given up
  | 'double' // it arrives twice
  | 'reorder' // it arrives after the next one
  | 'truncate' // half of it arrives, then the connection ends
  | 'truncate-answer' // half of the answer arrives, then the connection ends
  | 'reset' // the connection is reset before anything arrives
  | 'reset-after' // it arrives, and the connection is reset
  | 'half-close' // it arrives, and the answering side is closed without an answer
  | 'slow-loris' // it arrives, and is answered byte by byte, too slowly
  | 'wrong-answer' // it arrives, and the answer is one that another recipient gave
  | 'false-answer' // it does not arrive, and the answer is one that another recipient gave
  | 'tls-stranger' // a certificate that nobody vouches for
  | 'tls-garbage'; // something else than TLS

/** Milliseconds that a message is held back. Longer than the broker waits, shorter than a message lives. */
export const HELD_BACK = 900;

export interface FaultProxy {
  readonly port: () => number;
  /** From now on; connections that are open are ended. What is held back still arrives. */
  set(fault: Fault): void;
  /** The last whole answer that the recipient gave; null before the first. */
  lastAnswer(): Buffer | null;
  /** How many whole requests came. */
  requests(): number;
  stop(): Promise<void>;
}

export interface FaultProxyOptions {
  readonly protocol: Protocol;
  readonly upstream: number;
  /** It speaks TLS to the broker, and plain text to the recipient. */
  readonly secure: boolean;
  /** What another recipient answered last. */
  readonly foreign: () => Buffer | null;
}

/** A proxy on real sockets that passes whole requests to a recipient, and does to them what it is told. */
export const startFaultProxy = async ({ protocol, upstream, secure, foreign }: FaultProxyOptions): Promise<FaultProxy> => {
  let fault: Fault = 'none';
  let last: Buffer | null = null;
  let requests = 0;
  const clients = new Set<Socket>();
  /** The one request that waits for the next. */
  let held: (() => void) | null = null;
  const letGo = (): void => {
    const go = held;
    held = null;
    go?.();
  };

  const exchange = (request: Buffer): Promise<Buffer> =>
    new Promise((resolve) => {
      let answer = Buffer.alloc(0);
      const socket = connect(upstream, '127.0.0.1', () => socket.write(request));
      const end = (): void => {
        socket.destroy();
        if (answer.length > 0) last = answer;
        resolve(answer);
      };
      socket.on('data', (chunk: Buffer) => {
        answer = Buffer.concat([answer, chunk]);
        if (unitLength(protocol, answer) !== null) end();
      });
      socket.on('close', end);
      socket.on('error', end);
    });

  const half = async (request: Buffer): Promise<void> => {
    const socket = connect(upstream, '127.0.0.1', () => socket.end(request.subarray(0, Math.ceil(request.length / 2))));
    socket.on('error', () => socket.destroy());
    socket.resume();
  };

  const treat = async (raw: Socket, client: Socket, request: Buffer): Promise<void> => {
    requests += 1;
    const answer = (bytes: Buffer): void => {
      if (client.writable) client.write(bytes);
    };
    switch (fault) {
      case 'none':
      case 'tls-stranger':
      case 'tls-garbage':
        return answer(await exchange(request));
      case 'drop':
        return;
      case 'drop-answer':
        await exchange(request);
        return;
      case 'delay':
        await sleep(HELD_BACK);
        return answer(await exchange(request));
      case 'double': {
        const [first] = await Promise.all([exchange(request), exchange(request)]);
        return answer(first);
      }
      case 'reorder': {
        const before = held;
        held = null;
        if (before !== null) {
          answer(await exchange(request));
          before();
          return;
        }
        await Promise.race([new Promise<void>((resolve) => (held = resolve)), sleep(HELD_BACK)]);
        return answer(await exchange(request));
      }
      case 'truncate':
        await half(request);
        client.destroy();
        return;
      case 'truncate-answer': {
        const whole = await exchange(request);
        client.write(whole.subarray(0, Math.ceil(whole.length / 3)));
        await sleep(20);
        client.destroy();
        return;
      }
      case 'reset':
        raw.resetAndDestroy();
        return;
      case 'reset-after':
        await exchange(request);
        raw.resetAndDestroy();
        return;
      case 'half-close':
        await exchange(request);
        client.end();
        return;
      case 'slow-loris':
        for (const byte of await exchange(request)) {
          if (!client.writable) return;
          client.write(Buffer.from([byte]));
          await sleep(60);
        }
        return;
      case 'wrong-answer':
      case 'false-answer': {
        if (fault === 'wrong-answer') await exchange(request);
        const other = foreign();
        if (other === null) throw new Error('no other recipient has answered yet');
        return answer(other);
      }
      default:
        fault satisfies never;
    }
  };

  const serve = (raw: Socket): void => {
    clients.add(raw);
    raw.on('close', () => clients.delete(raw));
    if (fault === 'tls-garbage') {
      raw.end('HTTP/1.1 400 Bad Request\r\n\r\n');
      return;
    }
    const holder: Holder = fault === 'tls-stranger' ? 'stranger' : 'server';
    const client = secure ? new TLSSocket(raw, { isServer: true, ...pemOf(holder) }) : raw;
    client.on('error', () => raw.destroy());
    let kept = Buffer.alloc(0);
    let turn = Promise.resolve();
    client.on('data', (chunk: Buffer) => {
      kept = Buffer.concat([kept, chunk]);
      for (let length = unitLength(protocol, kept); length !== null && kept.length > 0; length = unitLength(protocol, kept)) {
        const request = Buffer.from(kept.subarray(0, length));
        kept = Buffer.from(kept.subarray(length));
        turn = turn.then(() => treat(raw, client, request));
      }
    });
  };
  const listener = await fakeListener(() => createServer(serve));
  return {
    port: listener.port,
    set: (next) => {
      fault = next;
      letGo();
      for (const client of clients) client.destroy();
    },
    lastAnswer: () => last,
    requests: () => requests,
    stop: listener.stop,
  };
};
