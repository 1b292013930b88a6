import type { Encounter, Period } from '@medplum/fhirtypes';
import type { V2Message } from './read-v2.ts';
import { endSaid, endTold, startTold } from './visit.ts';

/** How far a visit is by a message. */
export interface Stage {
  readonly status: Encounter['status'];
  readonly period: Period;
  /** `details`: the message does not say how far the visit is, and what was said of that before stands. */
  readonly says: 'all' | 'details';
}

/** What each event of ADT says of a visit (v2.5 chapter 3). */
export const STAGES: Readonly<Record<string, (message: V2Message) => Stage>> = {
  A01: (message) => ({ status: 'in-progress', period: startTold(message, true), says: 'all' }),
  A03: (message) => ({ status: 'finished', period: { ...startTold(message, false), ...endTold(message) }, says: 'all' }),
  A04: (message) => ({ status: 'arrived', period: startTold(message, true), says: 'all' }),
  // Any detail of the person or the visit: also of one that was cancelled, which it does not say.
  A08: (message) => {
    const end = endSaid(message);
    const period = startTold(message, false);
    return end === null
      ? { status: 'in-progress', period, says: 'details' }
      : { status: 'finished', period: { ...period, ...end }, says: 'all' };
  },
  // "Either because of an erroneous entry, or because of a decision not to admit after all": it does not say which.
  A11: (message) => ({ status: 'cancelled', period: startTold(message, false), says: 'all' }),
  A13: (message) => ({ status: 'in-progress', period: startTold(message, false), says: 'all' }),
};
