import type { DoorStore, Stored } from '../../store/door.ts';
import type { Principal } from '../../model/principal.ts';
import type { Search } from '../../store/search/search.ts';
import type { Reach } from '../policy.ts';
import { isWithinReach } from '../within-reach.ts';
import type { Include } from './include-of.ts';
import { noPage } from './page-token.ts';
import type { Shape } from './shape.ts';

/** Everything that one page of a search is made from; sealed into the links to the others. */
export interface Page {
  readonly search: Search;
  readonly includes: readonly Include[];
  readonly shape: Shape;
  /** Number of all matches, counted at the first page; null where it was not asked for, or not yet. */
  readonly total: number | null;
  /** Matches of a sorted search that were kept at its first page, and where this one begins. */
  readonly kept: { readonly id: string; readonly from: number } | null;
}

/** One page, and those around it. */
export interface Turned {
  readonly rows: readonly Stored[];
  readonly total: number | null;
  readonly next: Page | null;
  readonly previous: Page | null;
}

/** Who keeps pages: nobody else turns them. */
export const keeperOf = ({ organization, kind }: Principal): string => `${organization} ${kind}`;

/** Reads one page. Without `_sort` it follows the order of creation, and with it the matches that were kept: neither moves while others write. */
export const turn = async (store: DoorStore, principal: Principal, reach: Reach, page: Page): Promise<Turned> => {
  const { search, kept } = page;
  if (search.sort.length === 0 || search.count === 0) {
    const { rows, total, rest } = await store.search({ ...search, total: search.total && page.total === null });
    const known = total ?? page.total;
    const next = rest === null ? null : { ...page, search: { ...search, before: rest }, total: known };
    return { rows, total: known, next, previous: null };
  }
  const { count } = search;
  if (kept === null) {
    const { id, rows, total } = await store.sort(search, keeperOf(principal));
    const known = search.total ? total : null;
    // What was asked for is answered: the pages that follow need the order alone.
    const rest = { ...page, search: { ...search, where: [] }, total: known };
    return { rows, total: known, next: id === null ? null : { ...rest, kept: { id, from: count } }, previous: null };
  }
  const found = await store.sorted(kept.id, keeperOf(principal), kept.from, count);
  if (found === null) throw noPage();
  const at = (from: number): Page => ({ ...page, kept: { ...kept, from } });
  // They were within reach when they were kept: a Task may have been given to somebody else since.
  const within = await Promise.all(found.rows.map((row) => isWithinReach(store, principal, reach, row)));
  return {
    rows: found.rows.filter((_row, index) => within[index]),
    total: page.total,
    next: kept.from + count < found.total ? at(kept.from + count) : null,
    previous: kept.from > 0 ? at(Math.max(0, kept.from - count)) : null,
  };
};
