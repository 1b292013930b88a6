import type { MdmFrame } from '../mdm/segments.ts';
import { head, message, patientId, segment, VISIT } from '../mdm/segments.ts';
import { flagSegments } from './flag-segments.ts';

/** What takes a flag back: the person as the flag named them. */
export interface FlagWithdrawal extends MdmFrame {
  readonly disclosureId: string;
  /** `Place.identity`: the NHS number as it was sent; `-` where none was. */
  readonly identity: string;
}

/** ADT^A31 that takes the flag of a plan back. It repeats the identifier as sent and nothing else of the person. */
export const toFlagWithdrawal = ({ disclosureId, identity, ...frame }: FlagWithdrawal): string =>
  message([
    ...head('A31', frame),
    segment('PID', ['1', '', patientId(identity === '-' ? null : identity, disclosureId)]),
    VISIT,
    ...flagSegments('withdrawn', disclosureId, frame.envelope),
  ]);
