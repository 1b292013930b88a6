import type { Stored } from '../door.ts';

/** How a date of a search compares with a date of a resource (R4 search, prefixes). */
export type DatePrefix = 'eq' | 'ne' | 'gt' | 'lt' | 'ge' | 'le' | 'sa' | 'eb' | 'ap';

/** One date that is asked for: its span in milliseconds, the end not included. */
export interface DateTest {
  readonly prefix: DatePrefix;
  readonly low: number;
  readonly high: number;
}

/** Which resources of a type a caller reaches. */
export type Scope =
  | { readonly is: 'all' }
  | { readonly is: 'nothing' }
  /** Written by this organisation, and by this kind of service where one is named. */
  | { readonly is: 'owner'; readonly owner: string; readonly service: string | null }
  /** Tasks that name this organisation, and this kind of service, as the ones that have them to do. */
  | { readonly is: 'addressed'; readonly organization: string; readonly kind: string };

/** Resources of a type within a scope that meet every condition. */
export interface Among {
  readonly type: string;
  readonly scope: Scope;
  readonly where: readonly Condition[];
}

/** What the index answers with a list of resources. `param` and values are as it holds them (token-text.ts, fold-text.ts). */
export type Indexed =
  | { readonly is: 'token'; readonly param: string; readonly anyOf: readonly string[] }
  | { readonly is: 'string'; readonly param: string; readonly how: 'starts' | 'contains' | 'exact'; readonly anyOf: readonly string[] }
  | { readonly is: 'date'; readonly param: string; readonly anyOf: readonly DateTest[] }
  /** It says anything at all under `param`. */
  | { readonly is: 'present'; readonly param: string }
  /** It refers, under `param`, to one of these. */
  | { readonly is: 'refers'; readonly param: string; readonly to: Among }
  | { readonly is: 'any'; readonly anyOf: readonly Indexed[] };

/** What a resource must meet. */
export type Condition =
  | Indexed
  | { readonly is: 'ids'; readonly anyOf: readonly string[] }
  | { readonly is: 'updated'; readonly anyOf: readonly DateTest[] }
  | { readonly is: 'not'; readonly of: Indexed }
  /** One of these refers to it under `param`. */
  | { readonly is: 'referred'; readonly param: string; readonly by: Among };

/** What a search is sorted by: `_id`, `_lastUpdated`, or a parameter of the index. */
export interface SortKey {
  readonly by: 'id' | 'updated' | 'token' | 'reference' | 'string' | 'date';
  readonly param: string;
  readonly descending: boolean;
}

/** One search over stored resources. */
export interface Search extends Among {
  /** Empty: newest created first. */
  readonly sort: readonly SortKey[];
  readonly count: number;
  /** Only what was created before this serial: the rest after a page. Null on the first page. */
  readonly before: number | null;
  /** Whether the number of all that match is wanted. */
  readonly total: boolean;
}

/** What was found. */
export interface Found {
  readonly rows: readonly Stored[];
  /** How many match in all; null where that was not asked for. */
  readonly total: number | null;
  /** Serial of the last row where more follow it; null where none does. */
  readonly rest: number | null;
}

/** A search without pages: up to `count` resources, newest created first. */
export const searchAmong = (type: string, scope: Scope, where: readonly Condition[], count: number): Search => ({
  type,
  scope,
  where,
  sort: [],
  count,
  before: null,
  total: false,
});

export const ALL: Scope = { is: 'all' };
