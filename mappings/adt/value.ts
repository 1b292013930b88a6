import type { Place } from './place.ts';
import { refuse } from './place.ts';
import type { SegmentName, V2Message } from './read-v2.ts';

/** What an escape stands for (v2.5 section 2.7); null for one that stands for no text of one line. */
const meantBy = (name: string, { separators }: V2Message): string | null => {
  switch (name) {
    case 'F':
      return separators.field;
    case 'S':
      return separators.component;
    case 'T':
      return separators.part;
    case 'R':
      return separators.repetition;
    case 'E':
      return separators.escape;
    default: {
      const hex = /^X((?:[0-9A-Fa-f]{2}){1,64})$/.exec(name)?.[1];
      return hex === undefined ? null : Buffer.from(hex, 'hex').toString('latin1');
    }
  }
};

const textOf = (raw: string, message: V2Message): string | null => {
  const [first = '', ...rest] = raw.split(message.separators.escape);
  // What stands between two escape characters is an escape: an odd number of them leaves one open.
  if (rest.length % 2 === 1) return null;
  let text = first;
  for (let at = 0; at < rest.length; at += 2) {
    const meant = meantBy(rest[at] ?? '', message);
    if (meant === null) return null;
    text += `${meant}${rest[at + 1] ?? ''}`;
  }
  return text;
};

const fieldOf = (message: V2Message, segment: SegmentName, field: number): string => message.segments[segment][0]?.[field] ?? '';

/** How often a field stands, up to a hundred times: 1 for an empty one, too. */
export const repetitionsOf = (message: V2Message, segment: SegmentName, field: number): number =>
  fieldOf(message, segment, field).split(message.separators.repetition, 100).length;

/** The escaped text at a place. */
export const rawAt = (message: V2Message, { segment, field, repetition = 1, component = 1, part = 1 }: Place): string => {
  const { separators } = message;
  const nth = (text: string, separator: string, position: number): string => text.split(separator, position)[position - 1] ?? '';
  return nth(
    nth(nth(fieldOf(message, segment, field), separators.repetition, repetition), separators.component, component),
    separators.part,
    part,
  );
};

/** Characters of what is read, with its escapes: more than any identifier or time has. */
const LONGEST = 2_000;
/** Printable, on one line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const STRANGE = /[\u0000-\u001f\u007f-\u009f\ufffd]/;
const BEYOND_ASCII = /[^ -~]/;

/** The text at a place; null where it is empty or `""` (v2.5 section 2.5.3: to be deleted). Throws AE 102 for what is no text of one line. */
export const valueAt = (message: V2Message, place: Place): string | null => {
  const raw = rawAt(message, place);
  if (raw.length > LONGEST) throw refuse(place, '102', `is up to ${LONGEST} characters long`);
  const text = textOf(raw, message)?.trim() ?? null;
  if (text === null) throw refuse(place, '102', 'has an escape that stands for no text');
  if (STRANGE.test(text)) throw refuse(place, '102', 'has a control character');
  if (!message.isBeyondAscii && BEYOND_ASCII.test(text))
    throw refuse(place, '102', 'has characters that are not in the set that MSH-18 names');
  return text === '' || text === '""' ? null : text;
};

/** The same, or AE 101: what is missing is never replaced by a default. */
export const neededAt = (message: V2Message, place: Place): string => {
  const value = valueAt(message, place);
  if (value === null) throw refuse(place, '101', 'is required');
  return value;
};
