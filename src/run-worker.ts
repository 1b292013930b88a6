import type pg from 'pg';
import { Registry } from 'prom-client';
import type { Config } from './config.ts';
import { deliveryMetrics } from './delivery-metrics.ts';
import { startEngine } from './engine.ts';
import { engineMetrics } from './engine-metrics.ts';
import type { Part } from './lifecycle.ts';
import type { Log } from './log.ts';
import { isMigrated } from './store/migrate.ts';
import { openMetrics } from './watch-process.ts';

/** The loop and nothing else, with its own figures: what stands in the database the broker tells. */
export const runWorker = async (part: Part, config: Config, log: Log, pool: pg.Pool, url: string, epoch: number): Promise<void> => {
  const metrics = new Registry();
  const engine = await startEngine(part, config, log, pool, url, epoch, deliveryMetrics(metrics));
  engineMetrics(metrics, engine);
  await openMetrics(part, config, log, {
    metrics,
    isReady: async () => {
      await engine.queue.depth();
      return isMigrated(pool);
    },
  });
};
