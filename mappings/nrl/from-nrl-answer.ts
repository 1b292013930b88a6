import type { Outcome } from '../../src/model/ledger.ts';
import { fromRestAnswer } from '../rest/from-rest-answer.ts';
import { isJson, listOf } from '../rest/read-json.ts';

/** The NRL's codes for a pointer that is not there: its code and its specification differ (nhs.md section 1). */
const ABSENT: readonly unknown[] = ['NO_RECORD_FOUND', 'RESOURCE_NOT_FOUND'];

const isOutcome = (body: unknown): boolean => isJson(body) && body['resourceType'] === 'OperationOutcome';

/**
 * Reads the NRL's answer to a create, a supersede or a delete. What it says in its OperationOutcome is believed only where status and severity agree.
 * `because` is a constant or a number, never words of the answer.
 */
export const fromNrlAnswer = (status: number, body: unknown): Outcome =>
  fromRestAnswer(status, isOutcome(body) ? body : null, { type: 'DocumentReference', document: '' });

/** Whether an answer to a delete says that there is no such pointer. A 404 without the NRL's own code may be of anybody in between. */
export const isGone = (status: number, body: unknown): boolean =>
  status === 404 && isJson(body) && isOutcome(body) && codesOf(body['issue']).some((code) => ABSENT.includes(code));

const codesOf = (issues: unknown): readonly unknown[] =>
  listOf(issues).flatMap(({ details }) => (isJson(details) ? listOf(details['coding']).map(({ code }) => code) : []));
