import type { Disclosure } from '../../src/model/disclosure.ts';
import type { MdmFrame } from '../mdm/segments.ts';
import { head, message, patientSegment, VISIT } from '../mdm/segments.ts';
import { flagSegments } from './flag-segments.ts';

/** What a flag is made of: the person, and the id under which the recipient knows the plan. */
export interface PlanFlag extends MdmFrame {
  readonly disclosure: Pick<Disclosure, 'id' | 'person'>;
}

/**
 * ADT^A31 that says that the person has a crisis plan, and nothing of it. Of the person it has what tells them from others and no more (number, names,
 * birth date): the broker is no source of anybody's address or telephone.
 */
export const toPlanFlag = ({ disclosure: { id, person }, ...frame }: PlanFlag): string =>
  message([
    ...head('A31', frame),
    patientSegment({ ...person, gender: null, address: null, telecom: [] }, id),
    VISIT,
    ...flagSegments('active', id, frame.envelope),
  ]);
