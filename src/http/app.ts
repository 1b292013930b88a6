import express from 'express';
import type { Express } from 'express';
import { createAddressGuard } from '../channel/address-guard.ts';
import { callerAddress } from './access/caller-address.ts';
import { loadConformance } from './conformance.ts';
import type { AppParts, Door, Exchange } from './exchange.ts';
import { lastAnswer } from './last-answer.ts';
import { createConfirmations } from './match/confirmations.ts';
import { runPipeline } from './pipeline.ts';
import { readBody } from './read/read-body.ts';
import { readJson } from './read/read-json.ts';
import { requestMetrics } from './request-metrics.ts';
import { createPageTokens } from './search/page-token.ts';
import { securityHeaders } from './security-headers.ts';

/** The FHIR door as an express application: `/fhir`, `/health/live`, `/health/ready` and `/metrics`. Throws where a definition or a CIDR cannot be read. */
export const createApp = ({ metrics, now = Date.now, ...parts }: AppParts): Express => {
  const count = requestMetrics(metrics);
  const door: Door = {
    ...parts,
    now,
    guard: createAddressGuard(parts.config.outboundAllow),
    conformance: loadConformance(),
    pages: createPageTokens(),
    confirmations: createConfirmations(),
    exposition: async () => ({ type: metrics.contentType, text: await metrics.metrics() }),
  };
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const headers = securityHeaders();
  app.use((request, response) => {
    for (const [name, value] of headers) response.setHeader(name, value);
    const [path = '', ...query] = request.url.split('?');
    let read: Promise<string> | null = null;
    // Read once: a message is parsed, and its bytes are hashed.
    const text = (limit?: number): Promise<string> => {
      read ??= readBody(request, limit);
      return read;
    };
    const exchange: Exchange = {
      request: {
        method: request.method ?? '',
        headers: request.headers,
        httpVersion: request.httpVersion,
        address: callerAddress(request.headers, request.socket.remoteAddress, parts.config.behindProxy),
        text,
        json: async () => readJson(await text()),
      },
      startedAt: performance.now(),
      requestId: door.newId(),
      mirrored: {},
      base: '/fhir',
      path,
      query: query.join('?'),
      route: null,
      principal: null,
      reach: null,
      form: null,
      resource: null,
      patch: null,
      newId: null,
      answer: null,
    };
    response.once('close', () => count(exchange.route?.label ?? 'none', response.statusCode, performance.now() - exchange.startedAt));
    return runPipeline(exchange, response, door);
  });
  app.use(lastAnswer(door));
  return app;
};
