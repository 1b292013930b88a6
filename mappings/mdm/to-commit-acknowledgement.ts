import type { Instant } from '../../src/model/instant.ts';
import { toHl7Time } from '../time.ts';
import { fieldOf, readHl7 } from './read-hl7.ts';
import { message, segment } from './segments.ts';

/**
 * The commit acknowledgement (CA) of an answer that asks for one in its MSH-15 (AL or SU), with its two ends changed over; null where it asks for
 * none. HL7 v2.5 section 2.9.3. `controlId` is the MSH-10 of its own.
 */
export const toCommitAcknowledgement = (answer: string, controlId: string, at: Instant): string | null => {
  const segments = readHl7(answer);
  if (segments === null || !['AL', 'SU'].includes(fieldOf(segments, 'MSH', 15))) return null;
  const of = (position: number): string => fieldOf(segments, 'MSH', position);
  const processing = of(11) === '' ? 'P' : of(11);
  return message([
    segment('MSH', ['^~\\&', of(5), of(6), of(3), of(4), toHl7Time(at), '', 'ACK^^ACK', controlId, processing, '2.5']),
    segment('MSA', ['CA', of(10)]),
  ]);
};
