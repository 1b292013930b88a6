import type { Outcome } from '../../src/model/ledger.ts';

type Json = Readonly<Record<string, unknown>>;

const accepted: Outcome = { kind: 'accepted', level: 'application' };
const refused = (because: string, retry: boolean): Outcome => ({ kind: 'refused', because, retry });
const unknown = (because: string): Outcome => ({ kind: 'unknown', because });

/** Statuses that are answered before a body is looked at, and that somebody can put right without us. */
const REPAIRABLE: ReadonlySet<number> = new Set([401, 403, 404, 405, 407, 421]);
/** The far side never finished: whatever it did, it may have done. 408 and 429 are asked for again (BaRS). */
const ASK_AGAIN: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * Reads the answer to `$process-message`: delivery.md section 3a, BaRS for 409. `body` is the parsed JSON, or the text where it is none.
 * `answersLater`: the answer comes by a message of its own, and 2xx says no more than that the message was taken.
 * `because` is a constant or a number, never words of the answer: those may hold a person.
 */
export const fromMessageAnswer = (
  status: number,
  body: unknown,
  messageHeaderId: string,
  bundleId: string,
  answersLater = false,
): Outcome => {
  // Where a synchronous answer was asked for, 202 promises one that has not come.
  if (status === 202) return unknown('answer-pending');
  if (status >= 200 && status < 300) return fromBody(body, [messageHeaderId, bundleId], answersLater);
  // What was processed before is here: acceptance, and never a reason to try again.
  if (status === 409 && issuesOf(body).some(({ code }) => code === 'duplicate')) return accepted;
  if (ASK_AGAIN.has(status)) return unknown(`http-${status}`);
  if (status >= 400 && status < 500) return refused(`http-${status}`, REPAIRABLE.has(status));
  return unknown(`http-${status}`);
};

const fromBody = (body: unknown, ids: readonly string[], answersLater: boolean): Outcome => {
  if (!isJson(body)) return unknown(answersLater && isEmpty(body) ? 'answer-pending' : 'answer-unreadable');
  if (body['resourceType'] === 'OperationOutcome') {
    // BaRS allows it in place of a message; one that names an error under 200 contradicts itself.
    const issues = issuesOf(body);
    if (issues.length === 0) return unknown('answer-unreadable');
    return issues.some(({ severity }) => severity !== 'information' && severity !== 'warning')
      ? unknown('answer-contradicts-itself')
      : answersLater
        ? unknown('answer-pending')
        : { kind: 'accepted', level: 'transport' };
  }
  const response = responseOf(body);
  if (response === null) return unknown('answer-unreadable');
  if (typeof response['identifier'] !== 'string' || !ids.includes(bare(response['identifier']))) return unknown('answer-to-another');
  switch (response['code']) {
    case 'ok':
      return accepted;
    case 'fatal-error':
      // R4: "the message was rejected because of a problem with the content".
      return refused('fatal-error', false);
    case 'transient-error':
      return unknown('transient-error');
    default:
      return unknown('answer-unreadable');
  }
};

const isEmpty = (body: unknown): boolean => body === null || body === undefined || body === '';

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

const bare = (id: string): string => id.replace(/^urn:uuid:/, '');

const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isJson) : []);

const issuesOf = (body: unknown): readonly Json[] =>
  isJson(body) && body['resourceType'] === 'OperationOutcome' ? listOf(body['issue']) : [];

const responseOf = (body: Json): Json | null => {
  if (body['resourceType'] !== 'Bundle' || body['type'] !== 'message') return null;
  const header = listOf(body['entry'])[0]?.['resource'];
  if (!isJson(header) || header['resourceType'] !== 'MessageHeader') return null;
  return isJson(header['response']) ? header['response'] : null;
};
