import type { MdmCancel } from './to-mdm-cancel.ts';
import { documentSegment, head, message, patientId, segment, VISIT, WITHDRAWN } from './segments.ts';
import { withdrawnText } from './withdrawn-text.ts';

/**
 * MDM^T08: edits one document so that it is no longer available (TXA-19 `UN`) and holds nothing but that it is withdrawn: the recall of a receiver
 * that honours edits (profile C). The document keeps its id. T08 is a notification with content, so it has the structure MDM_T02 and an OBX (HL7 v2.5
 * section 9.6.8).
 */
export const toMdmEdit = ({ disclosureId, identity, document, ...frame }: MdmCancel): string =>
  message([
    ...head('T08', frame),
    segment('PID', ['1', '', patientId(identity === '-' ? null : identity, disclosureId)]),
    VISIT,
    documentSegment(frame.envelope, document, null, 'UN', WITHDRAWN),
    withdrawnText(),
  ]);
