import type { RequestListener } from 'node:http';
import type { Registry } from 'prom-client';
import { answerNotFound } from './bare-answer.ts';
import { listen } from './listen.ts';
import type { Listening, ListenOptions } from './listen.ts';

/** What a process tells of itself. */
export interface Told {
  readonly metrics: Registry;
  /** Whether it can work: its database and its queue answer. Rejects, or is false, where it cannot. */
  readonly isReady: () => Promise<boolean>;
}

/**
 * Opens a door on 127.0.0.1 for Prometheus and health checks of one process, over plain HTTP, and for nothing else: a worker has no other, and beside mutual
 * TLS whoever scrapes needs no certificate. What it tells names no person, no plan and no secret.
 */
export const listenForMetrics = (
  { metrics, isReady }: Told,
  options: Pick<ListenOptions, 'port' | 'log' | 'errorCodeSystem'>,
): Promise<Listening> => {
  const notFound = answerNotFound(options.errorCodeSystem);
  const pages: Readonly<Record<string, () => Promise<readonly [status: number, type: string, text: string]>>> = {
    '/metrics': async () => [200, metrics.contentType, await metrics.metrics()],
    '/health/live': async () => [200, 'application/json', '{"status":"live"}'],
    '/health/ready': async () =>
      (await isReady().catch(() => false))
        ? [200, 'application/json', '{"status":"ready"}']
        : [503, 'application/json', '{"status":"not ready"}'],
  };
  const listener: RequestListener = (request, response) => {
    const page = request.method === 'GET' || request.method === 'HEAD' ? pages[request.url ?? ''] : undefined;
    if (page === undefined) {
      notFound(request, response);
      return;
    }
    page().then(
      ([status, type, text]) => response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(text),
      () => response.writeHead(503).end(),
    );
  };
  return listen(listener, { ...options, host: '127.0.0.1', maxConnections: 100 });
};
