import type { Issue } from '../../src/model/anomaly.ts';
import { escapeHl7 } from '../mdm/escape.ts';
import { segment } from '../mdm/segments.ts';
import { CATEGORY_TABLE } from './category-table.ts';
import type { Failure } from './to-operation-outcome.ts';

/** HL7 table 0357. */
const ERRORS: Readonly<Record<string, string>> = {
  '0': 'Message accepted',
  '100': 'Segment sequence error',
  '101': 'Required field missing',
  '102': 'Data type error',
  '103': 'Table value not found',
  '200': 'Unsupported message type',
  '201': 'Unsupported event code',
  '202': 'Unsupported processing id',
  '203': 'Unsupported version id',
  '204': 'Unknown key identifier',
  '205': 'Duplicate key identifier',
  '206': 'Application record locked',
  '207': 'Application internal error',
};

/** ERR-4, HL7 table 0516. */
const SEVERITIES = { error: 'E', warning: 'W', information: 'I' } as const;

/** How an acknowledgement is written. */
export interface Acknowledging {
  /** Whether it is the first of two in enhanced mode: C for A in MSA-1. */
  readonly commit?: boolean;
  /** What the sender should know of a message that was taken. */
  readonly warnings?: readonly Issue[];
  /** Whether ERR is that of v2.5 and later, with a field for each thing; before it all stands in ERR-1, and words in MSA-3. */
  readonly since25?: boolean;
}

const ERL = /^[A-Z][A-Z0-9]{2}(?:\^\d+){1,5}$/;
/** A place of HL7 v2 as it is, another as text. */
const placeOf = ({ at }: Issue): string => (at !== null && ERL.test(at) ? at : escapeHl7(at ?? ''));

const toErr = (issue: Issue, error: string): string =>
  segment('ERR', [
    '',
    placeOf(issue),
    `${error}^${ERRORS[error] ?? ''}^HL70357`,
    SEVERITIES[issue.severity ?? 'error'],
    '',
    '',
    '',
    escapeHl7(issue.help),
  ]);

/** ELD: segment, sequence, field, and the code with its sub-components. */
const toEld = (issue: Issue, error: string): string => {
  const [name = '', sequence = '', field = ''] = placeOf(issue).split('^');
  return segment('ERR', [`${name}^${sequence}^${field}^${error}&${ERRORS[error] ?? ''}&HL70357`]);
};

/** MSA and ERR segments, each ended by CR: `failure` null is AA. `controlId` is MSH-10 of the message that is answered, unescaped. */
export const toMsa = (
  failure: Failure | null,
  controlId: string,
  { commit = false, warnings = [], since25 = true }: Acknowledging = {},
): string => {
  const row = failure === null ? null : CATEGORY_TABLE[failure.category];
  const code = row?.msa ?? 'AA';
  const issues = failure?.issues ?? warnings;
  const errorOf = ({ hl7 }: Issue): string => hl7 ?? row?.error ?? '0';
  const said = since25 ? '' : escapeHl7(issues[0]?.help ?? '');
  const msa = segment('MSA', [commit ? code.replace('A', 'C') : code, escapeHl7(controlId), said]);
  const errors = since25
    ? issues.map((issue) => toErr(issue, errorOf(issue)))
    : // It has no severity: what is no error cannot be told from one.
      (failure?.issues ?? []).map((issue) => toEld(issue, errorOf(issue)));
  return [msa, ...errors].map((each) => `${each}\r`).join('');
};
