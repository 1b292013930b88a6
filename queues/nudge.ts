import { randomUUID } from 'node:crypto';
import type { JobsOptions } from 'bullmq';
import { backendOf } from './backend.ts';
import type { Backend, Consumer, Producer, QueueAddress, Run } from './backend.ts';
import { openLater } from './later.ts';
import { QueueLine } from './line.ts';
import type { OnError } from './line.ts';

/** The options that lose no nudge, on both stores: each other choice has a row in test/queues/nudge-table.test.ts that shows what it loses. */
export const NUDGE = {
  attempts: 1,
  removeOnComplete: true,
  removeOnFail: true,
  deduplication: { keepLastIfActive: true, reschedule: true },
} as const;

/** NUDGE for one id. The id becomes a key of the queue's store: opaque ids only. */
export const nudgeOf = (id: string): JobsOptions => ({ ...NUDGE, deduplication: { ...NUDGE.deduplication, id } });

/** The names of the two queues and of their jobs. Apart, so that slow recipients in every slot do not hold back a fan-out, and with it a recall. */
export const JobName = { RECIPIENT: 'recipient', FAN_OUT: 'fan-out' } as const;

/** No later than this a nudge that cannot be added is given up, in milliseconds: it is added after commit, and may not hold the answer back. */
const GIVE_UP_MS = 2_000;

/** "Look at this recipient again", as often as anyone likes. Nothing here rejects for want of a store: a lost nudge delays, and loses nothing. */
export interface NudgeQueue {
  /** Nudges one recipient, now or after `delayMs` (kept in this process, the earliest wins). */
  nudge(recipientId: string, delayMs?: number): Promise<void>;
  /** The sweep's nudge: has its own id, so that no nudge that is stuck in the queue absorbs it. */
  rescue(recipientId: string): Promise<void>;
  /** The same for a fan-out: the process that ran it may have been killed. */
  rescueFanOut(): Promise<void>;
  nudgeFanOut(delayMs?: number): Promise<void>;
  /** Nudges that wait or run. Rejects when the store does not answer in time: for readiness and metrics. */
  depth(): Promise<number>;
  /** The queues themselves, for the operators' look into them (board.ts). */
  readonly producers: readonly Producer[];
  /** For worker.ts. */
  consumer(name: string, run: Run, concurrency: number): Consumer;
  readonly onError: OnError;
  /** After the workers are closed. */
  close(): Promise<void>;
}

const within = async <T>(ms: number, work: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('the queue store did not answer in time')), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};

const producerOf = async (backend: Backend, name: string, onError: (error: unknown) => void): Promise<Producer> => {
  const producer = backend.producer(name);
  // Without a listener the first lost connection would end the process.
  producer.on('error', onError);
  await producer.waitUntilReady();
  return producer;
};

/** Opens the queue, creating its tables where it lives in PostgreSQL; rejects when the store cannot be reached. */
export const openQueue = async (address: QueueAddress, onError: OnError): Promise<NudgeQueue> => {
  const backend = backendOf(address);
  const later = openLater();
  await backend.prepare();
  let closed = false;
  // A pool is ended before its sockets are: a server that stops then still has a word for them, which tells nobody anything.
  const heard = (error: unknown): void => {
    if (!closed) onError(QueueLine.QUEUE_ERROR, error);
  };
  const recipients = await producerOf(backend, JobName.RECIPIENT, heard);
  const fanOuts = await producerOf(backend, JobName.FAN_OUT, heard);
  // An id of this process alone: the rescue that a killed process was running absorbs nobody else's, and there are no more than processes.
  const own = randomUUID().slice(0, 8);
  const rescueOf = (id: string): JobsOptions => ({ ...NUDGE, deduplication: { id: `${id}~${own}` } });

  const add = async (producer: Producer, name: string, recipient: string | undefined, options: JobsOptions): Promise<void> => {
    if (closed) return;
    try {
      await within(GIVE_UP_MS, producer.add(name, recipient === undefined ? {} : { recipient }, options));
    } catch (error) {
      onError(QueueLine.NUDGE_LOST, error);
    }
  };
  const nudge = async (recipientId: string, delayMs = 0): Promise<void> => {
    if (delayMs > 0) later.at(recipientId, delayMs, () => void nudge(recipientId));
    else await add(recipients, JobName.RECIPIENT, recipientId, nudgeOf(recipientId));
  };
  const nudgeFanOut = async (delayMs = 0): Promise<void> => {
    if (delayMs > 0) later.at('*', delayMs, () => void nudgeFanOut());
    else await add(fanOuts, JobName.FAN_OUT, undefined, nudgeOf(JobName.FAN_OUT));
  };
  return {
    nudge,
    nudgeFanOut,
    onError,
    producers: [recipients, fanOuts],
    rescue: (recipientId) => add(recipients, JobName.RECIPIENT, recipientId, rescueOf(recipientId)),
    rescueFanOut: () => add(fanOuts, JobName.FAN_OUT, undefined, rescueOf(JobName.FAN_OUT)),
    async depth() {
      const counts = await within(
        GIVE_UP_MS,
        Promise.all([recipients, fanOuts].map((each) => each.getJobCountByTypes('waiting', 'active', 'delayed'))),
      );
      return counts.reduce((sum, count) => sum + count, 0);
    },
    consumer: (name, run, concurrency) => backend.consumer(name, run, concurrency),
    async close() {
      closed = true;
      later.clear();
      await Promise.allSettled([recipients.close(), fanOuts.close()]);
      // A slice that outlived the close of its worker keeps a connection; the end of the process takes it.
      await within(GIVE_UP_MS, backend.end()).catch((error: unknown) => onError(QueueLine.QUEUE_ERROR, error));
    },
  };
};
