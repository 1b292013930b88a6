import type { Instant } from './instant.ts';

/** A span that includes its start and excludes its end; null is open. A day-precision end is given as the first instant of the next day. */
export interface Period {
  readonly start: Instant | null;
  readonly end: Instant | null;
}

export const ALWAYS: Period = { start: null, end: null };

export const includes = (period: Period, at: Instant): boolean =>
  (period.start === null || period.start <= at) && (period.end === null || at < period.end);

/** The next instant after `at` at which time alone changes whether the period includes now. */
export const nextBoundary = (period: Period, at: Instant): Instant | null => {
  const ahead = [period.start, period.end].filter((edge): edge is Instant => edge !== null && edge > at);
  return ahead.length === 0 ? null : Math.min(...ahead);
};
