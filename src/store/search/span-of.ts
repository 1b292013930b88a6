import { endOf, startOf } from '../../../mappings/facts/instant-of.ts';
import { Anomaly } from '../../model/anomaly.ts';

/** A span of time in milliseconds: the start included, the end not. */
export interface Span {
  readonly low: number;
  readonly high: number;
}

/** Beyond every date of FHIR: where a period is open. */
export const OPEN = 9_000_000_000_000_000;

const MINUTE = 60_000;
const SECOND = 1_000;
/** A time of minutes alone: a search may say it, a resource may not. */
const MINUTES = /^(\d{4}-\d\d-\d\dT\d\d:\d\d)(Z|[+-]\d\d:\d\d)$/;

const lengthOf = (text: string): number => (text.includes('.') ? 1 : SECOND);

/**
 * A date or a time as the span that it stands for: a year, a month, a day in London, a minute, a second, or a moment (R4 search, date: a
 * value has the precision with which it is written). Null for what is neither.
 */
export const spanOfText = (text: string): Span | null => {
  const minutes = MINUTES.exec(text);
  const whole = minutes === null ? text : `${minutes[1]}:00${minutes[2]}`;
  try {
    const low = startOf(whole, '');
    const high = endOf(whole, '');
    return { low, high: high > low ? high : low + (minutes === null ? lengthOf(whole) : MINUTE) };
  } catch (error) {
    if (error instanceof Anomaly) return null;
    throw error;
  }
};
