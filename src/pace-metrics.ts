import { Gauge, type Registry } from 'prom-client';

/** How the recipients stand, all of them together. */
export interface PaceFigures {
  /** Breakers that hold updates back. */
  readonly open: number;
  /** Breakers that let a few through. */
  readonly halfOpen: number;
  /** Recipients that a person has paused. */
  readonly paused: number;
  /** Keys with an update that a breaker or a pause holds back. */
  readonly held: number;
}

/** Registers them. `read` null registers them without a value: nobody keeps a pace. */
export const paceMetrics = (registry: Registry, read: (() => Promise<PaceFigures>) | null): void => {
  const held = new Gauge({
    name: 'broker_keys_held',
    help: 'Keys with an update that waits, by what holds it back: the breaker of its recipient, or a pause',
    labelNames: ['by'] as const,
    registers: [registry],
  });
  new Gauge({
    name: 'broker_recipients',
    help: 'Recipients that are not sent all that is due: breaker open or half open, or paused',
    labelNames: ['state'] as const,
    registers: [registry],
    async collect() {
      if (read === null) return;
      const now = await read();
      this.set({ state: 'open' }, now.open);
      this.set({ state: 'half-open' }, now.halfOpen);
      this.set({ state: 'paused' }, now.paused);
      held.set({ by: 'pace' }, now.held);
    },
  });
};
