import type { ServerResponse } from 'node:http';
import { nameUser } from '../access/name-user.ts';
import { ownOrigin } from '../access/own-origin.ts';
import { type Door, type Exchange, principalOf } from '../exchange.ts';
import { checkAccept, checkContentType } from '../media.ts';
import { sendAnswer } from '../send-answer.ts';
import { checkAddress, checkLimits, mirrorIds, namePrincipal, spendRequest } from '../steps.ts';
import { NRL_ACTS } from './nrl-acts.ts';
import { checkNrlHeaders } from './nrl-headers.ts';
import { checkConsumer } from './nrl-policy.ts';
import { toNrlFailure } from './nrl-refusal.ts';
import { asMatched, type NrlMatched, nrlRouteOf } from './nrl-routes.ts';
import { NRL_STANDARD } from './nrl-site.ts';

const MAX_FORM = 65_536;

/** Whether an address is this door's. */
export const isNrl = (path: string): boolean => path === '/nrl' || path.startsWith('/nrl/');

/** A pointer is JSON; what it points to is a PDF or a page, and who opens it may say so. */
const checkMedia = ({ request }: Exchange, { route }: NrlMatched): void => {
  if (route.asks === 'search' || route.asks === 'read') checkAccept(request.headers.accept, null);
  if (route.body === 'form') checkContentType(request.headers, 'form');
};

/**
 * One request of an NRL consumer, in the order in which it goes through: who calls is known before anything is said of what is here, and the
 * NRL's own headers are asked for before its parameters. What throws goes straight to the answer.
 */
const pass = async (exchange: Exchange, door: Door): Promise<void> => {
  const { request } = exchange;
  // The media type is judged by the route below, and `_format` is no parameter of the NRL's.
  checkLimits({
    ...exchange,
    request: { ...request, headers: { ...request.headers, accept: undefined } },
    path: exchange.path + exchange.query,
    query: '',
  });
  checkAddress(exchange, door);
  await namePrincipal(exchange, door);
  await spendRequest(exchange, door);
  await nameUser(exchange, door);
  const matched = nrlRouteOf(request.method, exchange.path);
  exchange.route = asMatched(matched);
  checkNrlHeaders(request.headers);
  checkMedia(exchange, matched);
  checkConsumer(principalOf(exchange), matched.route.letter);
  if (matched.route.body === 'form') exchange.form = new URLSearchParams(await request.text(MAX_FORM));
  const ground = { origin: ownOrigin(door.config, request), id: matched.id, site: door.config.nrl ?? NRL_STANDARD };
  exchange.answer = await NRL_ACTS[matched.route.asks](exchange, door, ground);
};

/** Takes one request of an NRL consumer. Answers whatever happens, and never throws. */
export const runNrlDoor = async (exchange: Exchange, response: ServerResponse, door: Door): Promise<void> => {
  mirrorIds(exchange, door);
  try {
    await pass(exchange, door);
    sendAnswer(exchange, response);
  } catch (error) {
    exchange.answer = toNrlFailure(error, exchange, door, door.config.nrl ?? NRL_STANDARD);
    if (exchange.answer.status === 401 && exchange.client === null) door.rateLimit?.refused(exchange.request.address);
    if (response.headersSent) response.destroy();
    else sendAnswer(exchange, response);
  }
};
