import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { MllpFrames } from '../../src/channel/mllp-frames.ts';

const [VT, FS, CR] = ['\u000b', '\u001c', '\r'];

/** A frame of text in some encoding. */
export const frame = (text: string, encoding: BufferEncoding = 'utf8'): Buffer => Buffer.from(`${VT}${text}${FS}${CR}`, encoding);

/** A system that sends: a socket, and what came back. It writes bytes as they are given, right or wrong. */
export interface SendingSystem {
  readonly socket: Socket;
  write(bytes: Buffer | string): void;
  /** The next answer that was not asked for yet; null when the connection closes without one. */
  answer(): Promise<string | null>;
  /** Sends a message in a frame, and waits for the answer. */
  exchange(text: string, encoding?: BufferEncoding): Promise<string | null>;
  /** Waits until the other side has closed. */
  closed(): Promise<void>;
  readonly isClosed: boolean;
  destroy(): void;
}

/** Connects it. */
export const sendingSystem = async (port: number, tls: ConnectionOptions | null = null): Promise<SendingSystem> => {
  const socket = tls === null ? connect({ port, host: '127.0.0.1' }) : connectTls({ port, host: '127.0.0.1', ...tls });
  const frames = new MllpFrames();
  const answers: string[] = [];
  let waiting: (() => void)[] = [];
  let isClosed = false;
  const wake = (): void => {
    const all = waiting;
    waiting = [];
    for (const one of all) one();
  };
  socket.on('data', (chunk: Buffer) => {
    answers.push(...frames.push(chunk).messages);
    wake();
  });
  socket.on('end', wake);
  socket.on('close', () => {
    isClosed = true;
    wake();
  });
  await once(socket, tls === null ? 'connect' : 'secureConnect');
  // A reset is one way to be closed.
  socket.on('error', () => {});
  const answer = async (): Promise<string | null> => {
    for (;;) {
      const next = answers.shift();
      if (next !== undefined) return next;
      if (isClosed) return null;
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  return {
    socket,
    write: (bytes) => void socket.write(bytes),
    answer,
    exchange: (text, encoding) => {
      socket.write(frame(text, encoding));
      return answer();
    },
    closed: async () => {
      while (!isClosed) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    get isClosed() {
      return isClosed;
    },
    destroy: () => void socket.destroy(),
  };
};
