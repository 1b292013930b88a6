import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import { CLOSED } from './channel/websocket-peer.ts';
import type { Engine } from './engine.ts';
import { keptFor } from './kept-for.ts';

/** How long the depth of the queue stands, in milliseconds. */
const SOON_MS = 5_000;

/** What one process tells of itself: what its sweep and resync found, how deep the queue is, its memory and its event loop. */
export const engineMetrics = (registry: Registry, { found, queue, sockets }: Pick<Engine, 'found' | 'queue' | 'sockets'>): void => {
  const told = (name: string, help: string, read: () => number | Promise<number>): Gauge =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        this.set(await read());
      },
    });
  told('broker_sweep_found', 'Recipients with due keys that a sweep found since the start: lost nudges', () => found.bySweep);
  told('broker_resync_found', 'Keys that a resync found missing since the start: each is an alarm', () => found.byResync);
  told(
    'broker_misaddressed',
    'Attempts stopped since the start, for their parts were not for the same: each is an alarm',
    () => found.misaddressed,
  );
  told('broker_websockets_open', 'Websockets of subscribers that are open in this process, bound or not', () => sockets.open);
  told('broker_websockets_bound', 'Subscriptions that are bound to a websocket of this process', () => sockets.bound);
  new Gauge({
    name: 'broker_websockets_closed',
    help: 'Websockets that were closed since the start, by why: gone is by the subscriber, slow is one that did not read, revoked one whose access ended',
    labelNames: ['because'] as const,
    registers: [registry],
    collect() {
      for (const because of CLOSED) this.set({ because }, sockets.closed.get(because) ?? 0);
    },
  });
  const depth = keptFor(SOON_MS, () => queue.depth());
  told('broker_queue_nudges', 'Nudges that wait or run; -1 where the store of the queue does not answer', () => depth().catch(() => -1));
  collectDefaultMetrics({ register: registry });
};
