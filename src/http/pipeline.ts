import type { ServerResponse } from 'node:http';
import { nameUser } from './access/name-user.ts';
import type { Door, Exchange } from './exchange.ts';
import { toFailure } from './failure.ts';
import type { Route } from './routes.ts';
import { sendAnswer } from './send-answer.ts';
import {
  act,
  applyPolicy,
  checkAddress,
  checkLimits,
  matchRoute,
  mirrorIds,
  namePrincipal,
  parseBody,
  spendRequest,
  validateResource,
} from './steps.ts';

/** One step of the door: it changes the exchange, or throws. */
export interface Step {
  readonly name: string;
  /** Whether it runs on a route; null is a request that has none, or none yet. */
  readonly on: (route: Route | null) => boolean;
  readonly run: (exchange: Exchange, door: Door) => Promise<void> | undefined | void;
}

const every = (): boolean => true;
const closed = (route: Route | null): boolean => route === null || !route.open;
const withBody = (route: Route | null): boolean => route !== null && route.body !== 'none';
const writing = (route: Route | null): boolean => route?.interaction === 'create' || route?.interaction === 'update';

/**
 * The door, in the order in which a request goes through it. What throws goes straight to the answer. The route comes before the caller, for
 * some routes need none; an unknown one is refused only after, under `policy`, so that a stranger learns nothing of what is here.
 */
export const PIPELINE: readonly Step[] = [
  { name: 'request id', on: every, run: mirrorIds },
  { name: 'route', on: every, run: matchRoute },
  { name: 'limits', on: every, run: checkLimits },
  { name: 'refused addresses', on: closed, run: checkAddress },
  { name: 'principal', on: closed, run: namePrincipal },
  { name: 'rate limit', on: closed, run: spendRequest },
  { name: 'user', on: closed, run: nameUser },
  { name: 'policy', on: closed, run: applyPolicy },
  { name: 'parse', on: withBody, run: parseBody },
  { name: 'validate', on: writing, run: validateResource },
  { name: 'act', on: every, run: act },
];

/** Takes one request through the pipeline. Answers whatever happens, and never throws. */
export const runPipeline = async (exchange: Exchange, response: ServerResponse, door: Door): Promise<void> => {
  try {
    for (const step of PIPELINE) {
      if (!step.on(exchange.route?.route ?? null)) continue;
      const pending = step.run(exchange, door);
      if (pending !== undefined) await pending;
    }
    sendAnswer(exchange, response);
  } catch (error) {
    exchange.answer = toFailure(error, exchange, door);
    // Of a client that is known, an id token that has run out says nothing of its address, where others may call from.
    if (exchange.answer.status === 401 && exchange.client === null) door.rateLimit?.refused(exchange.request.address);
    if (response.headersSent) response.destroy();
    else sendAnswer(exchange, response);
  }
};
