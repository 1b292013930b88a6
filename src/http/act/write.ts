import type { Resource } from '@medplum/fhirtypes';
import { toOperationOutcome } from '../../../mappings/outcome/to-operation-outcome.ts';
import type { Stored } from '../../store/door.ts';
import { checkChange } from '../change-rules.ts';
import { etagOf, ifMatchOf, stale, versionHeaders } from '../etag.ts';
import { principalOf, reachOf, resourceOf, routeOf } from '../exchange.ts';
import type { Answer, Door, Exchange } from '../exchange.ts';
import { returnOf } from '../prefer.ts';
import { shown, unhidden } from '../redact-header.ts';
import { badParameter, notFound, Refusal } from '../refusal.ts';
import { checkServesOwn } from '../serves-own.ts';
import { isWithinReach } from '../within-reach.ts';
import type { Act } from './act.ts';
import { readOwn } from './read.ts';

const answerOf = (exchange: Exchange, stored: Stored, status: 200 | 201, body: Resource): Answer => {
  const { type, id, version, updatedAt } = stored;
  const headers = { ...versionHeaders(version, updatedAt), Location: `${exchange.base}/${type}/${id}/_history/${version}` };
  switch (returnOf(exchange.request.headers['prefer'])) {
    case 'minimal':
      return { status, headers, body: null };
    case 'OperationOutcome':
      return {
        status,
        headers,
        body: toOperationOutcome({
          category: 'incorrect',
          issues: [{ at: null, code: 'informational', severity: 'information', help: `stored as version ${etagOf(version)}` }],
        }),
      };
    default:
      return { status, headers, body };
  }
};

/** Create (R4 http, create). A crisis contact that was told before answers 200 with the first `Location`. */
export const create: Act = async (exchange, door) => {
  // Taken in silence, a condition would make the duplicate that it was meant to prevent.
  if (exchange.request.headers['if-none-exist'] !== undefined)
    throw new Refusal(400, 'unsupported', { at: 'http.If-None-Exist', help: 'conditional creation is not offered' });
  const resource = resourceOf(exchange);
  checkChange(resource, null);
  await checkServesOwn(door.store, principalOf(exchange), resource);
  const { stored, created } = await door.store.write({ principal: principalOf(exchange), resource, id: null, ifMatch: null });
  // The one who made a Subscription sees its channel headers once, here.
  return answerOf(exchange, stored, created ? 201 : 200, created ? stored.body : shown(stored.body));
};

const existing = async (exchange: Exchange, door: Door): Promise<Stored | null> => {
  const { type, id } = routeOf(exchange);
  const stored = await door.store.read(type, id);
  if (stored !== null && !(await isWithinReach(door.store, principalOf(exchange), reachOf(exchange), stored))) throw notFound();
  // Tasks are the broker's: they are answered, not made.
  if (stored === null && reachOf(exchange) === 'addressed') throw notFound();
  return stored;
};

/** Update (R4 http, update), and creation under an id that the caller chose. */
export const update: Act = async (exchange, door) => {
  const { id } = routeOf(exchange);
  if (!/^(?!\.+$)[A-Za-z0-9\-.]{1,64}$/.test(id)) throw badParameter('path', 'an id is 1 to 64 letters, digits, hyphens or dots');
  const sent = resourceOf(exchange);
  if (sent.id !== id) throw badParameter('path', 'the id in the body is not the one in the address');
  const ifMatch = ifMatchOf(exchange.request.headers['if-match']);
  const before = await existing(exchange, door);
  if (ifMatch !== null && before?.version !== ifMatch) throw stale();
  const stored = before?.body ?? null;
  const resource = sent.resourceType === 'Subscription' ? unhidden(sent, stored?.resourceType === 'Subscription' ? stored : null) : sent;
  checkChange(resource, stored);
  await checkServesOwn(door.store, principalOf(exchange), resource);
  const after = await door.store.write({ principal: principalOf(exchange), resource, id, ifMatch });
  const created = after.stored.version === 1;
  return answerOf(exchange, after.stored, created ? 201 : 200, before === null && created ? after.stored.body : shown(after.stored.body));
};

/** Delete of a Subscription: it is switched off, and its record stays. */
export const remove: Act = async (exchange, door) => {
  const stored = await readOwn(exchange, door);
  if (stored.body.resourceType !== 'Subscription') throw new Error('only a Subscription can be switched off');
  if (stored.body.status !== 'off')
    await door.store.write({
      principal: principalOf(exchange),
      resource: { ...stored.body, status: 'off' },
      id: stored.id,
      ifMatch: stored.version,
    });
  return { status: 204, headers: {}, body: null };
};
