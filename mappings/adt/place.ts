import type { Issue } from '../../src/model/anomaly.ts';
import { Anomaly } from '../../src/model/anomaly.ts';
import type { SegmentName } from './read-v2.ts';

/** A place in a message: each segment that is read stands once. Repetition, component and sub-component count from 1. */
export interface Place {
  readonly segment: SegmentName;
  readonly field: number;
  readonly repetition?: number;
  readonly component?: number;
  readonly part?: number;
}

/** ERR-2 (data type ERL, v2.5): `PID^1^3^1^5`. */
export const placeText = ({ segment, field, repetition, component, part }: Place): string =>
  [segment, 1, field, ...(component === undefined ? (repetition === undefined ? [] : [repetition]) : [repetition ?? 1, component]), part]
    .filter((each) => each !== undefined)
    .join('^');

/** The codes of HL7 table 0357 that say what is wrong with a message. */
export type ErrorCode = '100' | '101' | '102' | '103' | '200' | '201' | '202' | '203';

/** What is wrong at a place, under its code of table 0357. */
export const issueAt = (at: string, hl7: ErrorCode, help: string): Issue => ({ at, hl7, help });

/** A message whose sender must change something: AE. `at` is an ERL. */
export const refuse = (at: Place | string, hl7: ErrorCode, help: string): Anomaly =>
  new Anomaly('incorrect', issueAt(typeof at === 'string' ? at : placeText(at), hl7, help));

/** A message that is none of those that are taken here: AR. */
export const refuseKind = (at: Place, hl7: ErrorCode, help: string): Anomaly =>
  new Anomaly('unsupported', issueAt(placeText(at), hl7, help));
