import type { Outcome } from '../../src/model/ledger.ts';
import type { RestWrite } from './parcel.ts';
import { identifiesDocument, isJson, listOf } from './read-json.ts';

const unknown = (because: string): Outcome => ({ kind: 'unknown', because });

/** Whoever runs the server can put these right, and the same may be sent again. */
const REPAIRABLE: ReadonlySet<number> = new Set([401, 403, 404, 405, 407, 412, 421]);
/** The server never finished, or asks to be asked later. */
const ASK_AGAIN: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * Reads the answer to one write. A server that answers 200 or 201 has stored it, and says no more than that. `body` is the parsed JSON, null where
 * it is none or empty: `return=minimal` was asked for. `because` is a constant or a number, never words of the answer: those may hold a person.
 */
export const fromRestAnswer = (status: number, body: unknown, write: Pick<RestWrite, 'type' | 'document'>): Outcome => {
  if (status === 202) return unknown('answer-pending');
  if (status >= 200 && status < 300) return fromBody(body, write);
  // No redirect is followed, and what stands behind it is not known.
  if (status < 400) return unknown('redirected');
  if (ASK_AGAIN.has(status) || status >= 500) return unknown(`http-${status}`);
  // Somebody else wrote at the same moment: the request had no effect, and what lies there is to be looked at.
  return { kind: 'refused', because: `http-${status}`, retry: status === 409 || REPAIRABLE.has(status) };
};

const fromBody = (body: unknown, { type, document }: Pick<RestWrite, 'type' | 'document'>): Outcome => {
  if (!isJson(body)) return { kind: 'accepted', level: 'stored' };
  if (body['resourceType'] === 'OperationOutcome') {
    const isWell = listOf(body['issue']).every(
      ({ severity }) => severity === 'information' || severity === 'warning' || severity === 'success',
    );
    return isWell ? { kind: 'accepted', level: 'stored' } : unknown('answer-contradicts-itself');
  }
  return body['resourceType'] === type && identifiesDocument(body, document)
    ? { kind: 'accepted', level: 'stored' }
    : unknown('answer-to-another');
};
