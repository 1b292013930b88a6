import type { Period as FhirPeriod } from '@medplum/fhirtypes';
import { anomaly } from '../../src/model/anomaly.ts';
import type { Period } from '../../src/model/period.ts';
import { ALWAYS } from '../../src/model/period.ts';
import { endOf, startOf } from './instant-of.ts';

/** A FHIR Period as a span that excludes its end; ALWAYS where there is none. Throws `incorrect` when it ends before it starts (per-1). */
export const periodOf = (period: FhirPeriod | undefined, at: string): Period => {
  if (period === undefined) return ALWAYS;
  const start = period.start === undefined ? null : startOf(period.start, `${at}.start`);
  const end = period.end === undefined ? null : endOf(period.end, `${at}.end`);
  // A day or year that ends where the start begins lies before it; a time may be both.
  const instant = period.end?.includes('T') ?? false;
  if (start !== null && end !== null && (end < start || (end === start && !instant)))
    throw anomaly('incorrect', 'the period ends before it starts', `${at}.end`);
  return { start, end };
};

/** What two spans have in common; an empty one (end before start) includes no instant. */
export const intersection = (a: Period, b: Period): Period => ({
  start: a.start === null ? b.start : b.start === null ? a.start : Math.max(a.start, b.start),
  end: a.end === null ? b.end : b.end === null ? a.end : Math.min(a.end, b.end),
});
