import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type Card, toCard } from '../../../mappings/card/to-card.ts';
import { type Anomaly, anomaly } from '../../model/anomaly.ts';
import { nameUser } from '../access/name-user.ts';
import { type Answer, type Door, type Exchange, principalOf } from '../exchange.ts';
import { toFailure } from '../failure.ts';
import { checkContentType } from '../media.ts';
import { permitted } from '../policy.ts';
import { Refusal } from '../refusal.ts';
import { checkedNhsNumber } from '../search/values.ts';
import { sendAnswer } from '../send-answer.ts';
import { checkAddress, checkLimits, mirrorIds, namePrincipal, spendRequest } from '../steps.ts';

/** Where services are discovered, and where the one is called (CDS Hooks 2.0). */
export const CDS_BASE = '/cds-services';
export const CDS_SERVICE = 'crisis-plan';
const HOOK = 'crisis-call';

const DISCOVERY = {
  services: [
    {
      hook: HOOK,
      title: 'Crisis plan of a caller',
      description:
        'The first screen, 80 words at most, of each crisis plan that this caller may see. `context.nhsNumber` says of whom; nothing is prefetched.',
      id: CDS_SERVICE,
    },
  ],
};

/** Whether an address is this door's. */
export const isCds = (path: string): boolean => path === CDS_BASE || path.startsWith(`${CDS_BASE}/`);

const json = (value: unknown): Answer => ({
  status: 200,
  headers: {},
  body: { type: 'application/json; charset=utf-8', text: JSON.stringify(value) },
});

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const wrong = (at: string, help: string): Anomaly => anomaly('malformed', help, at);

/** The NHS number of a call. Throws `malformed` with the place, and repeats nothing of it. */
const numberIn = (body: unknown): string => {
  const object = (value: unknown, at: string): Readonly<Record<string, unknown>> => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(at, 'is a JSON object');
    return { ...value };
  };
  const { hook, hookInstance, context } = object(body, 'body');
  if (hook !== HOOK) throw wrong('hook', `is ${HOOK}`);
  if (typeof hookInstance !== 'string' || !UUID.test(hookInstance)) throw wrong('hookInstance', 'is a UUID');
  const { nhsNumber } = object(context, 'context');
  if (typeof nhsNumber !== 'string') throw wrong('context.nhsNumber', 'is an NHS number, as a text of ten digits');
  return checkedNhsNumber('context.nhsNumber', nhsNumber);
};

const cards = async (exchange: Exchange, door: Door): Promise<Answer> => {
  const principal = principalOf(exchange);
  // It is a flag and the words behind it: whoever may read both, by kind and by scope.
  if (['Flag', 'Composition'].some((type) => permitted(principal, type, 'read') === null))
    throw anomaly(
      'forbidden',
      'a service of this kind, or this access token by its scopes, may not read plans: system/Flag.r and system/Composition.r are required',
    );
  checkContentType(exchange.request.headers, 'resource');
  const nhsNumber = numberIn(await exchange.request.json());
  // A read is a delivery: decided, and on record, before it answers; what is refused takes as long as what is not there (I6).
  const found = await door.store.lookUp(principal, { nhsNumber }, true);
  const shown: readonly Card[] = found.map((each) => toCard(each, randomUUID(), exchange.base));
  return json({ cards: shown });
};

const pass = async (exchange: Exchange, door: Door): Promise<void> => {
  checkLimits(exchange);
  checkAddress(exchange, door);
  await namePrincipal(exchange, door);
  await spendRequest(exchange, door);
  await nameUser(exchange, door);
  const { method } = exchange.request;
  const isCall = exchange.path === `${CDS_BASE}/${CDS_SERVICE}`;
  if (!isCall && exchange.path !== CDS_BASE) throw anomaly('not-found', 'there is no such service here');
  const allowed = isCall ? 'POST' : 'GET';
  if (method !== allowed) throw new Refusal(405, 'unsupported', { at: null, help: 'this method is not offered here' }, { Allow: allowed });
  exchange.route = {
    route: { method: isCall ? 'POST' : 'GET', path: CDS_BASE, interaction: 'search', body: 'none', open: false },
    type: '',
    id: '',
    version: '',
    label: isCall ? 'POST cds-services' : 'GET cds-services',
  };
  exchange.answer = isCall ? await cards(exchange, door) : json(DISCOVERY);
};

/** Takes one request of a system that speaks CDS Hooks. Answers whatever happens, and never throws; what is refused is an OperationOutcome. */
export const runCdsDoor = async (exchange: Exchange, response: ServerResponse, door: Door): Promise<void> => {
  mirrorIds(exchange, door);
  try {
    await pass(exchange, door);
    sendAnswer(exchange, response);
  } catch (error) {
    exchange.answer = toFailure(error, exchange, door);
    if (exchange.answer.status === 401 && exchange.client === null) door.rateLimit?.refused(exchange.request.address);
    if (response.headersSent) response.destroy();
    else sendAnswer(exchange, response);
  }
};
