import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import type { Engine } from './engine.ts';
import { keptFor } from './kept-for.ts';

/** How long the depth of the queue stands, in milliseconds. */
const SOON_MS = 5_000;

/** What one process tells of itself: what its sweep and resync found, how deep the queue is, its memory and its event loop. */
export const engineMetrics = (registry: Registry, { found, queue }: Pick<Engine, 'found' | 'queue'>): void => {
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
  const depth = keptFor(SOON_MS, () => queue.depth());
  told('broker_queue_nudges', 'Nudges that wait or run; -1 where the store of the queue does not answer', () => depth().catch(() => -1));
  collectDefaultMetrics({ register: registry });
};
