import type { Disclosure } from '../../src/model/disclosure.ts';
import { banners } from '../disclosure/banners.ts';
import { headingsShown } from '../disclosure/headings-shown.ts';
import type { HeadingShown } from '../disclosure/headings-shown.ts';
import { refusalLine } from '../disclosure/refusal-line.ts';
import { toPlainText } from './to-plain-text.ts';
import type { MdmFrame } from './segments.ts';
import { documentSegment, head, message, patientSegment, segment, textSegment, VISIT } from './segments.ts';

/** What a document notification with content is made of. */
export interface PlanMdm extends MdmFrame {
  /** `T02` a first document, `T10` one that replaces `parent`. */
  readonly kind: 'T02' | 'T10';
  readonly parent: string | null;
  readonly disclosure: Disclosure;
  /** The bytes of the document Bundle: the same that every other road carries. Null where the recipient takes text alone. */
  readonly document: string | null;
}

/** MDM^T02 or T10: the plan as readable text, one OBX a heading after the banners, then the FHIR document in base64. */
export const toMdm = ({ kind, parent, disclosure, document, ...frame }: PlanMdm): string => {
  const shown = headingsShown(disclosure);
  return message([
    ...head(kind, frame),
    patientSegment(disclosure.person, disclosure.id),
    VISIT,
    documentSegment(frame.envelope, frame.envelope.documentId, parent, 'AV'),
    textSegment(1, 'read-first', 'Read this first', banners(disclosure).join('\n')),
    ...shown.map((heading, index) => textSegment(index + 2, heading.heading, heading.title, toText(heading))),
    textSegment(shown.length + 2, 'publisher', 'Written by', `${disclosure.publisher.name} (${disclosure.publisher.ods})`),
    ...(document === null ? [] : [documentBytes(shown.length + 3, document)]),
  ]);
};

const toText = ({ divs, actions, refusals }: HeadingShown): string =>
  [...divs.map(toPlainText), ...[...actions, ...refusals.map(refusalLine)].map((line) => `- ${line}`)]
    .filter((text) => text !== '')
    .join('\n');

const documentBytes = (index: number, document: string): string => {
  const data = Buffer.from(document, 'utf8').toString('base64');
  return segment('OBX', [
    String(index),
    'ED',
    'fhir-document^FHIR document^L',
    '',
    `^application^fhir+json^Base64^${data}`,
    '',
    '',
    '',
    '',
    '',
    'F',
  ]);
};
