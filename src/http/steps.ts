import { type Interaction, resourceType } from '../../profiles/resource-types.ts';
import { Anomaly } from '../model/anomaly.ts';
import type { Door, Exchange } from './exchange.ts';
import { clientOf, principalOf, resourceOf, routeOf } from './exchange.ts';
import { ACTS } from './acts.ts';
import { checkPerson, personCalling } from './access/needs-person.ts';
import { ownOrigin } from './access/own-origin.ts';
import { checkAccept, checkContentType } from './media.ts';
import { isSystemInteraction, kindMayAtAll, mayAtAll, permitted, permittedToKind } from './policy.ts';
import { callerOf } from './principal.ts';
import { emptyValues } from './read/empty-values.ts';
import { isResource } from './read/is-resource.ts';
import { readJsonPatch } from './read/json-patch.ts';
import { Refusal } from './refusal.ts';
import { allowOf, findRoute, type Matched, whyNoRoute } from './routes.ts';
import { checkWritable } from './writable.ts';

const MAX_URL = 8_192;
const MAX_FORM = 65_536;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const one = (header: string | readonly string[] | undefined): string | undefined => (typeof header === 'string' ? header : header?.[0]);

/** Mirrors the ids that the caller sent, as they are (nhs.md section 3); the log gets a UUID or the broker's own, for an id may hold anything. */
export const mirrorIds = (exchange: Exchange, door: Door): void => {
  const { request } = exchange;
  const requestId = one(request.headers['x-request-id']);
  const correlationId = one(request.headers['x-correlation-id']);
  if (requestId !== undefined && UUID.test(requestId)) exchange.requestId = requestId;
  exchange.mirrored = {
    'X-Request-ID': requestId ?? exchange.requestId,
    ...(correlationId === undefined ? {} : { 'X-Correlation-ID': correlationId }),
  };
  exchange.base = `${ownOrigin(door.config, request)}/fhir`;
};

/** Finds the route; what has none is refused only once its caller is known. */
export const matchRoute = (exchange: Exchange): void => {
  exchange.route = findRoute(exchange.request.method, exchange.path);
};

/** Refuses what is too long, and what asks for or sends another media type. */
export const checkLimits = ({ request, path, query, route }: Exchange): void => {
  if (path.length + query.length > MAX_URL)
    throw new Refusal(414, 'too-large', { at: 'http.path', help: `an address has at most ${MAX_URL} characters: search by POST` });
  // Node's own check of this answers without a word.
  if (request.httpVersion === '1.1' && request.headers.host === undefined)
    throw new Anomaly('malformed', { at: 'http.Host', help: 'is required' });
  // Node answers what says it is HTTP/2 or HTTP/0.9 as if it were not.
  if (request.httpVersion !== '1.1' && request.httpVersion !== '1.0')
    throw new Anomaly('malformed', { at: 'http.version', help: 'is HTTP/1.1' });
  if (route?.route.interaction === 'live' || route?.route.interaction === 'ready' || route?.route.interaction === 'metrics') return;
  checkAccept(request.headers.accept, query.includes('_format=') ? new URLSearchParams(query).get('_format') : null);
};

/** Names the caller, as its token proves it: 401 without. */
export const namePrincipal = async (exchange: Exchange, door: Door): Promise<void> => {
  const { client, principal, jti } = await callerOf(exchange.request.headers, door.check);
  if (principal.kind === 'operator' && principal.organization !== door.config.operatorOds.toUpperCase())
    throw new Anomaly('forbidden', { at: 'http.Authorization', help: 'the organisation of this client is not the operator' });
  exchange.client = client;
  exchange.tokenId = jti;
  exchange.principal = principal;
};

/** Turns away an address that was refused too often, before anything of the request is checked. */
export const checkAddress = (exchange: Exchange, door: Door): void => door.rateLimit?.checkAddress(exchange.request.address);

/** Counts the request against what its caller may ask in a minute. */
export const spendRequest = (exchange: Exchange, door: Door): Promise<void> | undefined => door.rateLimit?.spend(clientOf(exchange).id);

/**
 * Denies by default: a route that is not there (404, 405), a type or interaction that the policy does not give
 * this kind, and what needs a person who is not there (403).
 */
export const applyPolicy = (exchange: Exchange): void => {
  if (exchange.route === null) throw whyNoRoute(exchange.path);
  const { route, type } = exchange.route;
  const principal = principalOf(exchange);
  const refused = (what: string, toKind: boolean): Anomaly =>
    new Anomaly('forbidden', {
      at: null,
      help: `${toKind ? 'a service of this kind' : 'this access token, by its scopes,'} may not ${what}`,
    });
  if (isSystemInteraction(route.interaction)) {
    if (!mayAtAll(principal, route.interaction)) throw refused(route.interaction, !kindMayAtAll(principal.kind, route.interaction));
    return;
  }
  const offered = resourceType(type)?.interactions ?? [];
  const interaction = offered.find((each): each is Interaction => each === route.interaction);
  if (interaction === undefined)
    throw new Refusal(405, 'unsupported', { at: null, help: `this type offers ${offered.join(', ')}` }, { Allow: allowOf(exchange.path) });
  const reach = permitted(principal, type, interaction);
  if (reach === null) throw refused(`${interaction} ${type}`, permittedToKind(principal.kind, type, interaction) === null);
  checkPerson(interaction, exchange.user);
  if (reach === 'self') personCalling(principal);
  exchange.reach = reach;
};

/** The type of resource that a body holds, by its route. */
const expectedIn = ({ route, type }: Matched): string => {
  if (route.body === 'parameters') return 'Parameters';
  return route.body === 'bundle' ? 'Bundle' : type;
};

/** Reads the body: a form, a JSON Patch, or JSON that is a resource of the type that the address names. */
export const parseBody = async (exchange: Exchange): Promise<void> => {
  const matched = routeOf(exchange);
  const { route } = matched;
  const { request } = exchange;
  if (route.body === 'none') return;
  checkContentType(request.headers, route.body === 'form' || route.body === 'patch' ? route.body : 'resource');
  if (route.body === 'form') {
    exchange.form = new URLSearchParams(await request.text(MAX_FORM));
    checkAccept(undefined, exchange.form.get('_format'));
    return;
  }
  const value = await request.json();
  if (route.body === 'patch') {
    exchange.patch = readJsonPatch(value);
    return;
  }
  if (!isResource(value))
    throw new Anomaly('malformed', { at: 'resourceType', help: 'the body is a resource: a JSON object with its resourceType' });
  // What is only to be looked at is answered with all that is wrong with it, whatever it is.
  if (route.interaction === 'validate') {
    exchange.resource = value;
    return;
  }
  const expected = expectedIn(matched);
  if (value.resourceType !== expected) throw new Anomaly('malformed', { at: 'resourceType', help: `is ${expected}, as the address says` });
  const empty = emptyValues(value, expected);
  if (empty.length > 0) throw new Anomaly('incorrect', empty);
  exchange.resource = value;
};

/** Holds what is to be stored against its profile and the door's own rules. */
export const validateResource = (exchange: Exchange, door: Door): void => checkWritable(exchange, door, resourceOf(exchange));

/** Does what the route is for. */
export const act = async (exchange: Exchange, door: Door): Promise<void> => {
  exchange.answer = await ACTS[routeOf(exchange).route.interaction](exchange, door);
};
