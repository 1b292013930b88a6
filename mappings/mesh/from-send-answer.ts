import type { Outcome } from '../../src/model/ledger.ts';

type Json = Readonly<Record<string, unknown>>;

/** What MESH said to a message: that it has it, under that id, or what the lack of that proves. */
export type SendAnswer = { readonly messageId: string } | Exclude<Outcome, { kind: 'accepted' }>;

/** Codes of what MESH did not take, nor ever will as it is: 06 malformed. The others may be put right at MESH (12, 17: not registered; 20: not there). */
const NEVER: ReadonlySet<string> = new Set(['06']);
/**
 * The far side never finished, or asks to be asked again. 403 is also what a nonce gets that was used before: where anything between us and MESH said a
 * request twice, the first of them was taken.
 */
const PROVES_NOTHING: ReadonlySet<number> = new Set([403, 408, 425, 429]);

/**
 * Reads the answer to `POST outbox`: 202 with `message_id`; 417 with a code says that nothing was taken (nhs.md section 5). `because` is a constant
 * and a code, never words of the answer.
 */
export const fromSendAnswer = (status: number, body: unknown): SendAnswer => {
  if (status === 202) {
    const id = isJson(body) ? (body['message_id'] ?? body['messageID']) : undefined;
    return typeof id === 'string' && /^[A-Za-z0-9_-]{1,100}$/.test(id)
      ? { messageId: id }
      : { kind: 'unknown', because: 'answer-unreadable' };
  }
  if (status === 417) {
    const code = errorCode(body);
    return { kind: 'refused', because: code === null ? 'mesh-417' : `mesh-${code}`, retry: code === null || !NEVER.has(code) };
  }
  if (status >= 400 && status < 500 && !PROVES_NOTHING.has(status)) return { kind: 'refused', because: `http-${status}`, retry: true };
  return { kind: 'unknown', because: `http-${status}` };
};

/** The code of an error of MESH: `detail[0].code` (v2), or `errorCode`. Two digits, or it is none. */
export const errorCode = (body: unknown): string | null => {
  if (!isJson(body)) return null;
  const [first] = Array.isArray(body['detail']) ? (body['detail'] as readonly unknown[]) : [];
  const code = (isJson(first) ? first['code'] : undefined) ?? body['errorCode'];
  return typeof code === 'string' && /^\d{1,2}$/.test(code) ? code.padStart(2, '0') : null;
};

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
