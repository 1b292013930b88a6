import type { MdmFrame } from './segments.ts';
import { documentSegment, head, message, patientId, segment, VISIT, WITHDRAWN } from './segments.ts';

/** What a cancellation names: the document, and the person as the document named them. */
export interface MdmCancel extends MdmFrame {
  readonly disclosureId: string;
  /** `Place.identity`: the NHS number as it was sent; `-` where none was. */
  readonly identity: string;
  /** The document to take back. */
  readonly document: string;
}

/** MDM^T11: takes one document back, and says that it is withdrawn. It repeats the identifier as sent and nothing else of the person (delivery.md section 3b). */
export const toMdmCancel = ({ disclosureId, identity, document, ...frame }: MdmCancel): string =>
  message([
    ...head('T11', frame),
    segment('PID', ['1', '', patientId(identity === '-' ? null : identity, disclosureId)]),
    VISIT,
    documentSegment(frame.envelope, document, null, 'CA', WITHDRAWN),
  ]);
