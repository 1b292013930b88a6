import type { DoorStore } from '../door.ts';
import type { Sql } from '../pool.ts';
import { readReferences, readReferring } from './related.ts';
import { searchResources } from './run-search.ts';
import { keepToken, keptToken, sortedPage, sortResources } from './search-page.ts';

/** What the doors search by, on a pool or within a transaction. */
export const searchingOn = (
  sql: Sql,
): Pick<DoorStore, 'search' | 'sort' | 'sorted' | 'keepToken' | 'keptToken' | 'named' | 'referring'> => ({
  search: (search) => searchResources(sql, search),
  sort: (search, owner) => sortResources(sql, search, owner),
  sorted: (id, owner, from, count) => sortedPage(sql, id, owner, from, count),
  keepToken: (token, owner) => keepToken(sql, token, owner),
  keptToken: (id, owner) => keptToken(sql, id, owner),
  named: (references) => readReferences(sql, references),
  referring: (among, params, references, most) => readReferring(sql, among, params, references, most),
});
