import { setTimeout as delay } from 'node:timers/promises';
import { inNewTrace } from '../src/span.ts';
import type { Consumer } from './backend.ts';
import { QueueLine } from './line.ts';
import { JobName } from './nudge.ts';
import type { NudgeQueue } from './nudge.ts';

/** How a slice ended: whether due keys are left, and when time alone makes the next one due (null: never). */
export interface SliceEnd {
  readonly more: boolean;
  readonly lookAt: number | null;
}

/** How a batch of a fan-out ended, and whose keys it bumped. */
export interface FanOutEnd {
  readonly more: boolean;
  readonly recipients: readonly string[];
}

/** What the workers are handed. Both stop early, with `more`, once `closing` is aborted. */
export interface Work {
  slice(recipientId: string, closing: AbortSignal): Promise<SliceEnd>;
  fanOut(closing: AbortSignal): Promise<FanOutEnd>;
  /** Slices at once in this process. */
  readonly concurrency: number;
}

export interface Workers {
  /** Takes no more jobs, and waits for running ones up to `limitMs`; answers how many still run then. Those end as a crash would: uncertain. */
  close(limitMs?: number): Promise<number>;
}

const SOON = 50;
/** How long one job fans out before it lets others in. */
const FAN_OUT_MS = 1_000;
/** A moment further away is left to the look-ahead of the sweep. */
const HORIZON = 60_000;
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;
/** What BullMQ gets to write down that the last slice ended; what it does not write, counts as stalled soon after. */
const BOOKKEEPING = 1_000;

/** Pauses after failures in a row, by key, in milliseconds. Only for what the ledger could not write down: its own retry times come as `lookAt`. */
const pauses = () => {
  const failures = new Map<string, number>();
  return {
    after(key: string): number {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      return Math.min(FIRST_PAUSE * 2 ** count, LONGEST_PAUSE);
    },
    forget: (key: string): boolean => failures.delete(key),
  };
};

/** Starts this process's workers: a job does at most one slice, and nudges again when more is left. Rejects when the store cannot be reached. */
export const startWorkers = async (queue: NudgeQueue, work: Work): Promise<Workers> => {
  const closing = new AbortController();
  const pause = pauses();
  let running = 0;

  const slice = async (recipientId: string): Promise<void> => {
    try {
      const { more, lookAt } = await work.slice(recipientId, closing.signal);
      pause.forget(recipientId);
      // Where keys never run out, or nobody ever answers, one trace would never end.
      if (more) await inNewTrace(() => queue.nudge(recipientId));
      const away = lookAt === null ? Infinity : lookAt - Date.now();
      if (away < HORIZON) await inNewTrace(() => queue.nudge(recipientId, Math.max(away, SOON)));
    } catch (error) {
      queue.onError(QueueLine.SLICE_FAILED, error);
      await inNewTrace(() => queue.nudge(recipientId, pause.after(recipientId)));
    }
  };
  // Batch after batch for a while, and only then the queue: where the nudge of a killed process is stuck there, a rescue does not stop after one.
  const fanOut = async (): Promise<void> => {
    const endsAt = performance.now() + FAN_OUT_MS;
    try {
      for (let more = true; more; ) {
        const end = await work.fanOut(closing.signal);
        more = end.more;
        pause.forget('*');
        await Promise.all(end.recipients.map((recipientId) => queue.nudge(recipientId)));
        if (more && (closing.signal.aborted || performance.now() > endsAt)) {
          await queue.nudgeFanOut();
          return;
        }
      }
    } catch (error) {
      queue.onError(QueueLine.FAN_OUT_FAILED, error);
      await queue.nudgeFanOut(pause.after('*'));
    }
  };
  const counted = async (run: Promise<void>): Promise<void> => {
    running += 1;
    try {
      await run;
    } finally {
      running -= 1;
    }
  };
  const consumers: readonly Consumer[] = [
    queue.consumer(
      JobName.RECIPIENT,
      ({ data }) => counted(data.recipient === undefined ? Promise.resolve() : slice(data.recipient)),
      work.concurrency,
    ),
    // One batch at a time: batches of one fan-out share rows.
    queue.consumer(JobName.FAN_OUT, () => counted(fanOut()), 1),
  ];
  const heard = (error: unknown): void => {
    if (!closing.signal.aborted) queue.onError(QueueLine.QUEUE_ERROR, error);
  };
  for (const consumer of consumers) consumer.on('error', heard);
  await Promise.all(consumers.map((consumer) => consumer.waitUntilReady()));

  return {
    async close(limitMs = 10_000) {
      closing.abort();
      const closed = Promise.allSettled(consumers.map((consumer) => consumer.close())).then(() => true);
      const end = performance.now() + limitMs;
      let idleSince = Infinity;
      // BullMQ's own close waits for ever: for a running job, and for a store that is away.
      while (performance.now() < end && performance.now() < idleSince + BOOKKEEPING) {
        if (await Promise.race([closed, delay(20, false)])) break;
        if (running === 0) idleSince = Math.min(idleSince, performance.now());
      }
      return running;
    },
  };
};
