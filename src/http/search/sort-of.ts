import type { SortKey } from '../../store/search/search.ts';
import { badParameter } from '../refusal.ts';
import { definitionOf } from './parameters.ts';

const MOST_KEYS = 5;

/** Reads `_sort`: names of parameters, most important first, `-` for the largest first (R4 search, sorting). Throws `malformed`. */
export const sortOf = (type: string, text: string): readonly SortKey[] => {
  const keys = text.split(',').map((each) => each.trim());
  if (keys.length > MOST_KEYS) throw badParameter('_sort', `has at most ${MOST_KEYS} keys`);
  return keys.map((key): SortKey => {
    const descending = key.startsWith('-');
    const param = descending ? key.slice(1) : key;
    if (param === '_id') return { by: 'id', param, descending };
    if (param === '_lastUpdated') return { by: 'updated', param, descending };
    const is = definitionOf(type, param)?.is;
    if (is === undefined)
      throw badParameter('_sort', 'is a list of search parameters of the type, with - before one whose largest comes first');
    return { by: is === 'string' || is === 'date' ? is : is === 'token' ? 'token' : 'reference', param, descending };
  });
};
