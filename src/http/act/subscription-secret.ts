import type { Act } from './act.ts';
import { onlyNamed, validParametersOf } from './operations.ts';
import { readOwn } from './read.ts';

/** Subscription/[id]/$rotate-secret: another secret by which its notifications are signed, told this once; the one before goes on beside it. */
export const rotateSubscriptionSecret: Act = async (exchange, door) => {
  const { id } = await readOwn(exchange, door);
  onlyNamed(validParametersOf(exchange, door), []);
  const secret = await door.store.rotateSecret(id);
  return { status: 200, headers: {}, body: { resourceType: 'Parameters', parameter: [{ name: 'secret', valueString: secret }] } };
};
