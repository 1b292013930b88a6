import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { QueueLine } from '../../queues/line.ts';
import { startSweep } from '../../queues/sweep.ts';
import type { Nudges, Sweeping } from '../../queues/sweep.ts';
import { until } from './stores.ts';

/** What a sweep is handed, writing down what it asks for; the queue itself is tried in the other files here. */
const listening = (): { heard: string[]; queue: Nudges } => {
  const heard: string[] = [];
  const queue: Nudges = {
    nudge: async (recipient) => void heard.push(`nudge ${recipient}`),
    rescue: async (recipient) => void heard.push(`rescue ${recipient}`),
    rescueFanOut: async () => void heard.push('fan-out'),
    onError: (line) => void heard.push(line),
  };
  return { heard, queue };
};

const quiet: Sweeping = {
  everyMs: 60_000,
  due: async () => [],
  fanOutPending: async () => false,
  lookAhead: async () => null,
  found: () => undefined,
};

test('a sweep looks at once when it starts: what a crash left is found then', async () => {
  const { heard, queue } = listening();
  const sweep = startSweep(queue, { ...quiet, due: async () => ['a', 'b'], fanOutPending: async () => true });
  await until('heard', () => heard.length === 3);
  await sweep.close();
  expect(heard).toEqual(['fan-out', 'rescue a', 'rescue b']);
});

test('what time alone makes due is nudged at its moment, not a whole sweep later', async () => {
  const { heard, queue } = listening();
  const moment = Date.now() + 300;
  let nudgedAt = 0;
  const by: string[] = [];
  const sweep = startSweep(queue, {
    ...quiet,
    async due() {
      if (Date.now() < moment || nudgedAt > 0) return [];
      nudgedAt = Date.now();
      return ['a'];
    },
    lookAhead: async () => (nudgedAt > 0 ? null : moment),
    found: (count, how) => void by.push(`${how} ${count}`),
  });
  await until('nudged', () => heard.length > 0, 2_000);
  await sweep.close();
  expect(heard).toEqual(['nudge a']);
  // By a moment, not by a second sweep. A timer may wake a millisecond early, and then looks again.
  expect(by.filter((each) => each !== 'moment 0')).toEqual(['sweep 0', 'moment 1']);
});

test('a look-ahead that is always in the past does not spin', async () => {
  const { queue } = listening();
  let looks = 0;
  const sweep = startSweep(queue, {
    ...quiet,
    async due() {
      looks += 1;
      return [];
    },
    lookAhead: async () => Date.now() - 1_000,
  });
  await delay(1_000);
  await sweep.close();
  expect(looks).toBeGreaterThan(2);
  expect(looks).toBeLessThan(8);
});

test('rounds never overlap, also when one takes longer than the interval', async () => {
  const { queue } = listening();
  let inside = 0;
  let most = 0;
  let rounds = 0;
  const sweep = startSweep(queue, {
    ...quiet,
    everyMs: 20,
    async due() {
      inside += 1;
      most = Math.max(most, inside);
      await delay(70);
      inside -= 1;
      rounds += 1;
      return [];
    },
  });
  await until('three rounds', () => rounds >= 3);
  await sweep.close();
  const then = rounds;
  await delay(200);
  expect(most).toBe(1);
  expect(rounds).toBe(then);
});

test('a sweep that fails is reported, and the next one looks again', async () => {
  const { heard, queue } = listening();
  let looks = 0;
  const sweep = startSweep(queue, {
    ...quiet,
    everyMs: 50,
    async due() {
      looks += 1;
      if (looks === 1) throw new Error('database away');
      return ['a'];
    },
  });
  await until('second look', () => heard.includes('rescue a'));
  await sweep.close();
  expect(heard[0]).toBe(QueueLine.SWEEP_FAILED);
});
