import type { Exchange } from '../exchange.ts';
import { badParameter } from '../refusal.ts';
import { checkedNames } from './parameter-name.ts';
import { RESULT_PARAMETERS } from './parameters.ts';
import type { Shape } from './shape.ts';

/** One page holds at most this many. */
export const MAX_COUNT = 100;
const DEFAULT_COUNT = 50;
const MAX_PARAMETERS = 64;

/** What a search asks, before its parameters are understood. */
export interface Asked {
  readonly parameters: readonly (readonly [string, string])[];
  /** Parameters of the answer as they were written, for the self link. */
  readonly result: readonly (readonly [string, string])[];
  /** Matches on this page: 0 asks for the number only. */
  readonly count: number;
  /** Whether the number of all matches is wanted. */
  readonly total: boolean;
  readonly shape: Shape;
  readonly page: string | null;
  /** Whether a parameter that is not known ends the search (`Prefer: handling=strict`). */
  readonly strict: boolean;
}

const readCount = (text: string | null): number => {
  if (text === null) return DEFAULT_COUNT;
  if (!/^\d{1,9}$/.test(text)) throw badParameter('_count', 'is a whole number');
  return Math.min(Number(text), MAX_COUNT);
};

const readShape = (summary: string | null, elements: string | null): Shape => {
  const kind = summary ?? 'false';
  if (kind !== 'true' && kind !== 'text' && kind !== 'data' && kind !== 'count' && kind !== 'false')
    throw badParameter('_summary', 'is true, text, data, count or false');
  if (elements === null) return kind === 'true' ? { is: 'summary' } : kind === 'text' || kind === 'data' ? { is: kind } : { is: 'whole' };
  if (kind !== 'false') throw badParameter('_elements', 'does not stand beside _summary');
  const names = elements.split(',').map((each) => each.trim().replace(/^[A-Z][A-Za-z]*\./, ''));
  if (names.length > 50 || names.some((each) => !/^[a-z][A-Za-z]{0,63}$/.test(each)))
    throw badParameter('_elements', 'is a list of names of elements, 50 at most');
  return { is: 'elements', names };
};

/** How much of one resource a read shows (R4 http, general parameters). Throws `malformed`, for a count too: a read counts nothing. */
export const shapeAsked = (query: string): Shape => {
  if (!query.includes('_summary') && !query.includes('_elements')) return { is: 'whole' };
  const asked = new URLSearchParams(query);
  const summary = asked.get('_summary');
  if (summary === 'count') throw badParameter('_summary', 'is true, text, data or false here');
  return readShape(summary, asked.get('_elements'));
};

/** Reads the parameters of a search. Throws `malformed` for what no search may hold. */
export const askedFrom = (all: readonly (readonly [string, string])[], strict: boolean): Asked => {
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
  const result = all.filter(([name]) => RESULT_PARAMETERS.has(name));
  const summary = single('_summary');
  const total = single('_total') ?? 'accurate';
  if (total !== 'none' && total !== 'estimate' && total !== 'accurate') throw badParameter('_total', 'is none, estimate or accurate');
  const count = summary === 'count' ? 0 : readCount(single('_count'));
  return {
    parameters: all.filter(([name]) => !RESULT_PARAMETERS.has(name)),
    result: result.filter(([name]) => name !== '_format' && name !== '_pretty' && name !== '_page'),
    count,
    total: total !== 'none' || count === 0,
    shape: readShape(summary, single('_elements')),
    page: single('_page'),
    strict,
  };
};

/** Reads the parameters of a search from URL and form together. */
export const askedOf = (exchange: Exchange): Asked => {
  const url = exchange.query === '' ? [] : [...new URLSearchParams(exchange.query)];
  const prefer = exchange.request.headers['prefer'];
  const strict = typeof prefer === 'string' && /(?:^|[,;\s])handling\s*=\s*"?strict/i.test(prefer);
  return askedFrom(exchange.form === null ? url : [...url, ...exchange.form], strict);
};
