import { Counter, Histogram, type Registry } from 'prom-client';
import type { Delivered } from './reconcile/watched-ports.ts';

/** Registers what a process counts of its own exchanges with destinations; answers what counts one. */
export const deliveryMetrics = (registry: Registry): ((delivered: Delivered) => void) => {
  const deliveries = new Counter({
    name: 'broker_deliveries_total',
    help: 'Exchanges with destinations since the start of this process, by road, what was asked, and what came of it',
    labelNames: ['channel', 'action', 'outcome'] as const,
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'broker_delivery_seconds',
    help: 'Time of an exchange with a destination, from before it is connected to until its answer was read',
    labelNames: ['channel', 'action'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  const answered = new Counter({
    name: 'broker_recalls_answered_total',
    help: 'Recalls that were accepted since the start of this process, by how far the acknowledgement reaches',
    labelNames: ['level'] as const,
    registers: [registry],
  });
  return ({ channel, action, outcome, level, seconds: took }) => {
    deliveries.inc({ channel, action, outcome });
    seconds.observe({ channel, action }, took);
    if (action === 'recall' && level !== null) answered.inc({ level });
  };
};
