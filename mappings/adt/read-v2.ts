/** The separators of one message, as its MSH-1 and MSH-2 say. */
interface Separators {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  readonly escape: string;
  readonly part: string;
}

/** A message as far as anybody here reads it: the segments of four names, each in fields that stay escaped (`fields[3]` is MSH-3). */
export interface V2Message {
  readonly separators: Separators;
  readonly segments: Readonly<Record<SegmentName, readonly (readonly string[])[]>>;
  /** Whether MSH-18 names a character set beyond ASCII. */
  readonly isBeyondAscii: boolean;
}

/** No field that is read stands as far along as this one: of a million no more is split. */
const MOST_FIELDS = 64;

/** The segments that are read, and no others: names, addresses and notes are split by nobody. */
export type SegmentName = 'MSH' | 'EVN' | 'PID' | 'PV1';

/** Separators are printable ASCII, and no letter, digit or space. */
const SEPARATOR = /^[!-/:-@[-`{-~]$/;

const separatorsOf = (first: string): Separators | null => {
  const [field = '', component = '', repetition = '', escaping = '', part = ''] = first.slice(3, 8);
  const all = [field, component, repetition, escaping, part];
  if (!all.every((each) => SEPARATOR.test(each)) || new Set(all).size < all.length) return null;
  // v2.7 has a fifth in MSH-2, for truncation.
  const after = first.charAt(8);
  return after === '' || after === field || first.charAt(9) === field ? { field, component, repetition, escape: escaping, part } : null;
};

/** CR ends a segment (v2.5 section 2.4); CR LF and LF are passed on by some engines. Where there is CR, an LF inside a note begins no segment. */
const linesOf = (text: string): readonly string[] => (text.includes('\r') ? text.split(/\r\n?/) : text.split('\n'));

/**
 * Reads a message of one encoding; null where it does not begin with an MSH that can be read. Only as much is split as is read: of 1 MB of
 * separators, lists of them would be many times that.
 */
export const readV2 = (text: string): V2Message | null => {
  const [first = '', ...more] = linesOf(text);
  const separators = first.startsWith('MSH') ? separatorsOf(first) : null;
  if (separators === null) return null;
  const split = (line: string): readonly string[] => line.split(separators.field, MOST_FIELDS);
  const named = (name: SegmentName): readonly (readonly string[])[] =>
    more.filter((line) => line === name || line.startsWith(`${name}${separators.field}`)).map(split);
  const [, ...fields] = split(first);
  const head = ['MSH', separators.field, ...fields];
  const charset = head[18] ?? '';
  return {
    separators,
    segments: { MSH: [head, ...named('MSH')], EVN: named('EVN'), PID: named('PID'), PV1: named('PV1') },
    isBeyondAscii: charset !== '' && charset !== 'ASCII',
  };
};
