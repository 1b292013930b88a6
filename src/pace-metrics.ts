import { Gauge, type Registry } from 'prom-client';
import type { PaceStates } from './store/pace/pace-states.ts';

/** How the recipients stand, all of them together. Each gauge reads for itself: `read` keeps its answer for some seconds. */
export const paceMetrics = (registry: Registry, read: () => Promise<PaceStates>): void => {
  new Gauge({
    name: 'broker_keys_held',
    help: 'Keys with an update that a breaker or a pause holds back',
    registers: [registry],
    async collect() {
      this.set((await read()).held);
    },
  });
  new Gauge({
    name: 'broker_recipients',
    help: 'Recipients that are not sent all that is due: breaker open or half open, or paused',
    labelNames: ['state'] as const,
    registers: [registry],
    async collect() {
      const now = await read();
      this.set({ state: 'open' }, now.open);
      this.set({ state: 'half-open' }, now.halfOpen);
      this.set({ state: 'paused' }, now.paused);
    },
  });
};
