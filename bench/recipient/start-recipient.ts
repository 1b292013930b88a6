import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Arrival, Order } from './recipient.ts';

/** A recipient in a process of its own. */
export interface Recipient {
  readonly address: string;
  /** What has arrived since the last time. */
  drain(): Promise<readonly Arrival[]>;
  /** How long each of its answers takes from now on. */
  delay(millis: number): Promise<void>;
  /** Whether nothing listens at its address from now on. */
  dead(is: boolean): Promise<void>;
  /** Whether it is down every other second from now on. */
  flaps(does: boolean): Promise<void>;
  stop(): void;
}

export const startRecipient = async (): Promise<Recipient> => {
  const child = fork(fileURLToPath(new URL('./recipient.ts', import.meta.url)));
  const [port] = (await once(child, 'message')) as [number];
  const order = async (it: Order): Promise<readonly Arrival[]> => {
    child.send(it);
    const [answer] = (await once(child, 'message')) as [readonly Arrival[]];
    return answer;
  };
  return {
    address: `http://127.0.0.1:${port}/fhir`,
    drain: () => order({ drain: true }),
    delay: async (millis) => void (await order({ delayMs: millis })),
    dead: async (is) => void (await order({ dead: is })),
    flaps: async (does) => void (await order({ flaps: does })),
    stop: () => child.disconnect(),
  };
};
