import type { Socket } from 'node:net';
import { MllpFrames, toFrame } from '../channel/mllp-frames.ts';
import { Line } from '../log.ts';
import { answer, answerTooLong } from './answer.ts';
import type { Hl7Door, Peer } from './door.ts';
import type { Closed } from './metrics.ts';

/** What a connection may take. Times are in milliseconds. */
export interface Patience {
  /** Bytes of one frame. */
  readonly maxFrame: number;
  /** From the first byte of a frame to its last, and for the peer to take an answer. */
  readonly frameMs: number;
  /** Without a byte between two messages. */
  readonly idleMs: number;
}

/** A connection while it is open. */
export interface Connection {
  /** Takes no further message, answers the one that is in flight, and ends. */
  finish(): Promise<void>;
}

/** How long bytes that come after the last word are let by. */
const LINGER_MS = 1_000;
/** As much of a message that is too long as its MSH may be. */
const HEAD = 10_000;

/**
 * Serves one connection: message after message in their order, one in flight, each answered once what it says is committed. While one is in flight
 * nothing more is read, so that what a peer may have waiting here is one packet. Whatever cannot be told to be a message ends the connection.
 */
export const serve = (socket: Socket, peer: Peer, patience: Patience, door: Hl7Door): Connection => {
  const frames = new MllpFrames({ maxFrame: patience.maxFrame, encoding: 'latin1' });
  let late: NodeJS.Timeout | null = null;
  let finishing = false;
  let deaf = false;
  let work: Promise<void> = Promise.resolve();

  const close = (because: Closed): void => {
    if (!socket.destroyed) door.metered.closed(because);
    socket.destroy();
  };
  // To close a socket with bytes in it that nobody read resets it, and the peer may lose the answer: what still comes is let by, for a moment.
  const hangUp = (): void => {
    deaf = true;
    socket.resume();
    socket.end();
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  };
  const write = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const slow = setTimeout(() => close('not-read'), patience.frameMs);
      const done = (): void => {
        clearTimeout(slow);
        socket.off('close', done);
        resolve();
      };
      // Gone before it was answered: what was committed stays, and is answered again when it is sent again.
      socket.once('close', done);
      socket.write(toFrame(text), done);
    });
  const writeAll = async (acks: readonly string[]): Promise<void> => {
    for (const ack of acks) if (!socket.destroyed) await write(ack);
  };

  const takeAll = async (messages: readonly string[], broken: 'garbage' | 'too-long' | null): Promise<void> => {
    for (const message of messages) {
      if (socket.destroyed || finishing) return;
      const acks = await answer(message, peer, door);
      if (acks === null) return close('no-message-header');
      await writeAll(acks);
    }
    if (broken === null) return;
    if (broken === 'too-long') await writeAll(answerTooLong(frames.begun(HEAD), patience.maxFrame, door) ?? []);
    if (!socket.destroyed) door.metered.closed(broken);
    hangUp();
  };

  const unwatch = (): void => {
    if (late !== null) clearTimeout(late);
    late = null;
  };
  const watch = (): void => {
    // From the first byte to the last: one byte now and then does not make it longer.
    if (frames.started) late ??= setTimeout(() => close('too-slow'), patience.frameMs);
    else unwatch();
  };

  socket.on('data', (chunk: Buffer) => {
    if (deaf) return;
    const { messages, broken } = frames.push(chunk);
    if (messages.length > 0 || broken !== null) unwatch();
    if (messages.length === 0 && broken === null) return watch();
    socket.pause();
    work = takeAll(messages, broken)
      .catch((fault: unknown) => {
        door.log(Line.fault, { name: 'hl7v2', fault });
        close('fault');
      })
      .then(() => {
        if (socket.destroyed || broken !== null || finishing) return;
        watch();
        socket.resume();
      });
  });
  socket.on('error', () => socket.destroy());
  // Whoever has said all still gets the answer to it.
  socket.on('end', () => void work.then(() => socket.end()));
  socket.on('close', unwatch);
  socket.setTimeout(patience.idleMs, () => close('silent'));

  return {
    finish: async () => {
      finishing = true;
      socket.pause();
      await work;
      if (socket.destroyed) return;
      const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
      hangUp();
      await closed;
    },
  };
};
