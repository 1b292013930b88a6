import type { Outcome } from '../../src/model/ledger.ts';
import type { Acknowledgement } from '../../src/model/recipient.ts';
import { fieldOf, readHl7 } from './read-hl7.ts';
import type { Hl7Party } from './segments.ts';
import type { Hl7Segments } from './read-hl7.ts';

type Means = Acknowledgement['means'];

/**
 * Reads an acknowledgement: HL7 v2.5 section 2.9.2, and the recipient's own table, keyed by MSA-1 and ERR-3, before the defaults.
 * `action` is what the message did: a recall of what they do not have has had its effect. `sender` is MSH-3 and 4 of the message, as they went:
 * an answer that is addressed to somebody else altogether is none. Text of the ACK is never passed on.
 */
export const fromAck = (
  text: string,
  messageControlId: string,
  acknowledgements: readonly Acknowledgement[],
  action: 'update' | 'recall' = 'update',
  sender: Hl7Party | null = null,
): Outcome => {
  const segments = readHl7(text);
  if (segments === null || !segments.some(([name]) => name === 'MSA')) return { kind: 'unknown', because: 'answer-unreadable' };
  if (fieldOf(segments, 'MSA', 2) !== messageControlId || (sender !== null && isToAnother(segments, sender)))
    return { kind: 'unknown', because: 'answer-to-another' };
  const code = fieldOf(segments, 'MSA', 1);
  const errors = errorsOf(segments);
  const means = meaningOf(code, errors, acknowledgements, action);
  const because = KNOWN.has(code) ? `${code}${errors[0] === undefined ? '' : `-${errors[0]}`}` : 'answer-unreadable';
  switch (means) {
    case 'accepted':
      // A commit acknowledgement says that it is stored, and nothing of what became of it.
      return { kind: 'accepted', level: code.startsWith('C') ? 'stored' : 'application' };
    case 'refused':
      // Ensemble and others send AR for content: only the table knows better than the standard. A refused AR may be tried again, unless it
      // says that the message itself is at fault.
      return { kind: 'refused', because, retry: (code === 'AR' || code === 'CR') && !errors.some((error) => FAULTS.has(error)) };
    case 'unknown':
      return { kind: 'unknown', because };
    default:
      return means satisfies never;
  }
};

/** What an acknowledgement means: by the recipient's own table, else by the standard. */
export const meaningOf = (
  code: string,
  errors: readonly string[],
  acknowledgements: readonly Acknowledgement[],
  action: 'update' | 'recall',
): Means => declared(code, errors, acknowledgements) ?? byDefault(code, errors, action);

/** Table 0357, what is wrong with the message: 100 to 103 its content, 200 to 203 its type, event, processing id or version. */
const FAULTS: ReadonlySet<string> = new Set(['100', '101', '102', '103', '200', '201', '202', '203']);
const KNOWN: ReadonlySet<string> = new Set(['AA', 'AE', 'AR', 'CA', 'CE', 'CR']);

// Engines leave MSH-5 and 6 empty, know the broker by another name in one of them, or send the ends back as they came: only where both name somebody
// else, and we are the sender no more than the receiver, it is another's.
const isToAnother = (segments: Hl7Segments, { application, facility }: Hl7Party): boolean => {
  const [three, four, five, six] = [3, 4, 5, 6].map((position) => plain(fieldOf(segments, 'MSH', position).split('^')[0] ?? ''));
  if (five === '' || six === '') return false;
  const [ours, where] = [plain(application), plain(facility)];
  return five !== ours && six !== where && three !== ours && four !== where;
};
const plain = (name: string): string => name.replace(/[^A-Za-z0-9]/g, '').toUpperCase();

// The row that names the error is closer to the case than the row that names only the code.
const declared = (code: string, errors: readonly string[], table: readonly Acknowledgement[]): Means | null =>
  table.find((row) => row.code === code && row.error !== null && errors.includes(row.error))?.means ??
  table.find((row) => row.code === code && row.error === null)?.means ??
  null;

const byDefault = (code: string, errors: readonly string[], action: 'update' | 'recall'): Means => {
  const rejected = code === 'AE' || code === 'AR';
  // 204 unknown key: nothing there to take back.
  if (rejected && action === 'recall' && errors.includes('204')) return 'accepted';
  // 205 duplicate key: each sequence has its own document id, so what they have is this one.
  if (rejected && action === 'update' && errors.includes('205')) return 'accepted';
  // 206 record locked, 207 internal: reasons other than content, whatever the code.
  if (rejected && (errors.includes('206') || errors.includes('207'))) return 'unknown';
  // The message itself is at fault, whatever the code: sent again as it is it would be again.
  if (rejected && errors.some((error) => FAULTS.has(error))) return 'refused';
  switch (code) {
    case 'AA':
      return 'accepted';
    case 'AE':
      return 'refused';
    // AR: the system was down or busy. CA: stored, not read. CE and CR: not even that is said for certain.
    default:
      return 'unknown';
  }
};

// ERR-3 (v2.5), ERR-1.4 (before), MSA-6 (before that). Only what looks like a code of table 0357 is kept.
const errorsOf = (segments: Hl7Segments): readonly string[] =>
  [
    ...segments.filter(([name]) => name === 'ERR').flatMap((fields) => [fields[3]?.split('^')[0], fields[1]?.split('^')[3]?.split('&')[0]]),
    fieldOf(segments, 'MSA', 6).split('^')[0],
  ].filter((code): code is string => code !== undefined && /^[A-Za-z0-9]{1,10}$/.test(code));
