import { Anomaly } from '../model/anomaly.ts';
import type { DoorStore, Stored } from '../store/door.ts';
import type { Door, Exchange } from './exchange.ts';
import { principalOf, routeOf } from './exchange.ts';
import { permitted } from './policy.ts';
import { askedFrom } from './search/asked.ts';
import { storedSearch } from './search/stored-search.ts';

/** Where a condition stands: after the `?` of the address, or in `If-None-Exist`. */
export type ConditionPlace = 'path' | 'If-None-Exist';

const failed = (place: string, help: string, code?: string): Anomaly =>
  new Anomaly('stale', { at: `http.${place}`, help, ...(code === undefined ? {} : { code }) });

/**
 * The one resource of a type that a condition names, among those that the caller would find by a search (R4 http, conditional create,
 * update and delete); null where there is none. Throws `stale` (412) where there are several or the condition says nothing, and
 * `unsupported` for a parameter that the search does not know: left out, it would name more than was meant.
 */
export const theOne = async (
  { store, now }: Pick<Door, 'now'> & { readonly store: DoorStore },
  exchange: Exchange,
  type: string,
  query: string,
  place: ConditionPlace,
): Promise<Stored | null> => {
  const principal = principalOf(exchange);
  const asked = askedFrom([...new URLSearchParams(query.replace(/^\?/, ''))], true);
  if (asked.parameters.length === 0) throw failed(place, 'a condition names at least one search parameter');
  const reach = permitted(principal, type, 'search');
  if (reach === null)
    throw new Anomaly('forbidden', { at: `http.${place}`, help: 'a condition is a search, which this access token may not' });
  if (reach === 'disclosed') throw failed(place, 'a condition is over resources that the caller finds by a search');
  const { search } = storedSearch({ type, asked: { ...asked, count: 2, total: false }, reach, principal, base: exchange.base, now: now() });
  const { rows } = await store.search({ ...search, sort: [] });
  if (rows.length > 1) throw failed(place, 'more than one resource meets the condition', 'multiple-matches');
  return rows[0] ?? null;
};

/** What nobody else decides while a condition is met and acted on: writes of one organisation on one type that have one. */
export const conditionLock = (exchange: Exchange, type: string): string => `${principalOf(exchange).organization} ${type}`;

/** The same exchange with the id of the resource that its condition named. */
export const withId = (exchange: Exchange, id: string): Exchange => ({ ...exchange, route: { ...routeOf(exchange), id } });

/** Runs an interaction on the resource that the address names, or that its condition does: then nobody else decides on one meanwhile. */
export const onTheOne = async <T>(
  exchange: Exchange,
  door: Door,
  run: (exchange: Exchange, door: Door, found: 'by id' | 'by condition' | 'none') => Promise<T>,
): Promise<T> => {
  const { type, id } = routeOf(exchange);
  if (id !== '') return run(exchange, door, 'by id');
  return door.store.transaction([conditionLock(exchange, type)], async (store) => {
    const within = { ...door, store };
    const found = await theOne(within, exchange, type, exchange.query, 'path');
    return found === null ? run(exchange, within, 'none') : run(withId(exchange, found.id), within, 'by condition');
  });
};
