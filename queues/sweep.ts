import { QueueLine } from './line.ts';
import type { NudgeQueue } from './nudge.ts';

/** What the sweep is handed. */
export interface Sweeping {
  /** Milliseconds between sweeps; each is jittered by a tenth, so that processes drift apart. */
  readonly everyMs: number;
  /** Recipients with due keys that are claimable now. */
  due(): Promise<readonly string[]>;
  /** Whether rows of an unfinished fan-out wait. */
  fanOutPending(): Promise<boolean>;
  /** Milliseconds since 1970 of the next moment at which time alone makes a claimable key due; null when there is none. */
  lookAhead(): Promise<number | null>;
  /** Recipients that were due: by a `sweep`, where a lasting number is lost nudges, or at a foreseen `moment`. */
  found(recipients: number, by: 'sweep' | 'moment'): void;
}

/** Where its nudges go: a NudgeQueue. */
export type Nudges = Pick<NudgeQueue, 'nudge' | 'rescue' | 'rescueFanOut' | 'onError'>;

export interface Sweep {
  /** Waits for the round that runs. */
  close(): Promise<void>;
}

const SHORTEST = 50;

/** The guarantee behind nudges: looks at once, then every `everyMs`, and between at the moments when time alone makes a key due. One round at a time. */
export const startSweep = (queue: Nudges, sweeping: Sweeping): Sweep => {
  const interval = (): number => sweeping.everyMs * (0.9 + Math.random() * 0.2);
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<void> = Promise.resolve();
  let sweepAt = performance.now();
  // Grows while moments come and nothing is due then, so that a look-ahead that is wrong costs little.
  let shortest = SHORTEST;

  const look = async (): Promise<void> => {
    const by = performance.now() >= sweepAt ? 'sweep' : 'moment';
    if (by === 'sweep') sweepAt = performance.now() + interval();
    let pause = sweeping.everyMs;
    try {
      if (by === 'sweep' && (await sweeping.fanOutPending())) await queue.rescueFanOut();
      const recipients = await sweeping.due();
      sweeping.found(recipients.length, by);
      shortest = recipients.length > 0 || by === 'sweep' ? SHORTEST : Math.min(shortest * 2, sweeping.everyMs);
      await Promise.all(recipients.map((recipientId) => (by === 'sweep' ? queue.rescue(recipientId) : queue.nudge(recipientId))));
      const moment = await sweeping.lookAhead();
      if (moment !== null) pause = Math.max(moment - Date.now(), shortest);
    } catch (error) {
      queue.onError(QueueLine.SWEEP_FAILED, error);
    }
    if (!closed) timer = setTimeout(start, Math.max(0, Math.min(pause, sweepAt - performance.now())));
  };
  const start = (): void => {
    round = look();
  };
  start();
  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      await round;
    },
  };
};
