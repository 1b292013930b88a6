import type { Parameters } from '@medplum/fhirtypes';
import { toStatus } from '../../../mappings/notification/to-status.ts';
import type { SubscriptionState } from '../../model/subscription-event.ts';
import type { Door, Exchange } from '../exchange.ts';
import { principalOf, routeOf } from '../exchange.ts';
import type { Act } from './act.ts';
import { askedOf } from './asked-of.ts';
import { readOwn } from './read.ts';

const ID = /^[A-Za-z0-9\-.]{1,64}$/;
const STATUSES: readonly string[] = ['requested', 'active', 'error', 'off'];

/** The state of a Subscription that the caller has read. */
export const stateOf = async (exchange: Exchange, door: Door): Promise<SubscriptionState> => {
  const { id } = await readOwn(exchange, door);
  const [state] = await door.store.subscriptionStates(principalOf(exchange), { ids: [id], statuses: null });
  if (state === undefined) throw new Error('a Subscription has no destination');
  return state;
};

/**
 * Subscription/[id]/$status and Subscription/$status (backport IG): a searchset of one Parameters for each. Of one, `id` and `status` mean nothing, and are not
 * looked at; of all, each may be repeated, and any of its values will do. It answers whatever the status is.
 */
export const subscriptionStatus: Act = async (exchange, door) => {
  const isOne = routeOf(exchange).id !== '';
  const states = isOne
    ? [await stateOf(exchange, door)]
    : await door.store.subscriptionStates(principalOf(exchange), statesAsked(exchange, door));
  // An unknown parameter is refused in both.
  if (isOne) askedOf(exchange, door, ['id', 'status']);
  const entry = states.map((state) => {
    const resource = statusNow(exchange, door, state);
    return { fullUrl: `urn:uuid:${resource.id}`, resource, search: { mode: 'match' as const } };
  });
  return {
    status: 200,
    headers: {},
    body: { resourceType: 'Bundle', id: door.newId(), type: 'searchset', total: entry.length, ...(entry.length === 0 ? {} : { entry }) },
  };
};

const statusNow = (exchange: Exchange, door: Door, { id, topic, status, wrong, events }: SubscriptionState): Parameters =>
  toStatus({
    id: door.newId(),
    base: exchange.base,
    subscriptionId: id,
    topic,
    status,
    type: 'query-status',
    eventsSinceStart: events,
    events: [],
    wrong,
  });

const statesAsked = (exchange: Exchange, door: Door) => {
  const asked = askedOf(exchange, door, ['id', 'status']);
  const statuses = asked.all('status');
  if (statuses.some((each) => !STATUSES.includes(each))) throw asked.wrong('status', `is one of ${STATUSES.join(', ')}`);
  const ids = asked.all('id');
  // What can be no id names nothing, and PostgreSQL is not asked for it.
  return { ids: ids.length === 0 ? null : ids.filter((each) => ID.test(each)), statuses: statuses.length === 0 ? null : statuses };
};
