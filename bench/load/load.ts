import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Stands in a body for a test number, and for a text that no other body has. */
export const NUMBER = '{number}';
export const ONE = '{one}';

/** Which test numbers stand in the bodies: at random from 0 to this, or each once, from this on. */
export type Numbers = { readonly among: number } | { readonly onceFrom: number };

/** A closed loop: `inFlight` callers, each of which asks again as soon as it is answered, for `millis`. */
export interface Load {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Headers that prove who asks, as they are when a run begins: a token lives for minutes. */
  readonly caller: () => Promise<Readonly<Record<string, string>>>;
  /** Access tokens, of which each request carries the next; none where `caller` names one for all. */
  readonly bearers?: readonly string[];
  /** Where it is asked by GET: each path with its headers in turn, and no body. */
  readonly gets?: readonly { readonly path: string; readonly headers: Readonly<Record<string, string>> }[];
  /** What is sent, with `NUMBER` and `ONE` in it; of several, each is sent once. */
  readonly body: string | readonly string[];
  readonly numbers: Numbers;
  /** What each answer has: anything else ends the run. */
  readonly answer: { readonly status: number; readonly text: string };
  readonly inFlight: number;
  readonly millis: number;
}

/** A load as the generator is told it. */
export type ToldLoad = Omit<Load, 'caller'>;

/** What came of it. */
export interface Loaded {
  /** Answers a second. */
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
}

/** The load generator, in a process of its own. */
export interface Generator {
  /** Throws when any answer is not the one that is wanted. */
  run(load: Load): Promise<Loaded>;
  stop(): void;
}

export const startGenerator = (): Generator => {
  const child = fork(fileURLToPath(new URL('./closed-loop.ts', import.meta.url)));
  return {
    run: async ({ caller, ...load }) => {
      const told: ToldLoad = { ...load, headers: { ...load.headers, ...(await caller()) } };
      child.send(told);
      const [answer] = (await once(child, 'message')) as [Loaded | { readonly failed: string }];
      if ('failed' in answer) throw new Error(answer.failed);
      return answer;
    },
    stop: () => child.disconnect(),
  };
};
