import type { Parameters, ParametersParameter, Resource } from '@medplum/fhirtypes';
import { toAccessLog } from '../../../mappings/sharing/to-access-log.ts';
import { toOwnPatient } from '../../../mappings/sharing/to-own-patient.ts';
import { badParameter } from '../refusal.ts';
import type { Answer, Door, Exchange } from '../exchange.ts';
import { principalOf, routeOf } from '../exchange.ts';
import type { Asked } from '../search/asked.ts';
import { ONE_PAGE, toSearchset } from '../search/searchset.ts';
import { isConcern, CONCERNS } from '../../model/concern.ts';
import { isHeading } from '../../model/heading.ts';
import { isRecipientKind, RECIPIENT_KINDS } from '../../model/kind.ts';
import { isOdsCode } from '../../model/ods-code.ts';
import type { Act } from './act.ts';
import { onlyAsked } from './agreement.ts';
import { onlyNamed, parameter, required, textOf, validParametersOf } from './operations.ts';
import { readOwn } from './read.ts';

const matchesOf = async (exchange: Exchange, door: Door): Promise<readonly Resource[]> => {
  const { type } = routeOf(exchange);
  const principal = principalOf(exchange);
  const records = await door.store.ownRecords(principal);
  if (type === 'Patient') return records.map(toOwnPatient);
  const ids = type === 'Task' ? await door.store.ownConcerns(principal) : records.flatMap(({ carePlanIds }) => carePlanIds);
  const found = await door.store.named(ids.map((id) => `${type}/${id}`));
  await door.store.readByPerson(
    principal,
    type,
    found.map(({ id }) => id),
  );
  return found.map(({ body }) => body);
};

/** Search by the person who calls, without a parameter: their own Patients, one of each publisher, their plans in force, or what they raised. */
export const searchSelf = async (exchange: Exchange, door: Door, { parameters, result, page }: Asked): Promise<Answer> => {
  const [strange] = [...[...parameters, ...result].map(([name]) => name), ...(page === null ? [] : ['_page'])];
  if (strange !== undefined) throw badParameter(strange, 'is no parameter here: a person finds their own, all of it');
  const { type } = routeOf(exchange);
  const matches = await matchesOf(exchange, door);
  const found = { ...ONE_PAGE, base: exchange.base, type, matches, included: [], total: matches.length, used: [], ignored: [] };
  return { status: 200, headers: {}, body: toSearchset(found) };
};

const COUNT = 50;
const MOST_COUNT = 100;

/** Patient/[id]/$access-log: who looked at the person's plans, when, for what, and what they were shown. */
export const accessLog: Act = async (exchange, door) => {
  const patient = await readOwn(exchange, door);
  const asked = onlyAsked(exchange.query, ['_count', 'after']);
  const count = asked.get('_count') ?? String(COUNT);
  if (!/^[1-9]\d{0,2}$/.test(count) || Number(count) > MOST_COUNT) throw badParameter('_count', `is a number from 1 to ${MOST_COUNT}`);
  const after = asked.get('after');
  if (after !== null && !/^[0-9a-f]{32}$/.test(after)) throw badParameter('after', 'is what the page before answered as next');
  // One more is asked for, so that the last page says that it is the last.
  const found = await door.store.accessLog(principalOf(exchange), patient.id, { after, count: Number(count) + 1 });
  const shown = found.slice(0, Number(count));
  const last = shown.at(-1);
  return { status: 200, headers: {}, body: toAccessLog(shown, found.length > shown.length && last !== undefined ? last.id : null) };
};

/** Longer than what a privacy officer is told of others: these are the person's own words. */
const MOST_OWN_WORDS = 4_000;

/** Patient/[id]/$raise-concern: a correction that the person asks for, or a complaint, to the publisher of the record. */
export const raiseConcern: Act = async (exchange, door) => {
  const patient = await readOwn(exchange, door);
  const parameters = onlyNamed(validParametersOf(exchange, door), ['concern', 'text', 'about']);
  const concern = parameter(parameters, 'concern')?.valueCode ?? '';
  if (!isConcern(concern)) throw required('concern', `is ${CONCERNS.join(' or ')}`);
  const text = textOf(parameters, 'what is wrong, in your own words', MOST_OWN_WORDS);
  const reference = parameter(parameters, 'about')?.valueReference?.reference ?? '';
  const [, type, id] = /^(CarePlan|AuditEvent)\/([A-Za-z0-9\-.]{1,64})$/.exec(reference) ?? [];
  if (parameter(parameters, 'about') !== undefined && id === undefined) throw required('about', 'is a CarePlan/[id] or an AuditEvent/[id]');
  const about = id === undefined ? null : { type: type === 'CarePlan' ? ('CarePlan' as const) : ('AuditEvent' as const), id };
  const task = await door.store.raiseConcern(principalOf(exchange), patient.id, { concern, text, about });
  return {
    status: 200,
    headers: {},
    body: { resourceType: 'Parameters', parameter: [{ name: 'task', valueReference: { reference: `Task/${task}` } }] },
  };
};

const MOST_NAMED = 50;

/** The values of a parameter that may stand often. */
const listOf = (parameters: Parameters, name: string, read: (each: ParametersParameter) => string | undefined): readonly string[] => {
  const found = (parameters.parameter ?? []).filter((each) => each.name === name).map(read);
  if (found.length > MOST_NAMED) throw required(name, `stands at most ${MOST_NAMED} times`);
  return found.map((value) => value ?? '');
};

/** Patient/[id]/$refuse-sharing: what the person no longer wants to be shared from this trust's plans. */
export const refuseSharing: Act = async (exchange, door) => {
  const patient = await readOwn(exchange, door);
  const parameters = onlyNamed(validParametersOf(exchange, door), ['kind', 'organization', 'heading', 'keepEmergencyAccess']);
  const kinds = listOf(parameters, 'kind', ({ valueCode }) => valueCode).map((kind) => {
    if (!isRecipientKind(kind)) throw required('kind', `is one of ${RECIPIENT_KINDS.join(', ')}`);
    return kind;
  });
  const headings = listOf(parameters, 'heading', ({ valueCode }) => valueCode).map((heading) => {
    if (!isHeading(heading)) throw required('heading', 'is a code of plan-heading');
    return heading;
  });
  const organizations = listOf(parameters, 'organization', ({ valueString }) => valueString);
  if (!organizations.every(isOdsCode)) throw required('organization', 'is an ODS code');
  const keepsEmergencyAccess = parameter(parameters, 'keepEmergencyAccess')?.valueBoolean === true;
  const refused = { kinds, organizations, headings, keepsEmergencyAccess };
  const consent = await door.store.refuseSharing(principalOf(exchange), patient.id, refused);
  return {
    status: 200,
    headers: {},
    body: { resourceType: 'Parameters', parameter: [{ name: 'consent', valueReference: { reference: `Consent/${consent}` } }] },
  };
};
