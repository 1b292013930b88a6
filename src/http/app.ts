import express from 'express';
import type { Express } from 'express';
import { createAddressGuard } from '../channel/address-guard.ts';
import { Line } from '../log.ts';
import { createTokenCheck } from './access/token-check.ts';
import { createPersonVerifier, createUserVerifier } from './access/user-identity.ts';
import { createTokenDoor, reachedBy, TOKEN_PATHS } from './access/token-door.ts';
import { callerAddress } from './access/caller-address.ts';
import { loadConformance } from './conformance.ts';
import type { AppParts, Door, Exchange } from './exchange.ts';
import { lastAnswer } from './last-answer.ts';
import { countAnswers } from './count-answers.ts';
import { createConfirmations } from './match/confirmations.ts';
import { isCds, runCdsDoor } from './cds/cds-door.ts';
import { isNrl, runNrlDoor } from './nrl/nrl-door.ts';
import { runPipeline } from './pipeline.ts';
import { readBody } from './read/read-body.ts';
import { readJson } from './read/read-json.ts';
import { requestMetrics } from './request-metrics.ts';
import { openRequestSpan } from './request-span.ts';
import { createPageTokens } from './search/page-token.ts';
import { securityHeaders } from './security-headers.ts';

/** The FHIR door as an express application: `/fhir`, `/health/live`, `/health/ready` and `/metrics`. Throws where a definition or a CIDR cannot be read. */
export const createApp = ({ metrics, access, fetchKeys, userIssuers, now = Date.now, ...parts }: AppParts): Express => {
  const { config: site, log } = parts;
  const check = createTokenCheck(access, site);
  const tokens = createTokenDoor({
    store: access,
    site,
    fetchKeys,
    check,
    operatorOds: site.operatorOds,
    faulty: (fault) => log(Line.fault, { name: 'token door', fault }),
  });
  const count = requestMetrics(metrics);
  const door: Door = {
    ...parts,
    now,
    check,
    verifyUser: createUserVerifier({ issuers: userIssuers, fetch: fetchKeys, log, now }),
    verifyPerson: createPersonVerifier({ issuers: userIssuers, fetch: fetchKeys, log, now }),
    guard: createAddressGuard(parts.config.outboundAllow),
    conformance: loadConformance(),
    pages: createPageTokens(parts.store.pageKey),
    confirmations: createConfirmations(parts.store.confirming),
    answers: countAnswers(metrics),
    exposition: async () => ({ type: metrics.contentType, text: await metrics.metrics() }),
  };
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  // An address has one spelling: others would each be a label of its own in the metrics.
  app.enable('case sensitive routing');
  app.enable('strict routing');
  const headers = securityHeaders();
  app.use((_request, response, next) => {
    for (const [name, value] of headers) response.setHeader(name, value);
    next();
  });
  app.all([...TOKEN_PATHS], (request, response) => {
    const { path } = request;
    const startedAt = performance.now();
    const address = callerAddress(request.headers, request.socket.remoteAddress, site.behindProxy);
    response.once('close', () => {
      if (request.method === 'POST' && response.statusCode >= 400) parts.rateLimit?.refused(address);
      count(path, response.statusCode, performance.now() - startedAt);
    });
    return tokens(request, response, path, () => parts.rateLimit?.checkAddress(address));
  });
  app.use((request, response) => {
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
        httpVersion: request.httpVersion,
        ...reachedBy(request),
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
      client: null,
      tokenId: null,
      principal: null,
      user: null,
      reach: null,
      form: null,
      resource: null,
      patch: null,
      newId: null,
      answer: null,
    };
    // Of health checks and scrapes there is nothing to follow.
    const run = isNrl(path) ? runNrlDoor : isCds(path) ? runCdsDoor : runPipeline;
    const span = path.startsWith('/fhir') || isNrl(path) || isCds(path) ? openRequestSpan(request.headers['traceparent']) : null;
    response.once('close', () => {
      const label = exchange.route?.label ?? 'none';
      count(label, response.statusCode, performance.now() - exchange.startedAt);
      span?.end(label, exchange.request.method, response.statusCode);
    });
    return span === null ? run(exchange, response, door) : span.run(() => run(exchange, response, door));
  });
  app.use(lastAnswer(door));
  return app;
};
