import type { DateTest } from './search.ts';

type Put = (value: unknown) => string;

/** R4 search, prefixes: spans of a resource (low, high) against the span that is asked for. */
export const dateTest = (low: string, high: string, { prefix, low: from, high: to }: DateTest, put: Put): string => {
  const bound = (value: number): string => `${put(value)}::bigint`;
  switch (prefix) {
    case 'eq':
      return `(${low} >= ${bound(from)} AND ${high} <= ${bound(to)})`;
    case 'ne':
      return `(${low} < ${bound(from)} OR ${high} > ${bound(to)})`;
    case 'gt':
      return `${high} > ${bound(to)}`;
    case 'lt':
      return `${low} < ${bound(from)}`;
    // R4: the range beyond the span overlaps, or the span contains all of it. The outer bound is what the index narrows by.
    case 'ge':
      return `(${high} > ${bound(from)} AND (${high} > ${bound(to)} OR ${low} >= ${bound(from)}))`;
    case 'le':
      return `(${low} < ${bound(to)} AND (${low} < ${bound(from)} OR ${high} <= ${bound(to)}))`;
    case 'sa':
      return `${low} >= ${bound(to)}`;
    case 'eb':
      return `${high} <= ${bound(from)}`;
    case 'ap':
      return `(${low} < ${bound(to)} AND ${high} > ${bound(from)})`;
    default:
      return prefix satisfies never;
  }
};

/** `resource.updated_at` is a moment: the same tests, as an index on it can narrow them. */
export const updatedTest = (column: string, { prefix, low, high }: DateTest, put: Put): string => {
  const at = (value: number): string => `to_timestamp(${put(value)}::double precision / 1000)`;
  switch (prefix) {
    case 'eq':
    case 'ap':
      return `(${column} >= ${at(low)} AND ${column} < ${at(high)})`;
    case 'ne':
      return `(${column} < ${at(low)} OR ${column} >= ${at(high)})`;
    case 'gt':
    case 'sa':
      return `${column} >= ${at(high)}`;
    case 'lt':
    case 'eb':
      return `${column} < ${at(low)}`;
    case 'ge':
      return `${column} >= ${at(low)}`;
    case 'le':
      return `${column} < ${at(high)}`;
    default:
      return prefix satisfies never;
  }
};
