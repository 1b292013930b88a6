import { signedInUser } from '../access/needs-person.ts';
import { principalOf } from '../exchange.ts';
import type { Act } from './act.ts';
import { chaseEndAsked } from './chase-end-asked.ts';
import { validParametersOf } from './operations.ts';
import { readOwn } from './read.ts';

/** HealthcareService/[id]/$end-chase: a signed-in person of the operator's says what became of what that service is asked to give up. */
export const endChase: Act = async (exchange, door) => {
  const service = await readOwn(exchange, door);
  const user = signedInUser('end-chase', exchange.user);
  const asked = chaseEndAsked(validParametersOf(exchange, door));
  const sealed = await door.store.endChase(principalOf(exchange), { ...asked, user, recipientId: service.id });
  return { status: 200, headers: {}, body: { resourceType: 'Parameters', parameter: [{ name: 'provenance', resource: sealed }] } };
};
