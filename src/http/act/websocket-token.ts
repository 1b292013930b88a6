import { anomaly } from '../../model/anomaly.ts';
import { toFhirInstant } from '../../../mappings/time.ts';
import { ownOrigin } from '../access/own-origin.ts';
import type { Door, Exchange } from '../exchange.ts';
import { clientOf, principalOf, routeOf, tokenIdOf } from '../exchange.ts';
import { mayReadWhole } from '../policy.ts';
import { WEBSOCKET_PATH } from '../websocket/websocket-door.ts';
import type { Act } from './act.ts';
import { askedOf } from './asked-of.ts';
import { readOwn } from './read.ts';

const ID = /^[A-Za-z0-9\-.]{1,64}$/;

/** What is told on a socket is told to the client that binds it. */
const checkMayBeTold = async (exchange: Exchange, door: Door, ids: readonly string[]): Promise<void> => {
  const principal = principalOf(exchange);
  if (mayReadWhole(principal)) return;
  const states = await door.store.subscriptionStates(principal, { ids, statuses: null });
  if (states.some(({ content }) => content === 'full-resource'))
    throw anomaly('forbidden', 'this access token, by its scopes, may not read what is told there');
};

/**
 * Subscription/[id]/$get-ws-binding-token and Subscription/$get-ws-binding-token (backport IG): a token by which a websocket is bound to Subscriptions of the
 * caller's, once. Of the type, `id` may be repeated; without any it is for all of them over websockets. Another's is one that is not there (I6).
 */
export const websocketToken: Act = async (exchange, door) => {
  const { id } = routeOf(exchange);
  const client = clientOf(exchange);
  const asked = askedOf(exchange, door, ['id']);
  const named = asked.all('id');
  if (id !== '') await readOwn(exchange, door);
  const wanted = id !== '' ? [id] : named.length > 0 ? [...new Set(named)] : null;
  const own = await door.store.ownWebsockets(principalOf(exchange), client.id, wanted?.filter((each) => ID.test(each)) ?? null);
  if (id !== '' && own.length === 0)
    throw anomaly('conflict', 'is told by rest-hook: only over a websocket is there a token', 'Subscription.channel.type');
  // Another's is as one that is not there, and so is one without a websocket.
  if (own.length < (wanted?.length ?? 1))
    throw anomaly('not-found', 'there is no such Subscription over a websocket here', 'Parameters.parameter');
  const standing = own.filter(({ stands }) => stands);
  if (standing.length === 0 || (wanted !== null && standing.length < own.length))
    throw anomaly('conflict', 'a Subscription that is off, or whose service is in no agreement, is told nothing', 'Subscription.status');
  const ids = standing.map((each) => each.id);
  await checkMayBeTold(exchange, door, ids);
  const { token, endsAt } = await door.store.websocketToken({ clientId: client.id, accessJti: tokenIdOf(exchange) }, ids);
  const origin = ownOrigin(door.config, exchange.request);
  return {
    status: 200,
    headers: {},
    body: {
      resourceType: 'Parameters',
      parameter: [
        { name: 'token', valueString: token },
        { name: 'expiration', valueDateTime: toFhirInstant(endsAt) },
        ...ids.map((id) => ({ name: 'subscription', valueString: id })),
        { name: 'websocket-url', valueUrl: `${origin.replace(/^http/, 'ws')}${WEBSOCKET_PATH}` },
      ],
    },
  };
};
