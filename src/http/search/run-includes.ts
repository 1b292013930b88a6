import type { Principal } from '../../model/principal.ts';
import type { DoorStore, Stored } from '../../store/door.ts';
import { indexRows } from '../../store/search/index-rows.ts';
import { permitted } from '../policy.ts';
import { isWithinReach } from '../within-reach.ts';
import type { Include } from './include-of.ts';
import { scopeOf } from './scope-of.ts';

/** A page carries at most this many resources beside its matches. */
export const MOST_INCLUDED = 500;
/** How often `:iterate` goes on from what it found. */
const MOST_ROUNDS = 3;

const LOCAL = /^[A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64}$/;
const nameOf = ({ type, id }: Stored): string => `${type}/${id}`;

/** What stands beside the matches, and whether that was too much for one page. */
export interface Included {
  readonly rows: readonly Stored[];
  readonly isCut: boolean;
}

interface Asking {
  readonly store: DoorStore;
  readonly principal: Principal;
  readonly base: string;
}

// What a caller could not read by itself is left out, as if it were not there (I4).
const readable = async ({ store, principal }: Asking, rows: readonly Stored[]): Promise<readonly Stored[]> => {
  const within = await Promise.all(
    rows.map(async (row) => {
      const reach = permitted(principal, row.type, 'read');
      return reach !== null && (await isWithinReach(store, principal, reach, row));
    }),
  );
  return rows.filter((_row, at) => within[at]);
};

const referredBy = ({ base, principal }: Asking, { source, params, target }: Include, rows: readonly Stored[]): readonly string[] =>
  rows
    .filter(({ type }) => type === source)
    .flatMap(({ body, owner }) => indexRows(body, owner).tokens.filter(({ param }) => params.includes(param)))
    .map(({ token }) => (token.startsWith(`${base}/`) ? token.slice(base.length + 1) : token))
    .filter((name) => {
      const [type = ''] = name.split('/');
      return LOCAL.test(name) && (target === null || type === target) && permitted(principal, type, 'read') !== null;
    });

const follow = async (
  asking: Asking,
  include: Include,
  rows: readonly Stored[],
  known: ReadonlySet<string>,
): Promise<readonly Stored[]> => {
  const { store, principal } = asking;
  if (include.way === 'refers') {
    const names = new Set(referredBy(asking, include, rows).filter((each) => !known.has(each)));
    return names.size === 0 ? [] : readable(asking, await store.named([...names].slice(0, MOST_INCLUDED + 1)));
  }
  const scope = scopeOf(permitted(principal, include.source, 'read'), principal);
  const names = rows.filter(({ type }) => include.target === null || type === include.target).map(nameOf);
  if (scope.is === 'nothing' || names.length === 0) return [];
  const found = await store.referring({ type: include.source, scope, where: [] }, include.params, names, MOST_INCLUDED + 1);
  return readable(asking, found);
};

/** Follows `_include` and `_revinclude` from the matches of one page, each resource once. */
export const runIncludes = async (asking: Asking, includes: readonly Include[], matches: readonly Stored[]): Promise<Included> => {
  const known = new Map(matches.map((each) => [nameOf(each), each]));
  const found: Stored[] = [];
  let rows = matches;
  for (let round = 0; round < MOST_ROUNDS && rows.length > 0; round++) {
    const came: Stored[] = [];
    for (const include of includes) {
      if (round > 0 && !include.iterates) continue;
      for (const row of await follow(asking, include, rows, new Set(known.keys()))) {
        if (known.has(nameOf(row))) continue;
        known.set(nameOf(row), row);
        came.push(row);
      }
    }
    found.push(...came);
    rows = came;
  }
  return { rows: found.slice(0, MOST_INCLUDED), isCut: found.length > MOST_INCLUDED };
};
