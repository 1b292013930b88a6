import { placeText, refuse, refuseKind } from './place.ts';
import type { Place } from './place.ts';
import type { V2Message } from './read-v2.ts';
import { neededAt, rawAt, valueAt } from './value.ts';

/** When an acknowledgement is asked for (HL7 table 0155): always, never, of errors, of success. */
export type Wanted = 'AL' | 'NE' | 'ER' | 'SU';

/** What the answer to a message needs of it, whatever is wrong with the rest: what cannot be used is empty. */
export interface V2Head {
  /** MSH-10. */
  readonly controlId: string;
  /** MSH-9: `ADT`, `A01`. */
  readonly type: string;
  readonly event: string;
  /** MSH-11. */
  readonly processing: string;
  /** MSH-12. */
  readonly version: string;
  /** MSH-3 and 4 of the sender, 5 and 6 of the one that it names as receiver. */
  readonly sender: { readonly application: string; readonly facility: string };
  readonly receiver: { readonly application: string; readonly facility: string };
  /** Null in original mode: MSH-15 and 16 are both empty. */
  readonly enhanced: { readonly accept: Wanted; readonly application: Wanted } | null;
}

/** 20 characters in v2.5, 199 in v2.7. */
const LONGEST = 199;
const WANTED: readonly string[] = ['AL', 'NE', 'ER', 'SU'] satisfies readonly Wanted[];
const isWanted = (value: string): value is Wanted => WANTED.includes(value);
/** HL7 table 0103: production, training, debugging. */
const PROCESSING: readonly string[] = ['P', 'T', 'D'];
const VERSION = /^2\.(?:3(?:\.1)?|4|5(?:\.1)?|6|7(?:\.1)?|8(?:\.[12])?)$/;

const MSH = (field: number, component?: number): Place => ({ segment: 'MSH', field, ...(component === undefined ? {} : { component }) });

/** What the sender says, or nothing where that cannot be said again. */
const lenient = (message: V2Message, place: Place): string => {
  try {
    const value = valueAt(message, place) ?? '';
    return value.length <= LONGEST && /^[ -~]*$/.test(value) ? value : '';
  } catch {
    return '';
  }
};

/** Reads the head of a message for its answer. Never throws: what is wrong is told by `checkHead`. */
export const headOf = (message: V2Message): V2Head => {
  const text = (field: number, component?: number): string => lenient(message, MSH(field, component));
  const [accept, application] = [text(15), text(16)];
  const version = text(12);
  const isSaid = accept !== '' || application !== '';
  const isKnown = [accept, application].every((each) => each === '' || isWanted(each));
  const or = (value: string): Wanted => (isWanted(value) ? value : 'NE');
  return {
    controlId: text(10),
    type: text(9),
    event: text(9, 2),
    processing: PROCESSING.includes(text(11)) ? text(11) : '',
    version: VERSION.test(version) ? version : '',
    sender: { application: text(3), facility: text(4) },
    receiver: { application: text(5), facility: text(6) },
    // Who names one of the two alone does not ask for the other (v2.5 section 2.9.3). What is no such code is told in original mode.
    enhanced: isSaid && isKnown ? { accept: or(accept), application: or(application) } : null,
  };
};

/** Holds the head against what is taken here, before anything else of the message is looked at. Throws `incorrect` or `unsupported` with the place. */
export const checkHead = (message: V2Message, { takesTests }: { readonly takesTests: boolean }): void => {
  if (message.segments.MSH.length > 1) throw refuse('MSH^2', '100', 'stands once: a batch is not taken');
  const controlId = neededAt(message, MSH(10));
  if (controlId.length > LONGEST || !/^[ -~]*$/.test(controlId)) throw refuse(MSH(10), '102', `is up to ${LONGEST} characters of ASCII`);
  const version = neededAt(message, MSH(12));
  if (!VERSION.test(version)) throw refuseKind(MSH(12), '203', 'is a version from 2.3 to 2.8.2');
  const processing = neededAt(message, MSH(11));
  if (!PROCESSING.includes(processing)) throw refuseKind(MSH(11), '202', 'is P');
  if (processing !== 'P' && !takesTests) throw refuseKind(MSH(11), '202', 'is P: messages of tests are not taken here');
  for (const field of [15, 16]) {
    const value = valueAt(message, MSH(field));
    if (value !== null && !isWanted(value)) throw refuse(MSH(field), '103', 'is AL, NE, ER or SU');
  }
  neededAt(message, MSH(9));
};

/** ODS code of the sending facility, MSH-4, in capitals. Throws AE 101 where it is missing. */
export const facilityOf = (message: V2Message): { readonly ods: string; readonly application: string; readonly at: string } => ({
  ods: neededAt(message, MSH(4)).toUpperCase(),
  application: valueAt(message, MSH(3)) ?? '',
  at: placeText(MSH(4)),
});

/** MSH-18 as it stands: the first of several. */
export const charsetOf = (message: V2Message): string => rawAt(message, MSH(18)).trim();
