import type { Resource } from '@medplum/fhirtypes';
import type { Search } from '../../store/door.ts';
import type { Answer, Door, Exchange } from '../exchange.ts';
import { principalOf, reachOf, routeOf } from '../exchange.ts';
import { shown } from '../redact-header.ts';
import { askedOf } from '../search/asked.ts';
import type { Asked } from '../search/asked.ts';
import { disclosedSearch } from '../search/disclosed-search.ts';
import { toSearchset } from '../search/searchset.ts';
import type { Found } from '../search/searchset.ts';
import { storedSearch } from '../search/stored-search.ts';
import { tokenOf } from '../search/values.ts';
import type { Act } from './act.ts';
import { lookUpAs } from './disclosed.ts';

const answer = (found: Found): Answer => ({ status: 200, headers: {}, body: toSearchset(found) });

const page = async (exchange: Exchange, door: Door, search: Search, rest: Pick<Found, 'used' | 'ignored'>): Promise<Answer> => {
  const { rows, total } = await door.store.search(search);
  const last = rows.at(-1);
  const more = search.count > 0 && rows.length === search.count && last !== undefined;
  const next = more
    ? door.pages.seal(principalOf(exchange), { ...search, after: { updatedAt: last.updatedAt, id: last.id } }, door.now())
    : null;
  return answer({ base: exchange.base, type: search.type, matches: rows.map(({ body }) => shown(body)), total, next, ...rest });
};

/** Whether a disclosed resource says one of these codes. */
const says = (resource: Resource, param: 'status' | 'code', anyOf: readonly string[]): boolean => {
  const { status, code } = resource as {
    readonly status?: string;
    readonly code?: { readonly coding?: readonly { system?: string; code?: string }[] };
  };
  return anyOf.some((text) => {
    const wanted = tokenOf(text);
    if (param === 'status') return status === wanted.code;
    return (code?.coding ?? []).some((each) => each.code === wanted.code && (wanted.system === null || each.system === wanted.system));
  });
};

const searchDisclosed = async (exchange: Exchange, door: Door, type: string, asked: Asked): Promise<Answer> => {
  const { lookUp, ids, tokens, used, ignored } = disclosedSearch(type, asked, exchange.base);
  const found = lookUp === null ? [] : await lookUpAs(exchange, door, type, lookUp);
  const matches = found
    .filter(
      ({ disclosure, resource }) =>
        (ids === null || ids.includes(disclosure.id)) && tokens.every(({ param, anyOf }) => says(resource, param, anyOf)),
    )
    .map(({ resource }) => resource);
  return answer({ base: exchange.base, type, matches: matches.slice(0, asked.count), total: matches.length, next: null, used, ignored });
};

/** Search (R4 http, search), by GET and by POST: stored resources within reach, or what the caller may see of one person's plans. */
export const search: Act = async (exchange, door) => {
  const { type } = routeOf(exchange);
  const asked = askedOf(exchange);
  const reach = reachOf(exchange);
  if (reach === 'disclosed') return searchDisclosed(exchange, door, type, asked);
  const principal = principalOf(exchange);
  if (asked.page !== null) return page(exchange, door, door.pages.open(principal, asked.page, type, door.now()), { used: [], ignored: [] });
  const { search: wanted, used, ignored } = await storedSearch({ type, asked, reach, principal, base: exchange.base, store: door.store });
  return page(exchange, door, wanted, { used, ignored });
};
