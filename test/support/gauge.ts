import { createServer, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fakeListener } from './fake-listener.ts';

/** A recipient's own gauge: it stands before its server, and counts by its own clock what comes in. */
export interface Gauge {
  /** As `Endpoint.address`. */
  readonly address: string;
  /** Exchanges that were under way at once, at most, since the last `reset`. */
  busiest(): number;
  /** When each request came in, in milliseconds since 1970, since the last `reset`. */
  arrivals(): readonly number[];
  reset(): void;
  /** Each request is kept so many milliseconds before it is passed on. */
  slow(ms: number): void;
  /** Answers 503 to everything; the server behind it hears nothing. */
  refuse(isDown: boolean): void;
  /** Closes its port: no connection comes to be. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Puts a gauge before an HTTP server, such as a fake recipient. */
export const startGauge = async (target: string): Promise<Gauge> => {
  let now = 0;
  let most = 0;
  let delay = 0;
  let isDown = false;
  let came: number[] = [];
  const pass = async (from: IncomingMessage, to: ServerResponse): Promise<void> => {
    now += 1;
    most = Math.max(most, now);
    came.push(Date.now());
    to.on('close', () => {
      now -= 1;
    });
    if (delay > 0) await sleep(delay);
    if (isDown) {
      from.resume();
      to.writeHead(503).end();
      return;
    }
    const behind = request(new URL(from.url ?? '/', target), { method: from.method ?? 'GET', headers: from.headers }, (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(to);
    });
    behind.on('error', () => to.destroy());
    from.pipe(behind);
  };
  const listener = await fakeListener(() => createServer((from, to) => void pass(from, to)));
  return {
    address: `http://127.0.0.1:${listener.port()}/fhir`,
    busiest: () => most,
    arrivals: () => [...came],
    reset: () => {
      most = now;
      came = [];
    },
    slow: (ms) => {
      delay = ms;
    },
    refuse: (down) => {
      isDown = down;
    },
    stop: listener.stop,
    start: listener.start,
  };
};
