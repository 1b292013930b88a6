import { isJson, listOf } from '../rest/read-json.ts';

/**
 * The pages of one search as one answer: what the last of them says, with the pointers of all. The total is the largest that any has given: of all (R4), or of its
 * own page (NRLF).
 */
export const joinNrlPages = (pages: readonly unknown[]): unknown => {
  const last = pages.at(-1);
  if (pages.length < 2 || !isJson(last)) return last;
  const read = pages.filter(isJson);
  const totals = read.flatMap(({ total }) => (typeof total === 'number' ? [total] : []));
  return { ...last, ...(totals.length === 0 ? {} : { total: Math.max(...totals) }), entry: read.flatMap(({ entry }) => listOf(entry)) };
};
