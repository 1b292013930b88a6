/** A clock that only moves when nothing else can run: histories of minutes pass in milliseconds, the same way each time. */
export interface VirtualTime {
  now(): number;
  sleep(ms: number): Promise<void>;
  at(ms: number, run: () => void): void;
  /** Runs everything that is due up to `end`. */
  runUntil(end: number): Promise<void>;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export function virtualTime(start: number): VirtualTime {
  let now = start;
  let order = 0;
  const timers: Timer[] = [];
  const add = (at: number, run: () => void): void => {
    const timer = { at, order: order++, run };
    let index = timers.length;
    while (index > 0 && isAfter(timers[index - 1] as Timer, timer)) index--;
    timers.splice(index, 0, timer);
  };
  return {
    now: () => now,
    at: add,
    sleep: (ms) => new Promise((resolve) => add(now + ms, resolve)),
    async runUntil(end) {
      for (;;) {
        await settleMicrotasks();
        const next = timers[0];
        if (next === undefined || next.at > end) break;
        timers.shift();
        now = Math.max(now, next.at);
        next.run();
      }
      now = end;
    },
  };
}

const isAfter = (a: Timer, b: Timer): boolean => a.at > b.at || (a.at === b.at && a.order > b.order);

/** The loop awaits at most a few promises in a row before it sleeps; this lets them all run. */
async function settleMicrotasks(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await null;
}
