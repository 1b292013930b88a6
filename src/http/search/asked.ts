import type { Exchange } from '../exchange.ts';
import { badParameter } from '../refusal.ts';
import { checkedNames } from './parameter-name.ts';
import { RESULT_PARAMETERS } from './parameters.ts';

/** One page holds at most this many. */
export const MAX_COUNT = 100;
const DEFAULT_COUNT = 50;
const MAX_PARAMETERS = 64;

/** What a search asks, before its parameters are understood. */
export interface Asked {
  readonly parameters: readonly (readonly [string, string])[];
  /** Matches on this page: 0 asks for the number only. */
  readonly count: number;
  readonly page: string | null;
  /** Whether a parameter that is not known ends the search (`Prefer: handling=strict`). */
  readonly strict: boolean;
}

const readCount = (text: string | null, summary: string | null): number => {
  if (summary !== null && summary !== 'count' && summary !== 'false') throw badParameter('_summary', 'is count or false');
  if (summary === 'count') return 0;
  if (text === null) return DEFAULT_COUNT;
  if (!/^\d{1,9}$/.test(text)) throw badParameter('_count', 'is a whole number');
  return Math.min(Number(text), MAX_COUNT);
};

/** Reads the parameters of a search from URL and form together. Throws `malformed` for what no search may hold. */
export const askedOf = (exchange: Exchange): Asked => {
  const url = exchange.query === '' ? [] : [...new URLSearchParams(exchange.query)];
  const all = exchange.form === null ? url : [...url, ...exchange.form];
  if (all.length > MAX_PARAMETERS) throw badParameter('search', `has at most ${MAX_PARAMETERS} parameters`);
  for (const [name, value] of all) {
    // PostgreSQL takes no NUL, and half a surrogate pair is no text.
    if (value.includes('\0') || name.includes('\0') || !value.isWellFormed())
      throw badParameter(checkedNames(name), 'holds a character that is not text');
  }
  const single = (name: string): string | null => {
    const found = all.filter(([each]) => each === name);
    if (found.length > 1) throw badParameter(name, 'stands once');
    return found[0]?.[1] ?? null;
  };
  const prefer = exchange.request.headers['prefer'];
  return {
    parameters: all.filter(([name]) => !RESULT_PARAMETERS.includes(name)),
    count: readCount(single('_count'), single('_summary')),
    page: single('_page'),
    strict: typeof prefer === 'string' && /(?:^|[,;\s])handling\s*=\s*"?strict/i.test(prefer),
  };
};
