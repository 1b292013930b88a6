import { randomUUID } from 'node:crypto';
import type { Bundle, Parameters, Resource } from '@medplum/fhirtypes';
import {
  type NotificationEvent,
  type PayloadContent,
  toNotification,
  toSubscriptionStatus,
} from '../../../mappings/notification/to-notification.ts';
import { PLAN_TOPIC } from '../../../profiles/canonicals.ts';
import type { StoredEvent, SubscriptionNow } from '../../store/subscription-events.ts';
import type { Door, Exchange } from '../exchange.ts';
import { principalOf, routeOf } from '../exchange.ts';
import { permitted } from '../policy.ts';
import { badParameter, notFound } from '../refusal.ts';
import type { Act } from './act.ts';
import { lookUpAs } from './disclosed.ts';
import { onlyNamed, validParametersOf } from './operations.ts';
import { readOwn } from './read.ts';

/** Events in one answer at most: each is looked up, and on record. */
const MOST_EVENTS = 100;
const LAST = Number.MAX_SAFE_INTEGER;
const LEVELS: readonly PayloadContent[] = ['empty', 'id-only', 'full-resource'];

/** Parameters of an operation that is asked by GET as by POST: names with their values as text. */
const asked = (exchange: Exchange, door: Door, names: readonly string[]): readonly (readonly [string, string])[] => {
  const query = [...new URLSearchParams(exchange.query)];
  const sent: Parameters =
    exchange.request.method === 'POST' ? onlyNamed(validParametersOf(exchange, door), names) : { resourceType: 'Parameters' };
  const strange = query.find(([name]) => !names.includes(name));
  if (strange !== undefined) throw badParameter(strange[0], `is none of ${names.join(', ')}`);
  const inBody = (sent.parameter ?? []).map(({ name = '', ...value }): readonly [string, string] => [
    name,
    String(Object.entries(value).find(([key]) => key.startsWith('value'))?.[1] ?? ''),
  ]);
  return [...query, ...inBody];
};

const statusOf = (exchange: Exchange, { id, status, content, events }: SubscriptionNow): Parameters =>
  toSubscriptionStatus({
    id: randomUUID(),
    base: exchange.base,
    subscriptionId: id,
    topic: PLAN_TOPIC,
    type: 'query-status',
    // A Subscription of R4 is one of these four.
    status,
    events: [],
    eventsSinceStart: events,
    content,
  });

/**
 * Subscription/$status and Subscription/[id]/$status: how far Subscriptions of the caller's own are, in any status. Of all of them `id` and `status` choose,
 * each several times for several; of one they say nothing. What is another's is not there.
 */
export const subscriptionStatus: Act = async (exchange, door) => {
  const { id } = routeOf(exchange);
  const parameters = asked(exchange, door, ['id', 'status']);
  const valuesOf = (name: string): readonly string[] =>
    parameters.filter(([each]) => each === name).flatMap(([, value]) => value.split(','));
  if (id !== '') await readOwn(exchange, door);
  const ids = id !== '' ? [id] : valuesOf('id').map((each) => each.replace(/^.*Subscription\//, ''));
  const found = await door.store.ownSubscriptions(principalOf(exchange), ids.length === 0 ? null : ids);
  const statuses = id !== '' ? [] : valuesOf('status');
  const shown = found.filter(({ status }) => statuses.length === 0 || statuses.includes(status));
  const entry = shown.map((one) => {
    const resource = statusOf(exchange, one);
    return { fullUrl: `urn:uuid:${resource.id}`, resource, search: { mode: 'match' as const } };
  });
  const bundle: Bundle = {
    resourceType: 'Bundle',
    id: randomUUID(),
    type: 'searchset',
    total: entry.length,
    ...(entry.length === 0 ? {} : { entry }),
  };
  return { status: 200, headers: {}, body: bundle };
};

const numberOf = (parameters: readonly (readonly [string, string])[], name: string, otherwise: number): number => {
  const [value, ...more] = parameters.filter(([each]) => each === name).map(([, text]) => text);
  if (value === undefined) return otherwise;
  if (more.length > 0 || !/^\d{1,15}$/.test(value)) throw badParameter(name, 'is one event number');
  return Number(value);
};

/** The least of what is asked for, what the Subscription was made for, and what the caller's scopes let it read. */
const levelOf = (exchange: Exchange, hint: string | undefined, content: PayloadContent): PayloadContent => {
  const wanted = LEVELS.find((each) => each === hint);
  if (hint !== undefined && wanted === undefined) throw badParameter('content', `is one of ${LEVELS.join(', ')}`);
  const may = ['CarePlan', 'Composition', 'Patient'].every((type) => permitted(principalOf(exchange), type, 'read') !== null);
  const most = content === 'full-resource' && !may ? 'id-only' : content;
  return LEVELS[Math.min(LEVELS.indexOf(wanted ?? most), LEVELS.indexOf(most))] ?? 'empty';
};

/** What may be seen of each plan now, decided and on record as every read is; null where nothing may. */
const seenNow = async (exchange: Exchange, door: Door, events: readonly StoredEvent[], level: PayloadContent) => {
  const seen = new Map<string, readonly Resource[] | null>();
  if (level === 'empty') return seen;
  for (const { plan } of events) {
    if (seen.has(plan)) continue;
    const shapes = level === 'full-resource' ? (['CarePlan', 'Composition', 'Patient'] as const) : (['Flag'] as const);
    const found = (await lookUpAs(exchange, door, [...shapes], { id: plan })).find(({ disclosure }) => disclosure.id === plan);
    seen.set(plan, found === undefined ? null : level === 'full-resource' ? found.resources : []);
  }
  return seen;
};

/**
 * Subscription/[id]/$events: events by number. Numbers and plans are those that were told; what may be seen of a plan is decided anew, so one that was
 * recalled since comes back as withdrawn, without anything of it and without a reason.
 */
export const subscriptionEvents: Act = async (exchange, door) => {
  const { id } = await readOwn(exchange, door);
  const parameters = asked(exchange, door, ['eventsSinceNumber', 'eventsUntilNumber', 'content']);
  const since = numberOf(parameters, 'eventsSinceNumber', 1);
  const until = numberOf(parameters, 'eventsUntilNumber', LAST);
  const [now] = await door.store.ownSubscriptions(principalOf(exchange), [id]);
  if (now === undefined) throw notFound();
  const level = levelOf(exchange, parameters.find(([name]) => name === 'content')?.[1], now.content);
  const stored = await door.store.eventsBetween(id, since, until, MOST_EVENTS);
  const seen = await seenNow(exchange, door, stored, level);
  const events = stored.map(({ number, at, plan }): NotificationEvent => {
    const resources = seen.get(plan) ?? null;
    return { number, at, plan, change: resources === null ? 'withdrawn' : 'changed', resources: resources ?? [] };
  });
  const body = toNotification({
    id: randomUUID(),
    base: exchange.base,
    subscriptionId: id,
    topic: PLAN_TOPIC,
    type: 'query-event',
    status: now.status,
    events,
    eventsSinceStart: now.events,
    content: level,
    at: Date.now(),
  });
  return { status: 200, headers: {}, body };
};

/** Subscription/[id]/$rotate-secret: another secret by which its notifications are signed, told this once; the one before goes on beside it. */
export const rotateSubscriptionSecret: Act = async (exchange, door) => {
  const { id } = await readOwn(exchange, door);
  onlyNamed(validParametersOf(exchange, door), []);
  const secret = await door.store.rotateSecret(id);
  return { status: 200, headers: {}, body: { resourceType: 'Parameters', parameter: [{ name: 'secret', valueString: secret }] } };
};
