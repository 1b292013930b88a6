import type { Outcome } from '../../src/model/ledger.ts';
import type { Acknowledgement } from '../../src/model/recipient.ts';
import { fieldOf, readHl7 } from './read-hl7.ts';
import type { Hl7Segments } from './read-hl7.ts';

type Means = Acknowledgement['means'];

/**
 * Reads an acknowledgement: HL7 v2.5 section 2.9.2, and the recipient's own table, keyed by MSA-1 and ERR-3, before the defaults.
 * `action` is what the message did: a recall of what they do not have has had its effect. Text of the ACK is never passed on.
 */
export const fromAck = (
  text: string,
  messageControlId: string,
  acknowledgements: readonly Acknowledgement[],
  action: 'update' | 'recall' = 'update',
): Outcome => {
  const segments = readHl7(text);
  if (segments === null || !segments.some(([name]) => name === 'MSA')) return { kind: 'unknown', because: 'answer-unreadable' };
  if (fieldOf(segments, 'MSA', 2) !== messageControlId) return { kind: 'unknown', because: 'answer-to-another' };
  const code = fieldOf(segments, 'MSA', 1);
  const errors = errorsOf(segments);
  const means = meaningOf(code, errors, acknowledgements, action);
  const because = KNOWN.has(code) ? `${code}${errors[0] === undefined ? '' : `-${errors[0]}`}` : 'answer-unreadable';
  switch (means) {
    case 'accepted':
      // A commit acknowledgement says that it is stored, and nothing of what became of it.
      return { kind: 'accepted', level: code.startsWith('C') ? 'stored' : 'application' };
    case 'refused':
      // Ensemble and others send AR for content: only the table knows better than the standard. A refused AR may be tried again.
      return { kind: 'refused', because, retry: code === 'AR' || code === 'CR' };
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

const KNOWN: ReadonlySet<string> = new Set(['AA', 'AE', 'AR', 'CA', 'CE', 'CR']);

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
  if (code === 'AE' && (errors.includes('206') || errors.includes('207'))) return 'unknown';
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
