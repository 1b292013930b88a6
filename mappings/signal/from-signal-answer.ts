import type { Outcome } from '../../src/model/ledger.ts';
import { fromRestAnswer } from '../rest/from-rest-answer.ts';

/** Reads an event service's answer. That it took an event says that it will tell of it, and nothing of whom it told: the level is that of transport. */
export const fromSignalAnswer = (status: number): Outcome =>
  status >= 200 && status < 300 ? { kind: 'accepted', level: 'transport' } : fromRestAnswer(status, null, { type: 'Bundle', document: '' });
