import type { Client } from '../../model/client.ts';
import { personInTrail } from '../../model/person-identity.ts';
import { userInTrail } from '../../model/user-identity.ts';
import type { Door, Exchange } from '../exchange.ts';
import { clientOf, principalOf } from '../exchange.ts';
import { isOwnOrigin, ownOrigin, type Reached, type Site } from './own-origin.ts';

/**
 * Whether an id token that names this audience was made for this call: for the client, or for the broker. Behind a proxy no more is believed to be
 * the broker's own than what the request came to: the issuer serves other systems too, and their users' tokens are no use here.
 */
export const isMeantFor = (audience: string, { id, userAudiences }: Client, site: Site, reached: Reached): boolean => {
  if (audience === id || userAudiences.includes(audience)) return true;
  const origin = audience.endsWith('/fhir') ? audience.slice(0, -'/fhir'.length) : audience;
  return origin === ownOrigin(site, reached) || (!site.behindProxy && isOwnOrigin(site, origin));
};

/**
 * Names the user on whose behalf the client calls, where it says so; by an app for persons, the person whose plan it is. The NHS number in their
 * token is looked up here, and goes no further. Throws `unauthenticated`, `forbidden` and `unavailable`.
 */
export const nameUser = async (exchange: Exchange, door: Door): Promise<void> => {
  const sent = exchange.request.headers['x-user-identity'];
  if (sent === undefined) return;
  const client = clientOf(exchange);
  const principal = principalOf(exchange);
  const meantFor = (audience: string): boolean => isMeantFor(audience, client, door.config, exchange.request);
  if (principal.kind === 'person') {
    const person = await door.verifyPerson(sent, meantFor);
    exchange.principal = { ...principal, user: personInTrail(person), personId: await door.store.personOf(person.nhsNumber) };
    return;
  }
  const user = await door.verifyUser(sent, { organization: principal.organization, isMeantFor: meantFor });
  exchange.user = user;
  exchange.principal = { ...principal, user: userInTrail(user) };
};
