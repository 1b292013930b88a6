import type { Config } from './config.ts';
import { listenForMetrics, type Told } from './http/listen-for-metrics.ts';
import type { Part } from './lifecycle.ts';
import type { Log } from './log.ts';

/** Sends this process's spans to the collector, where one is set: the first part, so that it ends when all else has. The SDK is loaded only then. */
export const traced = async (part: Part, { otlpEndpoint, traceRatio }: Config, log: Log, program: string): Promise<void> => {
  if (otlpEndpoint === null) return;
  const { startTracing } = await import('./tracing.ts');
  await part(
    'tracing',
    () => startTracing({ endpoint: otlpEndpoint, ratio: traceRatio, program }, log),
    (tracing) => tracing.close(),
  );
};

/** Opens the process's own port for Prometheus, where one is set. */
export const openMetrics = async (part: Part, { metricsPort, errorCodeSystem }: Config, log: Log, told: Told): Promise<void> => {
  if (metricsPort === null) return;
  await part(
    'metrics',
    () => listenForMetrics(told, { port: metricsPort, log, errorCodeSystem }),
    (listening) => listening.close(),
  );
};
