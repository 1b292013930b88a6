import type { Issue } from '../../model/anomaly.ts';
import type { Rule } from '../rule.ts';
import { walk } from '../walk.ts';

/** Milliseconds of the first instant of a date or time, and of the last one that it may mean. */
const span = (text: string): readonly [number, number] => {
  const first = Date.parse(text.length === 4 ? `${text}-01-01` : text.length === 7 ? `${text}-01` : text);
  const days = text.length === 4 ? 366 : text.length === 7 ? 31 : text.length === 10 ? 1 : 0;
  // A day is local, and London is at most an hour from UTC.
  return days === 0 ? [first, first] : [first - 3_600_000, first + days * 86_400_000];
};

/** per-1: a Period does not end before it starts. Any object with a text `start` and `end` is taken for one. */
export const periodOrder: Rule = (resource, at) => {
  const issues: Issue[] = [];
  walk(resource, at, ({ start, end }, here) => {
    if (typeof start !== 'string' || typeof end !== 'string') return;
    if (span(end)[1] < span(start)[0]) issues.push({ at: here, code: 'invariant', help: 'the period ends before it starts (per-1)' });
  });
  return issues;
};
