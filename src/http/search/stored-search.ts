import { Anomaly } from '../../model/anomaly.ts';
import type { Principal } from '../../model/principal.ts';
import type { Condition, Search } from '../../store/search/search.ts';
import type { Reach } from '../policy.ts';
import { badParameter, Refusal } from '../refusal.ts';
import type { Asked } from './asked.ts';
import { conditionOf } from './condition-of.ts';
import { costOf, MOST_LISTS } from './cost-of.ts';
import { type Include, includesOf } from './include-of.ts';
import { checkedNames } from './parameter-name.ts';
import { scopeOf } from './scope-of.ts';
import { sortOf } from './sort-of.ts';

/** A search that the store can run, what stands beside its matches, and what was left out of it. */
export interface StoredSearch {
  readonly search: Search;
  readonly includes: readonly Include[];
  readonly used: readonly (readonly [string, string])[];
  readonly ignored: readonly string[];
}

interface Asking {
  readonly type: string;
  readonly asked: Asked;
  readonly reach: Reach;
  readonly principal: Principal;
  readonly base: string;
  readonly now: number;
}

/** The refusal of a parameter that the search does not know, under strict handling. */
export const unknownParameter = (name: string): Refusal =>
  new Refusal(400, 'unsupported', { at: `http.${checkedNames(name)}`, help: 'is no parameter of this search' });

const tooCostly = (name: string): Anomaly =>
  new Anomaly('malformed', {
    at: `http.${checkedNames(name)}`,
    code: 'too-costly',
    help: 'is one value or one step too many for one search: ask for fewer of them, or name the type that a chain goes through',
  });

/** Turns what is asked into a search over stored resources within the caller's reach. Throws `malformed`, and 400 for an unknown parameter under strict handling. */
export const storedSearch = ({ type, asked, reach, principal, base, now }: Asking): StoredSearch => {
  const where: Condition[] = [];
  const used: (readonly [string, string])[] = [];
  const ignored: string[] = [];
  let lists = 0;
  for (const [name, text] of asked.parameters) {
    const condition = conditionOf({ principal, base, now }, type, name, text);
    if (condition === null) {
      if (asked.strict) throw unknownParameter(name);
      ignored.push(name);
      continue;
    }
    used.push([name, text]);
    where.push(condition);
    lists += costOf(condition);
    if (lists > MOST_LISTS) throw tooCostly(name);
  }
  const sort = asked.result.find(([name]) => name === '_sort')?.[1];
  const includes = includesOf(type, asked.result);
  if (includes.length > 0 && asked.shape.is === 'text')
    throw badParameter('_summary', 'text does not stand beside _include (R4 search, summary)');
  const search: Search = {
    type,
    scope: scopeOf(reach, principal),
    where,
    sort: sort === undefined ? [] : sortOf(type, sort),
    count: asked.count,
    before: null,
    total: asked.total,
  };
  return { search, includes, used: [...used, ...asked.result], ignored };
};
