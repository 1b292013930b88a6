import { spawn } from 'node:child_process';
import { IS_WHOLE } from '../support/breadth.ts';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { QueueLine } from '../../queues/line.ts';
import { openQueue } from '../../queues/nudge.ts';
import type { NudgeQueue } from '../../queues/nudge.ts';
import { startWorkers } from '../../queues/worker.ts';
import type { SliceEnd, Work, Workers } from '../../queues/worker.ts';
import { STORE_NAMES, startStore, until } from './stores.ts';
import type { Store } from './stores.ts';

const atRest = { more: false, lookAt: null } as const;

/** A slice that notes whose it was. */
const noting =
  (ran: string[]) =>
  async (recipientId: string): Promise<SliceEnd> => {
    ran.push(recipientId);
    return atRest;
  };

// On both in the long run: ten seconds are waited for a lock to run out.
describe.each(IS_WHOLE ? STORE_NAMES : STORE_NAMES.slice(0, 1))('workers on %s', (storeName) => {
  let store: Store;
  let queue: NudgeQueue;
  let reported: string[];
  const started: Workers[] = [];

  beforeAll(async () => {
    store = await startStore(storeName);
    reported = [];
    queue = await openQueue(store.address, (line) => void reported.push(line));
  }, 30_000);
  afterEach(async () => {
    await Promise.all(started.splice(0).map((workers) => workers.close(2_000)));
    reported = [];
  });
  afterAll(async () => {
    await queue.close();
    await store.stop();
  }, 30_000);

  const start = async (work: Partial<Work>): Promise<Workers> => {
    const workers = await startWorkers(queue, {
      concurrency: 4,
      slice: async () => atRest,
      fanOut: async () => ({ more: false, recipients: [] }),
      ...work,
    });
    started.push(workers);
    return workers;
  };

  test('a slice that leaves more is followed by another, until nothing is left', async () => {
    let keys = 5;
    let slices = 0;
    await start({
      async slice() {
        keys -= 1;
        slices += 1;
        return { more: keys > 0, lookAt: null };
      },
    });
    await queue.nudge('recipient-a');
    await until('all keys', () => keys === 0);
    await delay(200);
    expect(slices).toBe(5);
  });

  test('a recipient is looked at again at the moment that its slice named', async () => {
    const ran: number[] = [];
    await start({
      async slice() {
        ran.push(Date.now());
        return { more: false, lookAt: ran.length === 1 ? Date.now() + 400 : null };
      },
    });
    await queue.nudge('recipient-a');
    await until('second look', () => ran.length === 2);
    expect((ran[1] ?? 0) - (ran[0] ?? 0)).toBeGreaterThanOrEqual(390);
  });

  test('a slice that fails is reported and tried again after a pause; a nudge in that pause runs at once', async () => {
    const ran: number[] = [];
    await start({
      async slice() {
        ran.push(performance.now());
        if (ran.length === 1) throw new Error('a ledger that is away');
        return atRest;
      },
    });
    await queue.nudge('recipient-a');
    await until('first', () => ran.length === 1);
    await delay(100);
    expect(reported).toEqual([QueueLine.SLICE_FAILED]);
    await queue.nudge('recipient-a');
    await until('the nudge', () => ran.length === 2);
    await until('after the pause', () => ran.length === 3);
    expect((ran[2] ?? 0) - (ran[0] ?? 0)).toBeGreaterThan(900);
  });

  test('a fan-out runs in batches, nudges whom it bumped, and does not wait for slow recipients in every slot', async () => {
    let batches = 0;
    const sliced = new Set<string>();
    let release: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    await start({
      concurrency: 2,
      async slice(recipientId) {
        sliced.add(recipientId);
        if (recipientId.startsWith('slow')) await slow;
        return atRest;
      },
      async fanOut() {
        batches += 1;
        return { more: batches < 3, recipients: [`bumped-${batches}`] };
      },
    });
    await queue.nudge('slow-a');
    await queue.nudge('slow-b');
    await until('both slots taken', () => sliced.size === 2);
    await queue.nudgeFanOut();
    await until('three batches', () => batches === 3, 2_000);
    release();
    await until('whom it bumped', () => sliced.size === 5);
    expect(batches).toBe(3);
  });

  test('two workers share the recipients, and no recipient runs in both at once', async () => {
    const inside = new Set<string>();
    let overlaps = 0;
    const ran = [0, 0];
    const slicing = (worker: 0 | 1) => async (recipientId: string) => {
      if (inside.has(recipientId)) overlaps += 1;
      inside.add(recipientId);
      await delay(30);
      inside.delete(recipientId);
      ran[worker] = (ran[worker] ?? 0) + 1;
      return atRest;
    };
    await start({ slice: slicing(0) });
    await start({ slice: slicing(1) });
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(Array.from({ length: 20 }, (_unused, index) => queue.nudge(`recipient-${index}`)));
      await delay(20);
    }
    await until('all ran', () => (ran[0] ?? 0) + (ran[1] ?? 0) >= 20);
    await delay(400);
    expect(overlaps).toBe(0);
    expect(ran[0]).toBeGreaterThan(2);
    expect(ran[1]).toBeGreaterThan(2);
  });

  test('closing waits for the slice that runs, and takes no new one', async () => {
    let state = 'none';
    let told = false;
    const workers = await start({
      concurrency: 1,
      async slice(_recipientId, closing) {
        state = 'running';
        await delay(400);
        told = closing.aborted;
        state = 'ended';
        return atRest;
      },
    });
    await queue.nudge('recipient-a');
    await until('running', () => state === 'running');
    await queue.nudge('recipient-b');
    expect(await workers.close(5_000)).toBe(0);
    expect([state, told]).toEqual(['ended', true]);
    await delay(500);
    expect(await queue.depth()).toBe(1);
    // What was left is done by whoever works next.
    const next: string[] = [];
    await start({ slice: noting(next) });
    await until('the rest', () => next.length === 1);
    expect(next).toEqual(['recipient-b']);
  });

  test('closing does not hang on a slice that does not end', async () => {
    let release: () => void = () => undefined;
    let running = false;
    const workers = await start({
      slice: () => {
        running = true;
        return new Promise((resolve) => {
          release = () => resolve(atRest);
        });
      },
    });
    await queue.nudge('recipient-a');
    await until('running', () => running);
    const began = performance.now();
    expect(await workers.close(300)).toBe(1);
    expect(performance.now() - began).toBeLessThan(10_000);
    release();
    await delay(200);
  });

  test('a killed process keeps its recipient back for seconds only, and the sweep not at all', async () => {
    const child = spawn(process.execPath, [new URL('busy-worker.ts', import.meta.url).pathname, JSON.stringify(store.address)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const ran: string[] = [];
    await start({ slice: noting(ran) });
    await queue.nudge('recipient-a');
    await delay(500);
    expect(ran).toEqual([]);
    await queue.rescue('recipient-a');
    await until('the sweep comes through', () => ran.length === 1, 5_000);
    await until('the nudge comes through', () => ran.length >= 2, 17_000);
  }, 30_000);

  test('a store that forgets everything under running work does no harm', async () => {
    const ran: string[] = [];
    await start({
      async slice(recipientId) {
        ran.push(recipientId);
        await delay(300);
        return atRest;
      },
    });
    await queue.nudge('recipient-a');
    await until('running', () => ran.length === 1);
    await store.flush();
    await queue.nudge('recipient-a');
    await until('runs again', () => ran.length === 2);
    await delay(500);
    await queue.nudge('recipient-b');
    await until('and others', () => ran.includes('recipient-b'));
  });

  test('a restart of the store ends no process, is reported, and nudges run again within seconds', async () => {
    const ran: string[] = [];
    await start({ slice: noting(ran) });
    await queue.nudge('before');
    await until('before', () => ran.includes('before'));
    const restarted = store.restart(1_500);
    await delay(700);
    const began = performance.now();
    await queue.nudge('during');
    expect(performance.now() - began).toBeLessThan(6_000);
    expect(reported).toContain(QueueLine.NUDGE_LOST);
    await restarted;
    const back = performance.now();
    let count = 0;
    while (!ran.some((recipient) => recipient.startsWith('after'))) {
      if (performance.now() - back > 10_000) throw new Error('no nudge ran within 10 s of the restart');
      count += 1;
      await queue.nudge(`after-${count}`);
      await delay(100);
    }
    // And promptly from then on: the subscription to new jobs is back too, not only the fallback look every 5 s.
    await delay(300);
    await queue.nudge('prompt');
    await until('prompt', () => ran.includes('prompt'), 3_000);
  }, 30_000);
});
