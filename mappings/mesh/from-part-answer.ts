import type { Outcome } from '../../src/model/ledger.ts';
import { fromSendAnswer } from './from-send-answer.ts';

/**
 * Reads the answer to `POST outbox/{id}/{n}`, a further part: null where MESH has it. 202 says no more there, for the id was said before: NHS England's
 * own sandbox answers `null`.
 */
export const fromPartAnswer = (status: number, body: unknown): Exclude<Outcome, { kind: 'accepted' }> | null => {
  const answer = status === 202 ? null : fromSendAnswer(status, body);
  return answer !== null && 'kind' in answer ? answer : null;
};
