import { anomaly } from '../../src/model/anomaly.ts';
import type { Instant } from '../../src/model/instant.ts';
import { nextDay, startOfLondonDay } from '../../src/model/london-day.ts';

/** A FHIR date, dateTime or instant: year, month, day, or a time with its zone. */
const FORMAT = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))?)?)?$/;

interface Span {
  readonly first: Instant;
  /** First instant after it; the same instant for a time. */
  readonly after: Instant;
}

const monthAfter = (year: number, month: number): string =>
  month === 12
    ? nextDay(`${String(year).padStart(4, '0')}-12-31`)
    : `${String(year).padStart(4, '0')}-${String(month + 1).padStart(2, '0')}-01`;

const spanOf = (text: string, at: string): Span => {
  const match = FORMAT.exec(text);
  const [, year, month, day, time] = match ?? [];
  if (year === undefined) throw anomaly('incorrect', 'not a date or time of FHIR', at);
  if (time !== undefined) {
    const instant = Date.parse(text);
    if (Number.isNaN(instant)) throw anomaly('incorrect', 'no such time', at);
    return { first: instant, after: instant };
  }
  const from = `${year}-${month ?? '01'}-${day ?? '01'}`;
  const after = day !== undefined ? from : month !== undefined ? monthAfter(Number(year), Number(month)) : monthAfter(Number(year), 12);
  // `Date` rolls 30 February over to March: a day that does not come back as itself does not exist.
  const parsed = Date.parse(`${from}T00:00:00Z`);
  if (Number.isNaN(parsed) || new Date(parsed).toISOString().slice(0, 10) !== from) throw anomaly('incorrect', 'no such day', at);
  return { first: startOfLondonDay(from), after: startOfLondonDay(day !== undefined ? nextDay(from) : after) };
};

/** First instant of a FHIR date or dateTime, Europe/London where it has no time. Throws `incorrect` at the path given. */
export const startOf = (text: string, at: string): Instant => spanOf(text, at).first;

/** The exclusive end of a FHIR date or dateTime: the first instant after that day, month or year; a time ends at itself. */
export const endOf = (text: string, at: string): Instant => spanOf(text, at).after;
