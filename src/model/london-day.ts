import type { Instant } from './instant.ts';
import { HOUR } from './instant.ts';

const hourInLondon = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/London', hour: '2-digit', hourCycle: 'h23' });

/** First instant of a calendar day (`YYYY-MM-DD`, already checked to exist) in Europe/London: plans and consents run by the person's clock. */
export const startOfLondonDay = (day: string): Instant => {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  // London changes its clock at 01:00 UTC, so the hour before UTC midnight has the offset that local midnight has.
  const before = midnight - HOUR;
  const ahead = (Number(hourInLondon.format(before)) - new Date(before).getUTCHours() + 24) % 24;
  return midnight - ahead * HOUR;
};

/** The calendar day after the one given, `YYYY-MM-DD`; after the last of the year 9999 it is `+010000-01-01` (ECMA-262, expanded years). */
export const nextDay = (day: string): string => new Date(Date.parse(`${day}T00:00:00Z`) + 24 * HOUR).toISOString().replace(/T.*$/, '');
