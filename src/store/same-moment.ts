import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';

/** Timers are whole milliseconds, and wake up to two late or one early: the rest of the way is watched. */
const TIMER_MS = 2;

/**
 * Waits for the next whole multiple of `ms` after `startedAt` (by `performance.now()`): answers that may not be told apart by a clock
 * leave at the same moment (I6). A timer alone cuts fractions off, so that what had taken 2.3 ms was answered half a millisecond before
 * what had taken 0.8 (measured).
 */
export const sameMoment = async (startedAt: number, ms: number): Promise<void> => {
  const moment = startedAt + Math.max(1, Math.ceil((performance.now() - startedAt) / ms)) * ms;
  const left = Math.floor(moment - performance.now()) - TIMER_MS;
  if (left > 0) await wait(left);
  while (performance.now() < moment) await turn();
};
