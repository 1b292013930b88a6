import type { DisclosedPerson, Envelope } from '../../src/model/disclosure.ts';
import type { Hl7v2Ways } from '../../src/model/hl7v2-ways.ts';
import { SECURITY } from '../disclosure/meta.ts';
import { toSequenceText } from '../disclosure/sequence.ts';
import { toHl7Time } from '../time.ts';
import { confidentialityStatus } from './confidentiality-status.ts';
import { controlId } from './control-id.ts';
import { escapeHl7 } from './escape.ts';

/** One end of an HL7 v2 message: MSH-3/4 or MSH-5/6. The facility is an ODS code. */
export interface Hl7Party {
  readonly application: string;
  readonly facility: string;
}

/** The head of every HL7 v2 message that the broker sends. */
export interface MdmFrame {
  readonly envelope: Envelope;
  readonly sender: Hl7Party;
  readonly receiver: Hl7Party;
  /** Position in its parcel: each message of a parcel has its own MSH-10. */
  readonly index?: number;
  /** Left out: original. */
  readonly acknowledgementMode?: Hl7v2Ways['acknowledgementMode'];
}

/** The head alone of what is made of more. */
export const frameOf = ({ envelope, sender, receiver, acknowledgementMode }: MdmFrame): Omit<MdmFrame, 'index'> => ({
  envelope,
  sender,
  receiver,
  ...(acknowledgementMode === undefined ? {} : { acknowledgementMode }),
});

/** The assigning authority of the broker's own ids. */
export const AUTHORITY = 'CRISIS-PLAN-BROKER';

/** A segment of fields that are escaped already; empty ones at its end are left out. */
export const segment = (name: string, fields: readonly string[]): string => [name, ...fields].join('|').replace(/\|+$/, '');

/** Events that the broker sends, each with its message type and structure: HL7 v2.5 sections 9.6.2, 9.6.8, 9.6.10, 9.6.11 and 3.3.31. */
const STRUCTURES = {
  T02: 'MDM^T02^MDM_T02',
  T08: 'MDM^T08^MDM_T02',
  T10: 'MDM^T10^MDM_T02',
  T11: 'MDM^T11^MDM_T01',
  A31: 'ADT^A31^ADT_A05',
} as const;

/** MSH and EVN. MSH-15 and 16 stay empty in original acknowledgement mode; in enhanced mode both ask for an answer always. */
export const head = (
  event: keyof typeof STRUCTURES,
  { envelope, sender, receiver, index, acknowledgementMode }: MdmFrame,
): readonly string[] => {
  const at = toHl7Time(envelope.sentAt);
  const names = [sender.application, sender.facility, receiver.application, receiver.facility].map(escapeHl7);
  const id = controlId(envelope.messageId, index);
  const asks = acknowledgementMode === 'enhanced' ? 'AL' : '';
  return [
    segment('MSH', ['^~\\&', ...names, at, '', STRUCTURES[event], id, 'P', '2.5', '', '', asks, asks, 'GBR', 'UNICODE UTF-8']),
    segment('EVN', [event, at]),
  ];
};

/** PID-3: the NHS number where this recipient is told it, and the broker's own id, by which two plans of one person are told apart. */
export const patientId = (nhsNumber: string | null, disclosureId: string): string =>
  `${nhsNumber === null ? '' : `${escapeHl7(nhsNumber)}^^^NHS^NH~`}${escapeHl7(disclosureId)}^^^${AUTHORITY}^PI`;

const SEX = { male: 'M', female: 'F', other: 'O', unknown: 'U' } as const;

/** PID of a message that carries content. */
export const patientSegment = (person: DisclosedPerson, disclosureId: string): string => {
  const [first = '', ...middle] = person.given;
  const names = [
    `${escapeHl7(person.family)}^${escapeHl7(first)}^${escapeHl7(middle.join(' '))}^^^^L`,
    ...(person.preferredName === null ? [] : [`^${escapeHl7(person.preferredName)}^^^^^N`]),
  ];
  const { address } = person;
  const home =
    address === null
      ? ''
      : `${escapeHl7(address.line.join(', '))}^^${escapeHl7(address.city ?? '')}^^${escapeHl7(address.postalCode ?? '')}^GBR^H`;
  return segment('PID', [
    '1',
    '',
    patientId(person.nhsNumber, disclosureId),
    '',
    names.join('~'),
    '',
    person.birthDate.replaceAll('-', ''),
    person.gender === null ? '' : SEX[person.gender],
    '',
    '',
    home,
    '',
    person.telecom.map(toTelecom).join('~'),
  ]);
};

const toTelecom = ({ system, value }: DisclosedPerson['telecom'][number]): string =>
  system === 'email' ? `^NET^Internet^${escapeHl7(value)}` : `${escapeHl7(value)}^PRN^${system === 'sms' ? 'CP' : 'PH'}`;

/** PV1-2 `N`: the document belongs to no visit. */
export const VISIT = segment('PV1', ['1', 'N']);

/** Why a document is taken back, in TXA-21: the one word that every recall says, whatever the reason was. */
export const WITHDRAWN = 'withdrawn';

/**
 * TXA. The sequence travels in TXA-16, the only free text of the header that T11 has too; `parent` is TXA-13. TXA-18 is the security label of
 * what is disclosed. `reason` is TXA-21.
 */
export const documentSegment = (
  envelope: Envelope,
  documentId: string,
  parent: string | null,
  availability: 'AV' | 'UN' | 'CA',
  reason: typeof WITHDRAWN | '' = '',
): string => {
  const at = toHl7Time(envelope.sentAt);
  const fields = Array.from({ length: 21 }, () => '');
  const put = (position: number, value: string): void => {
    fields[position - 1] = value;
  };
  put(1, '1');
  put(2, 'CRISISPLAN');
  put(3, 'FT');
  put(4, at);
  put(6, at);
  put(12, entity(documentId));
  put(13, parent === null ? '' : entity(parent));
  put(16, toSequenceText(envelope.sequence));
  put(17, 'AU');
  put(18, confidentialityStatus(SECURITY));
  put(19, availability);
  put(21, reason);
  return segment('TXA', fields);
};

const entity = (documentId: string): string => `${escapeHl7(documentId)}^${AUTHORITY}`;

/** OBX of formatted text under a heading of the project's own coding system. */
export const textSegment = (index: number, code: string, title: string, text: string): string =>
  segment('OBX', [String(index), 'FT', `${escapeHl7(code)}^${escapeHl7(title)}^L`, '', escapeHl7(text), '', '', '', '', '', 'F']);

/** The message of its segments, each ended by CR. */
export const message = (segments: readonly string[]): string => segments.map((each) => `${each}\r`).join('');
