import { isUnchanged, versionHeaders } from '../etag.ts';
import { principalOf, reachOf, routeOf } from '../exchange.ts';
import type { Answer, Door, Exchange } from '../exchange.ts';
import { shown } from '../redact-header.ts';
import { personCalling } from '../access/needs-person.ts';
import { notFound } from '../refusal.ts';
import { Anomaly } from '../../model/anomaly.ts';
import { isOwn } from '../../model/principal.ts';
import type { Stored } from '../../store/door.ts';
import { isWithinReach } from '../within-reach.ts';
import { shapeAsked } from '../search/asked.ts';
import { shapedAs } from '../search/shape.ts';
import type { Act } from './act.ts';
import { readDisclosed } from './disclosed.ts';

const ID = /^[A-Za-z0-9\-.]{1,64}$/;

const gone = (): Anomaly => new Anomaly('gone', { at: null, help: 'was deleted: its versions are in its _history' });

/** Throws `gone` for what the caller's own organisation deleted, and `not-found` for all else that is not there. */
const absent = async (exchange: Exchange, door: Door): Promise<Anomaly> => {
  const { type, id } = routeOf(exchange);
  const deletedBy = await door.store.deletedBy(type, id);
  const isOwned = deletedBy !== null && (reachOf(exchange) === 'any' || isOwn(deletedBy, principalOf(exchange)));
  return isOwned ? gone() : notFound();
};

/** What is the caller's own as a person. Asked for before it is read: what is another's is one question that finds nothing, as what is not there. */
const readSelf = async (exchange: Exchange, door: Door): Promise<Stored> => {
  const { type, id } = routeOf(exchange);
  const principal = principalOf(exchange);
  const isOwned = await door.store.isOfPerson(personCalling(principal), type, id);
  const stored = isOwned ? await door.store.read(type, id) : null;
  if (stored !== null) return stored;
  await door.store.notOfPerson(principal);
  throw notFound();
};

/** The stored resource that the path names, if it is within the caller's reach. Throws `not-found` alike for absent and for another's. */
export const readOwn = async (exchange: Exchange, door: Door): Promise<Stored> => {
  if (reachOf(exchange) === 'self') return readSelf(exchange, door);
  const { type, id } = routeOf(exchange);
  const stored = ID.test(id) ? await door.store.read(type, id) : null;
  // What is another's is asked for as what is not there: neither answer comes sooner (I6).
  if (stored === null || !(await isWithinReach(door.store, principalOf(exchange), reachOf(exchange), stored)))
    throw await absent(exchange, door);
  return stored;
};

const answerOf = (exchange: Exchange, stored: Stored): Answer => {
  const headers = versionHeaders(stored.version, stored.updatedAt);
  return isUnchanged(exchange.request.headers['if-none-match'], stored.version)
    ? { status: 304, headers, body: null }
    : { status: 200, headers, body: shown(stored.body) };
};

const disclosed = async (exchange: Exchange, door: Door): Promise<Answer> => {
  const { type, id } = routeOf(exchange);
  const answer = ID.test(id) ? await readDisclosed(exchange, door, type, id) : null;
  if (answer === null) throw notFound();
  return answer;
};

/** As much of what was read as `_summary` or `_elements` asks for (R4 http, general parameters). */
const shaped = (exchange: Exchange, answer: Answer): Answer =>
  answer.body !== null && 'resourceType' in answer.body ? { ...answer, body: shapedAs(shapeAsked(exchange.query), answer.body) } : answer;

/** A plan in force, its words, or what became of a concern, to the person whose it is: on record before it answers. */
const readByPerson = async (exchange: Exchange, door: Door): Promise<Stored> => {
  const stored = await readSelf(exchange, door);
  await door.store.readByPerson(principalOf(exchange), stored.type, [stored.id]);
  return stored;
};

/** Read (R4 http, read): a stored resource within reach, or a disclosure. */
export const read: Act = async (exchange, door) => shaped(exchange, await readWhole(exchange, door));

const readWhole = async (exchange: Exchange, door: Door): Promise<Answer> => {
  const reach = reachOf(exchange);
  if (reach === 'disclosed') return disclosed(exchange, door);
  if (reach === 'self') return answerOf(exchange, await readByPerson(exchange, door));
  if (reach !== 'own-or-disclosed') return answerOf(exchange, await readOwn(exchange, door));
  const { type, id } = routeOf(exchange);
  const stored = ID.test(id) ? await door.store.read(type, id) : null;
  if (stored !== null && isOwn(stored, principalOf(exchange))) return answerOf(exchange, stored);
  if (ID.test(id)) {
    const why = await absent(exchange, door);
    if (why.category === 'gone') throw why;
  }
  return disclosed(exchange, door);
};

/** Vread (R4 http, vread): one version of a resource that is within reach now; 410 for the one by which it was deleted. */
export const vread: Act = async (exchange, door) => {
  const { type, id, version } = routeOf(exchange);
  const deletedBy = await door.store.deletedBy(type, id);
  // What was before a deletion can still be read.
  if (deletedBy === null || !isOwn(deletedBy, principalOf(exchange))) await readOwn(exchange, door);
  const number = /^[1-9]\d{0,8}$/.test(version) ? Number(version) : null;
  const stored = number === null ? null : await door.store.read(type, id, number);
  if (stored !== null) return shaped(exchange, answerOf(exchange, stored));
  throw number !== null && (await door.store.deletedBy(type, id, number)) !== null ? gone() : notFound();
};
