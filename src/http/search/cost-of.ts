import type { Condition } from '../../store/search/search.ts';

/** Lists that one search may have read: its plan takes a tenth of a millisecond for each, before anything is found (measured). */
export const MOST_LISTS = 1_000;
/** A text that may stand anywhere is looked for in every text of the caller's. */
const ANYWHERE = 10;

/** How many lists of the index a condition has read; chains to many types with many values multiply. */
export const costOf = (condition: Condition): number => {
  switch (condition.is) {
    case 'string':
      return condition.anyOf.length * (condition.how === 'contains' ? ANYWHERE : 1);
    case 'date':
    case 'updated':
      return condition.anyOf.length;
    case 'refers':
      return 1 + sumOf(condition.to.where);
    case 'referred':
      return 1 + sumOf(condition.by.where);
    case 'any':
      return sumOf(condition.anyOf);
    case 'not':
      return costOf(condition.of);
    case 'present':
      return 4;
    case 'token':
    case 'ids':
      return 1;
    default:
      return condition satisfies never;
  }
};

const sumOf = (conditions: readonly Condition[]): number => conditions.reduce((sum, each) => sum + costOf(each), 0);
