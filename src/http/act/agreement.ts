import { toEndingProgress, toEndingProof } from '../../../mappings/sharing/to-ending.ts';
import { idOf } from '../../../mappings/facts/reference-of.ts';
import { isReuse, REUSES } from '../../model/reuse.ts';
import type { EndingPlace } from '../../store/endings.ts';
import { MOST_ITEMS } from '../../store/endings.ts';
import { principalOf } from '../exchange.ts';
import { badParameter } from '../refusal.ts';
import type { Act } from './act.ts';
import { onlyNamed, parameter, required, textOf, validParametersOf } from './operations.ts';
import { readOwn } from './read.ts';

const ITEMS = 100;
const PLACE = /^([A-Za-z0-9\-.]{1,64})\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** Contract/[id]/$report-reuse: content was used beyond the recipient's duty, by the recipient that says so or by the one that the publisher names. */
export const reportReuse: Act = async (exchange, door) => {
  const contract = await readOwn(exchange, door);
  const principal = principalOf(exchange);
  const parameters = onlyNamed(validParametersOf(exchange, door), ['reuse', 'text', 'recipient', 'plan']);
  const code = parameter(parameters, 'reuse')?.valueCode ?? '';
  if (!isReuse(code)) throw required('reuse', `is one of ${Object.keys(REUSES).join(', ')}`);
  const text = textOf(parameters, 'what happened, and names nobody');
  const recipientId = idOf(parameter(parameters, 'recipient')?.valueReference, 'HealthcareService');
  const isNamed = parameter(parameters, 'recipient') !== undefined;
  if (isNamed && recipientId === null) throw required('recipient', 'is a HealthcareService/[id]');
  if (isNamed && principal.kind !== 'publisher')
    throw required('recipient', 'is named by a publisher only: a recipient reports its own reuse');
  const carePlanId = idOf(parameter(parameters, 'plan')?.valueReference, 'CarePlan');
  if (parameter(parameters, 'plan') !== undefined && carePlanId === null) throw required('plan', 'is a CarePlan/[id]');
  const task = await door.store.reportReuse(principal, contract.id, { reuse: code, text, recipientId, carePlanId });
  return {
    status: 200,
    headers: {},
    body: { resourceType: 'Parameters', parameter: [{ name: 'task', valueReference: { reference: `Task/${task}` } }] },
  };
};

/** The parameters of an operation that is asked by GET. Throws `malformed` at the first that has another name. */
export const onlyAsked = (query: string, names: readonly string[]): URLSearchParams => {
  const asked = new URLSearchParams(query);
  const strange = [...asked.keys()].find((name) => !names.includes(name));
  if (strange !== undefined) throw badParameter(strange, names.length === 0 ? 'is no parameter here' : `is none of ${names.join(', ')}`);
  return asked;
};

/** Contract/[id]/$ending-progress: how far what an agreement covered has been given up since it ended. */
export const endingProgress: Act = async (exchange, door) => {
  const contract = await readOwn(exchange, door);
  onlyAsked(exchange.query, []);
  return { status: 200, headers: {}, body: toEndingProgress(await door.store.endingProgress(principalOf(exchange), contract.id)) };
};

const placeOf = (text: string | null): EndingPlace | null => {
  if (text === null) return null;
  const [, recipientId, keyId] = PLACE.exec(Buffer.from(text, 'base64url').toString('utf8')) ?? [];
  if (recipientId === undefined || keyId === undefined) throw badParameter('after', 'is what the page before answered as next');
  return { recipientId, keyId };
};

/** Contract/[id]/$ending-proof: the same key by key, in pages. */
export const endingProof: Act = async (exchange, door) => {
  const contract = await readOwn(exchange, door);
  const asked = onlyAsked(exchange.query, ['_count', 'after']);
  const count = asked.get('_count') ?? String(ITEMS);
  if (!/^[1-9]\d{0,3}$/.test(count) || Number(count) > MOST_ITEMS) throw badParameter('_count', `is a number from 1 to ${MOST_ITEMS}`);
  const page = { after: placeOf(asked.get('after')), count: Number(count) };
  const { items, next } = await door.store.endingProof(principalOf(exchange), contract.id, page);
  const token = next === null ? null : Buffer.from(`${next.recipientId}/${next.keyId}`).toString('base64url');
  return { status: 200, headers: {}, body: toEndingProof(items, token) };
};
