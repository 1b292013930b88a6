import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';

/** Two times are compared as instants; anything coarser by what both say. */
const endsFirst = (start: string, end: string): boolean => {
  if (start.includes('T') && end.includes('T')) return Date.parse(end) < Date.parse(start);
  const said = Math.min(start.length, end.length, 10);
  return end.slice(0, said) < start.slice(0, said);
};

/** per-1: a Period does not end before it starts. Any object with a text `start` and `end` is taken for one. */
export const periodOrder: Rule = {
  object: ({ value: { start, end }, at }) =>
    typeof start === 'string' && typeof end === 'string' && endsFirst(start, end)
      ? [{ at, code: 'invariant', help: 'the period ends before it starts (per-1)' }]
      : NONE,
};
