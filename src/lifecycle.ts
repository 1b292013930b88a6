import { setTimeout as sleep } from 'node:timers/promises';
import { Line, type Log } from './log.ts';
import { CannotStart } from './model/cannot-start.ts';

/** Starts one part of the program and keeps how to stop it. Parts stop in the reverse order, each once what came after it has stopped. */
export type Part = <T>(name: string, start: () => Promise<T> | T, stop: (part: T) => Promise<unknown>) => Promise<T>;

interface Started {
  readonly name: string;
  stop(): Promise<unknown>;
}

/** How long one part may take to stop before the next is stopped over its head: longer than a delivery may take by default. */
const STOP_MS = 20_000;
/** npm passes Ctrl-C on to a script that the terminal has told already, so one key press arrives as two signals. */
const SAME_PRESS_MS = 1_000;

const stopAll = async (started: Started[], log: Log): Promise<void> => {
  for (let part = started.pop(); part !== undefined; part = started.pop()) {
    const { name } = part;
    const late = new AbortController();
    const deadline = sleep(STOP_MS, undefined, { signal: late.signal }).then(() => {
      throw new Error('too slow');
    });
    try {
      await Promise.race([part.stop(), deadline]);
    } catch (fault) {
      log(Line.stopFailed, { name, fault });
      process.exitCode = 1;
    } finally {
      late.abort();
      await deadline.catch(() => {}); // aborted, or told above
    }
  }
};

/**
 * Runs a program of parts until SIGINT, SIGTERM or SIGHUP, then stops it in order and exits with 0. A second signal exits at once, with 130.
 * What `compose` throws stops what had started and exits with 1: CannotStart as its one line on standard error, all else as a log line without words.
 */
export const runUntilSignal = async (log: Log, compose: (part: Part) => Promise<void>): Promise<void> => {
  const started: Started[] = [];
  let ask: (signal: string) => void = () => {};
  const asked = new Promise<string>((resolve) => {
    ask = resolve;
  });
  let askedAt: number | null = null;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (askedAt === null) askedAt = performance.now();
      else if (performance.now() - askedAt > SAME_PRESS_MS) process.exit(130);
      ask(signal);
    });
  }
  // An error that nobody caught ends the program in order; Node's own report would print its words.
  const failed = new Promise<never>((_, reject) => {
    process.on('uncaughtException', reject);
    process.on('unhandledRejection', reject);
  });

  const part: Part = async (name, start, stop) => {
    const value = await start();
    started.push({ name, stop: () => stop(value) });
    // Asked to stop while it started: the parts that are up stop, and no more are begun.
    if (askedAt !== null) throw new Stopped();
    return value;
  };

  const composing = compose(part);
  try {
    await Promise.race([composing, failed]);
    log(Line.stopping, { signal: await Promise.race([asked, failed]) });
  } catch (fault) {
    if (fault instanceof CannotStart) process.stderr.write(`${fault.message}\n`);
    else if (!(fault instanceof Stopped)) log(Line.fault, { name: 'broker', fault });
    if (!(fault instanceof Stopped)) process.exitCode = 1;
  }
  const stopAt = performance.now();
  askedAt ??= stopAt;
  await Promise.race([composing.catch(() => {}), sleep(STOP_MS)]); // told above; a part that is still starting is waited for, to stop it
  failed.catch((fault: unknown) => log(Line.fault, { name: 'stop', fault }));
  await stopAll(started, log);
  log(Line.stopped, { millis: Math.round(performance.now() - stopAt) });
  process.exit();
};

/** A signal came before all parts had started. */
class Stopped extends Error {}
