import { refuse } from './place.ts';
import { charsetOf } from './head.ts';
import type { V2Message } from './read-v2.ts';
import { readV2 } from './read-v2.ts';

/** The character sets of HL7 table 0211 that are read, by the names of the Encoding Standard. */
const CHARSETS: ReadonlyMap<string, string> = new Map([
  ['ASCII', 'latin1'],
  ['8859/1', 'latin1'],
  ['8859/15', 'iso-8859-15'],
  ['UNICODE', 'utf-8'],
  ['UNICODE UTF-8', 'utf-8'],
]);

/**
 * A message in the character set that its MSH-18 names: `bytes` has one character a byte (latin1). Where none is named it is ASCII, and what is
 * beyond that in a name hinders nobody: it is not read. Throws AE 103 for a set that is not read here, AE 102 where the bytes are not in it.
 */
export const decoded = (bytes: string, message: V2Message): V2Message => {
  const named = charsetOf(message);
  const charset = named === '' ? 'latin1' : CHARSETS.get(named);
  const at = 'MSH^1^18';
  if (charset === undefined || message.segments.MSH[0]?.[18]?.includes(message.separators.repetition) === true)
    throw refuse(at, '103', `is one of ${[...CHARSETS.keys()].join(', ')}, or empty`);
  if (charset === 'latin1') return message;
  let text: string;
  try {
    text = new TextDecoder(charset, { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes, 'latin1'));
  } catch {
    throw refuse(at, '102', 'is not the set in which the message is written');
  }
  const again = readV2(text);
  if (again === null) throw new Error('an MSH in ASCII reads the same in each of these');
  return again;
};
