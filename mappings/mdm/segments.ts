import type { DisclosedPerson, Envelope } from '../../src/model/disclosure.ts';
import { toSequenceText } from '../disclosure/sequence.ts';
import { toHl7Time } from '../time.ts';
import { controlId } from './control-id.ts';
import { escapeHl7 } from './escape.ts';

/** One end of an HL7 v2 message: MSH-3/4 or MSH-5/6. The facility is an ODS code. */
export interface Hl7Party {
  readonly application: string;
  readonly facility: string;
}

/** The head of every MDM message that the broker sends. */
export interface MdmFrame {
  readonly envelope: Envelope;
  readonly sender: Hl7Party;
  readonly receiver: Hl7Party;
  /** Position in its parcel: each message of a parcel has its own MSH-10. */
  readonly index?: number;
}

/** The assigning authority of the broker's own ids. */
export const AUTHORITY = 'CRISIS-PLAN-BROKER';

/** A segment of fields that are escaped already; empty ones at its end are left out. */
export const segment = (name: string, fields: readonly string[]): string => [name, ...fields].join('|').replace(/\|+$/, '');

/** MSH and EVN. MSH-15 and 16 stay empty: original acknowledgement mode. */
export const head = (
  event: 'T02' | 'T10' | 'T11',
  structure: 'MDM_T02' | 'MDM_T01',
  { envelope, sender, receiver, index }: MdmFrame,
): readonly string[] => {
  const at = toHl7Time(envelope.sentAt);
  const names = [sender.application, sender.facility, receiver.application, receiver.facility].map(escapeHl7);
  const id = controlId(envelope.messageId, index);
  return [
    segment('MSH', ['^~\\&', ...names, at, '', `MDM^${event}^${structure}`, id, 'P', '2.5', '', '', '', '', 'GBR', 'UNICODE UTF-8']),
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

/** TXA. The sequence travels in TXA-16, the only free text of the header that T11 has too; `parent` is TXA-13. */
export const documentSegment = (envelope: Envelope, documentId: string, parent: string | null, availability: 'AV' | 'CA'): string => {
  const at = toHl7Time(envelope.sentAt);
  const fields = Array.from({ length: 19 }, () => '');
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
  put(18, 'V');
  put(19, availability);
  return segment('TXA', fields);
};

const entity = (documentId: string): string => `${escapeHl7(documentId)}^${AUTHORITY}`;

/** OBX of formatted text under a heading of the project's own coding system. */
export const textSegment = (index: number, code: string, title: string, text: string): string =>
  segment('OBX', [String(index), 'FT', `${escapeHl7(code)}^${escapeHl7(title)}^L`, '', escapeHl7(text), '', '', '', '', '', 'F']);

/** The message of its segments, each ended by CR. */
export const message = (segments: readonly string[]): string => segments.map((each) => `${each}\r`).join('');
