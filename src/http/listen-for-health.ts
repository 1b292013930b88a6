import type { RequestListener } from 'node:http';
import { answerNotFound } from './bare-answer.ts';
import { listen } from './listen.ts';
import type { Listening, ListenOptions } from './listen.ts';

const PATHS: ReadonlySet<string> = new Set(['/health/live', '/health/ready']);

/**
 * Opens a door on 127.0.0.1 that answers whether the broker is well, and nothing else, over plain HTTP. It stands beside TLS because a check
 * inside a container has no certificate to show, and whoever is let in without one on the door itself has all of HTTP to try: docs/decisions/0023.
 */
export const listenForHealth = (
  app: RequestListener,
  options: Pick<ListenOptions, 'port' | 'log' | 'errorCodeSystem'>,
): Promise<Listening> => {
  const notFound = answerNotFound(options.errorCodeSystem);
  return listen((request, response) => (PATHS.has(request.url ?? '') ? app : notFound)(request, response), {
    ...options,
    host: '127.0.0.1',
    maxConnections: 100,
  });
};
