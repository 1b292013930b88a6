import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { JobsOptions } from 'bullmq';
import { backendOf } from '../../queues/backend.ts';
import type { Backend, Consumer, Producer } from '../../queues/backend.ts';
import { NUDGE, nudgeOf, openQueue } from '../../queues/nudge.ts';
import { startSweep } from '../../queues/sweep.ts';
import { startWorkers } from '../../queues/worker.ts';
import { STORE_NAMES, startStore, until } from './stores.ts';
import type { Store } from './stores.ts';

const RUN_MS = 300;
const WATCH_MS = 900;
const BACKOFF = { attempts: 5, backoff: { type: 'fixed', delay: 60_000 } } as const;
const clean = { removeOnComplete: true, removeOnFail: true } as const;
const keep = { keepLastIfActive: true } as const;

/** When the second nudge comes: while the first runs, while it runs and then fails, after it failed. */
type Arrives = 'running' | 'running, and that run fails' | 'backing off';

interface Row {
  readonly options: string;
  readonly of: (id: string) => JobsOptions;
  readonly arrives: Arrives;
  /** Second nudges. */
  readonly nudges?: number;
  /** Runs seen in all: 1 is a nudge that is lost, or sleeps until the back-off ends. */
  readonly runs: number;
}

const ours = nudgeOf;
const ROWS: readonly Row[] = [
  { options: 'jobId', of: (id) => ({ ...clean, jobId: id }), arrives: 'running', runs: 1 },
  { options: 'deduplication', of: (id) => ({ ...clean, deduplication: { id } }), arrives: 'running', runs: 1 },
  { options: 'keepLastIfActive', of: (id) => ({ ...clean, deduplication: { id, ...keep } }), arrives: 'running', runs: 2 },
  { options: 'keepLastIfActive', of: (id) => ({ ...clean, deduplication: { id, ...keep } }), arrives: 'running', nudges: 3, runs: 2 },
  {
    options: 'keepLastIfActive, attempts 5',
    of: (id) => ({ ...clean, ...BACKOFF, deduplication: { id, ...keep } }),
    arrives: 'backing off',
    runs: 1,
  },
  {
    options: '+ replace, attempts 5',
    of: (id) => ({ ...clean, ...BACKOFF, deduplication: { id, ...keep, replace: true } }),
    arrives: 'backing off',
    runs: 2,
  },
  {
    options: '+ reschedule, attempts 5',
    of: (id) => ({ ...clean, ...BACKOFF, deduplication: { id, ...keep, reschedule: true } }),
    arrives: 'backing off',
    runs: 2,
  },
  {
    options: '+ replace, attempts 5',
    of: (id) => ({ ...clean, ...BACKOFF, deduplication: { id, ...keep, replace: true } }),
    arrives: 'running, and that run fails',
    runs: 1,
  },
  {
    options: '+ reschedule, attempts 5',
    of: (id) => ({ ...clean, ...BACKOFF, deduplication: { id, ...keep, reschedule: true } }),
    arrives: 'running, and that run fails',
    runs: 1,
  },
  { options: 'NUDGE', of: ours, arrives: 'running', runs: 2 },
  { options: 'NUDGE', of: ours, arrives: 'running', nudges: 100, runs: 2 },
  { options: 'NUDGE', of: ours, arrives: 'running, and that run fails', runs: 2 },
  { options: 'NUDGE', of: ours, arrives: 'backing off', runs: 2 },
];

describe.each(STORE_NAMES)('nudges on %s', (storeName) => {
  let store: Store;
  const open: (Producer | Consumer)[] = [];
  const backends = new Map<string, Backend>();
  let names = 0;

  beforeAll(async () => {
    store = await startStore(storeName);
    // Creates the tables.
    await (await openQueue(store.address, () => undefined)).close();
  }, 30_000);
  // PostgreSQL allows 100 connections.
  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.close()));
    await Promise.all([...backends.values()].map((each) => each.end()));
    backends.clear();
  }, 30_000);
  afterAll(async () => {
    await store.stop();
  }, 30_000);

  /** One for each queue: a consumer keeps a connection. */
  const backendFor = (name: string): Backend => {
    const backend = backends.get(name) ?? backendOf(store.address);
    backends.set(name, backend);
    return backend;
  };
  const producer = async (name: string): Promise<Producer> => {
    const made = backendFor(name).producer(name);
    open.push(made);
    made.on('error', () => undefined);
    await made.waitUntilReady();
    return made;
  };
  /** So many nudges, twenty at once: a queue's pool has eight connections, and gives each two seconds. */
  const addMany = async (add: Producer, count: number, options: Parameters<Producer['add']>[2]): Promise<void> => {
    for (let left = count; left > 0; left -= 20)
      await Promise.all(Array.from({ length: Math.min(left, 20) }, () => add.add('x', {}, options)));
  };
  /** Runs of one queue: each lasts RUN_MS, the first at least as long as it is held; the first fails when told so. */
  const consume = async (
    name: string,
    firstFails: boolean,
    held: Promise<void> = Promise.resolve(),
  ): Promise<{ started: number; ended: number }> => {
    const seen = { started: 0, ended: 0 };
    const made = backendFor(name).consumer(
      name,
      async () => {
        seen.started += 1;
        const first = seen.started === 1;
        await Promise.all([delay(RUN_MS), first ? held : null]);
        seen.ended += 1;
        if (first && firstFails) throw new Error('as the row says');
      },
      4,
    );
    open.push(made);
    made.on('error', () => undefined);
    await made.waitUntilReady();
    return seen;
  };

  // The rows need no order: each has a queue of its own, and they wait side by side.
  test('the table: what becomes of a second nudge', async () => {
    const outcomes = await Promise.all(
      ROWS.map(async (row) => {
        names += 1;
        const name = `row-${names}`;
        const add = await producer(name);
        // What arrives while it runs arrives while it runs, however slow the machine is.
        let release = (): void => {};
        const held =
          row.arrives === 'backing off'
            ? undefined
            : new Promise<void>((resolve) => {
                release = resolve;
              });
        const seen = await consume(name, row.arrives !== 'running', held);
        await add.add('x', {}, row.of('one'));
        await until('first run', () => seen.started === 1, 10_000);
        if (row.arrives === 'backing off') {
          await until('first end', () => seen.ended === 1);
          await delay(300);
        }
        await addMany(add, row.nudges ?? 1, row.of('one'));
        release();
        await until('first end', () => seen.ended >= 1);
        await delay(WATCH_MS);
        return { options: row.options, arrives: row.arrives, nudges: row.nudges ?? 1, runs: seen.started };
      }),
    );
    expect(outcomes).toEqual(ROWS.map((row) => ({ options: row.options, arrives: row.arrives, nudges: row.nudges ?? 1, runs: row.runs })));
  }, 30_000);

  test('a fixed jobId whose finished job is retained never runs again', async () => {
    const add = await producer('retained');
    const seen = await consume('retained', false);
    await add.add('x', {}, { jobId: 'one' });
    await until('first end', () => seen.ended === 1);
    await add.add('x', {}, { jobId: 'one' });
    await delay(WATCH_MS);
    expect(seen.started).toBe(1);
  });

  test('NUDGE: a hundred at once, before any worker is there, are one run', async () => {
    const add = await producer('burst');
    await addMany(add, 100, nudgeOf('one'));
    const seen = await consume('burst', false);
    await until('first run', () => seen.started === 1);
    await delay(WATCH_MS);
    expect(seen.started).toBe(1);
  });

  test('NUDGE: an immediate nudge does not wait for a delayed one', async () => {
    const add = await producer('delayed');
    await add.add('x', {}, { ...nudgeOf('one'), delay: 60_000 });
    const seen = await consume('delayed', false);
    await delay(100);
    expect(seen.started).toBe(0);
    await add.add('x', {}, nudgeOf('one'));
    await until('run at once', () => seen.started === 1, 1_000);
  });

  test('why delays stay out of the queue: during a run a delayed nudge takes the place of an immediate one', async () => {
    const add = await producer('displaced');
    const seen = await consume('displaced', false);
    await add.add('x', {}, nudgeOf('one'));
    await until('first run', () => seen.started === 1);
    await add.add('x', {}, nudgeOf('one'));
    await add.add('x', {}, { ...nudgeOf('one'), delay: 60_000 });
    await until('first end', () => seen.ended === 1);
    await delay(WATCH_MS);
    expect(seen.started).toBe(1);
  });

  test('a nudge added before its commit wakes nobody for it; one added after does', async () => {
    const seenBy = async (name: string, addBeforeCommit: boolean): Promise<string[]> => {
      const add = await producer(name);
      let fact = 'old';
      const reads: string[] = [];
      await add.add('x', {}, nudgeOf('one'));
      if (addBeforeCommit) await add.add('x', {}, nudgeOf('one'));
      const consumer = backendFor(name).consumer(name, async () => void reads.push(fact), 1);
      open.push(consumer);
      consumer.on('error', () => undefined);
      await until('first read', () => reads.length === 1);
      await delay(100);
      fact = 'new';
      if (!addBeforeCommit) await add.add('x', {}, nudgeOf('one'));
      await delay(WATCH_MS);
      return reads;
    };
    expect(await Promise.all([seenBy('in-transaction', true), seenBy('after-commit', false)])).toEqual([['old'], ['old', 'new']]);
  });

  test('a queue that lost everything delays, and loses nothing: the sweep finds what is due', async () => {
    const reported: string[] = [];
    const queue = await openQueue(store.address, (line, error) => void reported.push(`${line}: ${String(error)}`));
    const due = new Set(['recipient-a', 'recipient-b']);
    let fanOutRows = 1;
    for (const recipient of due) await queue.nudge(recipient);
    await queue.nudgeFanOut();
    expect(await queue.depth()).toBe(3);
    await store.flush();
    expect(await queue.depth()).toBe(0);

    const sliced: string[] = [];
    const workers = await startWorkers(queue, {
      concurrency: 4,
      async slice(recipient) {
        sliced.push(recipient);
        due.delete(recipient);
        return { more: false, lookAt: null };
      },
      async fanOut() {
        fanOutRows = 0;
        return { more: false, recipients: ['recipient-c'] };
      },
    });
    await delay(200);
    expect(sliced).toEqual([]);

    const found: number[] = [];
    const sweep = startSweep(queue, {
      everyMs: 200,
      due: async () => [...due],
      fanOutPending: async () => fanOutRows > 0,
      lookAhead: async () => null,
      found: (recipients) => void found.push(recipients),
    });
    await until('all three ran', () => sliced.length >= 3);
    await delay(500);
    await sweep.close();
    expect(await workers.close()).toBe(0);
    await queue.close();
    expect(new Set(sliced)).toEqual(new Set(['recipient-a', 'recipient-b', 'recipient-c']));
    expect(found[0]).toBe(2);
    expect(found.at(-1)).toBe(0);
    expect(reported).toEqual([]);
  }, 15_000);

  test('the constant is the one that the rows speak of', () => {
    expect(NUDGE).toEqual({
      attempts: 1,
      removeOnComplete: true,
      removeOnFail: true,
      deduplication: { keepLastIfActive: true, reschedule: true },
    });
  });
});
