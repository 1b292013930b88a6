import type { MdmFrame } from './segments.ts';
import { documentSegment, head, message, patientId, segment, VISIT, WITHDRAWN } from './segments.ts';
import { withdrawnText } from './withdrawn-text.ts';

/** What a withdrawn notice names: the document that it replaces, and the person as that document named them. */
export interface WithdrawnNotice extends MdmFrame {
  readonly disclosureId: string;
  /** `Place.identity`: the NHS number as it was sent; `-` where none was. */
  readonly identity: string;
  /** The document that becomes obsolete (TXA-13). */
  readonly parent: string;
}

/** MDM^T10 whose whole content says that the document is withdrawn: the recall of a receiver that does not honour T11 (profile B). */
export const toWithdrawnNotice = ({ disclosureId, identity, parent, ...frame }: WithdrawnNotice): string => {
  const { envelope, index = 0 } = frame;
  const documentId = index === 0 ? envelope.documentId : `${envelope.documentId}-${index}`;
  return message([
    ...head('T10', frame),
    segment('PID', ['1', '', patientId(identity === '-' ? null : identity, disclosureId)]),
    VISIT,
    documentSegment(envelope, documentId, parent, 'AV', WITHDRAWN),
    withdrawnText(),
  ]);
};
