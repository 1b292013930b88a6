import type { Instant } from '../../src/model/instant.ts';
import { HOUR, MINUTE } from '../../src/model/instant.ts';
import type { Place } from './place.ts';
import { refuse } from './place.ts';

/** A time stamp as FHIR writes it. `at` is null where it is no time, but a day, a month or a year. */
export interface V2Time {
  readonly fhir: string;
  readonly at: Instant | null;
}

/** TS of v2.3 to DTM of v2.8: `YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]`. */
const FORMAT = /^((?:19|20)\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(\.\d{1,4})?)?)?)?)?)?([+-]\d{4})?$/;
const clock = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/London', hour: '2-digit', day: '2-digit', hourCycle: 'h23' });

const offsetMs = (zone: string): number => {
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3));
  return (zone.startsWith('-') ? -minutes : minutes) * MINUTE;
};

/** The offsets that London's clock may have had when it showed that time: two in the hour that comes twice, none in the one that is left out. */
const offsetsInLondon = (shown: number): readonly string[] =>
  ['+0100', '+0000'].filter((zone) => {
    const local = new Date(shown);
    const parts = clock.formatToParts(shown - offsetMs(zone));
    const part = (type: string): number => Number(parts.find((each) => each.type === type)?.value);
    return part('hour') === local.getUTCHours() && part('day') === local.getUTCDate();
  });

const toDay = (year: string, month: string | undefined, day: string | undefined): string =>
  [year, month, day].filter((each) => each !== undefined).join('-');

/**
 * A time stamp. Without an offset it is the time of London, as of every sender here (v2.5 section 2.A.77: the local time of the sender). What is not
 * said is not made up: an hour without minutes is a day, and so is a time in the hour that comes twice, without its offset. Throws AE 102.
 */
export const readTime = (text: string, place: Place): V2Time => {
  const [, year, month, day, hour, minute, second = '00', fraction = '', zone] = FORMAT.exec(text) ?? [];
  if (year === undefined) throw refuse(place, '102', 'is a time: YYYYMMDDHHMMSS+ZZZZ');
  const shown = Date.parse(`${year}-${month ?? '01'}-${day ?? '01'}T${hour ?? '00'}:${minute ?? '00'}:${second}${fraction.slice(0, 4)}Z`);
  // `Date` rolls 30 February over to March.
  if (Number.isNaN(shown) || new Date(shown).toISOString().slice(8, 10) !== (day ?? '01') || hour === '24')
    throw refuse(place, '102', 'is no time that there is');
  if (zone !== undefined && Math.abs(offsetMs(zone)) > 14 * HOUR) throw refuse(place, '102', 'has an offset that there is not');
  if (minute === undefined) return { fhir: toDay(year, month, day), at: null };
  const [offset, other] = zone === undefined ? offsetsInLondon(shown) : [zone];
  if (offset === undefined) throw refuse(place, '102', 'is in the hour that London left out: an offset says what is meant');
  const written = `${offset.slice(0, 3)}:${offset.slice(3)}`;
  const at = shown - offsetMs(offset);
  return other === undefined
    ? { fhir: `${toDay(year, month, day)}T${hour}:${minute}:${second}${fraction}${written}`, at }
    : // The first of the two is never in the future, and is all that tells which message is the newer.
      { fhir: toDay(year, month, day), at };
};
