import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A closed loop: `inFlight` callers, each of which asks again as soon as it is answered, for `millis`. */
export interface Load {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Test numbers from 0 to this are asked for, at random. */
  readonly persons: number;
  readonly inFlight: number;
  readonly millis: number;
}

/** What came of it. */
export interface Loaded {
  /** Answers a second. */
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
}

/** The load generator, in a process of its own. */
export interface Generator {
  /** Throws when any answer is not 200 with one match. */
  run(load: Load): Promise<Loaded>;
  stop(): void;
}

export const startGenerator = (): Generator => {
  const child = fork(fileURLToPath(new URL('./closed-loop.ts', import.meta.url)));
  return {
    run: async (load) => {
      child.send(load);
      const [answer] = (await once(child, 'message')) as [Loaded | { readonly failed: string }];
      if ('failed' in answer) throw new Error(answer.failed);
      return answer;
    },
    stop: () => child.disconnect(),
  };
};
