import type { Bundle, BundleEntry, BundleLink } from '@medplum/fhirtypes';
import { toFhirInstant } from '../../../mappings/time.ts';
import { startOf } from '../../../mappings/facts/instant-of.ts';
import { Anomaly } from '../../model/anomaly.ts';
import type { Instant } from '../../model/instant.ts';
import { isOwn, type Writer } from '../../model/principal.ts';
import type { HistoryAsked, Version } from '../../store/door.ts';
import { etagOf } from '../etag.ts';
import type { Answer, Door, Exchange } from '../exchange.ts';
import { principalOf, reachOf, routeOf } from '../exchange.ts';
import { shown } from '../redact-header.ts';
import { badParameter, notFound, Refusal } from '../refusal.ts';
import { askedOf } from '../search/asked.ts';
import { checkedNames } from '../search/parameter-name.ts';
import type { Act } from './act.ts';
import { readOwn } from './read.ts';

const toEntry = (base: string, { type, id, version, updatedAt, body }: Version): BundleEntry => {
  const fullUrl = `${base}/${type}/${id}`;
  const response = { etag: etagOf(version), lastModified: toFhirInstant(updatedAt) };
  if (body === null) return { fullUrl, request: { method: 'DELETE', url: `${type}/${id}` }, response: { ...response, status: '204' } };
  return {
    fullUrl,
    resource: shown(body),
    request: version === 1 ? { method: 'POST', url: type } : { method: 'PUT', url: `${type}/${id}` },
    response: { ...response, status: version === 1 ? '201' : '200' },
  };
};

/** Where a history goes on: what was asked for at its first page, and the last version that it showed. */
interface HistoryPage {
  readonly asked: HistoryAsked;
  readonly total: number;
}

const sinceOf = (parameters: readonly (readonly [string, string])[], strict: boolean): Instant | null => {
  let since: Instant | null = null;
  for (const [name, value] of parameters) {
    if (name !== '_since') {
      if (strict) throw new Refusal(400, 'unsupported', { at: `http.${checkedNames(name)}`, help: 'is no parameter of a history' });
      continue;
    }
    try {
      since = startOf(value.replace(' ', '+'), 'http._since');
    } catch (fault) {
      if (fault instanceof Anomaly) throw badParameter('_since', 'is a date or an instant');
      throw fault;
    }
  }
  return since;
};

const answer = async (exchange: Exchange, door: Door, writer: Writer | null): Promise<Answer> => {
  const { type, id } = routeOf(exchange);
  const principal = principalOf(exchange);
  const { count, page, parameters, strict } = askedOf(exchange);
  const of = `history ${type}/${id}`;
  const going = page === null ? null : door.pages.open<HistoryPage>(principal, of, page, door.now());
  const asked: HistoryAsked = going?.asked ?? {
    type,
    id: id === '' ? null : id,
    writer,
    since: sinceOf(parameters, strict),
    until: door.now(),
    count,
    after: null,
  };
  const { rows, total } = await door.store.history(asked);
  const last = rows.at(-1);
  const path = id === '' ? `${exchange.base}/${type}/_history` : `${exchange.base}/${type}/${id}/_history`;
  const all = going?.total ?? total;
  const next =
    last === undefined || rows.length < asked.count
      ? null
      : door.pages.seal<HistoryPage>(principal, of, { asked: { ...asked, after: cursorOf(last) }, total: all }, door.now());
  const link: BundleLink[] = [
    { relation: 'self', url: path },
    ...(next === null ? [] : [{ relation: 'next', url: `${path}?_page=${next}` }]),
  ];
  const entry = rows.map((row) => toEntry(exchange.base, row));
  const body: Bundle = { resourceType: 'Bundle', type: 'history', total: all, link, ...(entry.length === 0 ? {} : { entry }) };
  return { status: 200, headers: {}, body };
};

const cursorOf = ({ updatedAt, id, version }: Version): HistoryAsked['after'] => ({ updatedAt, id, version });

/** History of one resource (R4 http, history): newest first, also of one that was deleted. */
export const historyOfInstance: Act = async (exchange, door) => {
  const { type, id } = routeOf(exchange);
  const deletedBy = await door.store.deletedBy(type, id);
  const isOwned = deletedBy !== null && (reachOf(exchange) === 'any' || isOwn(deletedBy, principalOf(exchange)));
  if (!isOwned) await readOwn(exchange, door);
  return answer(exchange, door, null);
};

/** History of a type: every version of what the caller's service wrote, newest first. */
export const historyOfType: Act = (exchange, door) => {
  const reach = reachOf(exchange);
  if (reach !== 'any' && reach !== 'own') throw notFound();
  const { organization, kind } = principalOf(exchange);
  return answer(exchange, door, reach === 'any' ? null : { owner: organization, service: kind });
};
