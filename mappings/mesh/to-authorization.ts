import { createHmac } from 'node:crypto';

/** What the holder of a mailbox proves himself by. Both secrets are the MESH team's to give. */
export interface MailboxSecrets {
  readonly mailbox: string;
  readonly password: string;
  readonly sharedKey: string;
}

/**
 * The `Authorization` header of one request to MESH (nhs.md section 5): `NHSMESH mailbox:nonce:nonce_count:timestamp:hex`, where the last is the
 * HMAC-SHA256 over mailbox, nonce, count, password and timestamp (UTC, to the minute). Each nonce is used once; `at` is in milliseconds.
 */
export const toAuthorization = ({ mailbox, password, sharedKey }: MailboxSecrets, nonce: string, at: number): string => {
  const count = '1';
  const timestamp = new Date(at).toISOString().slice(0, 16).replace(/\D/g, '');
  const proof = createHmac('sha256', sharedKey).update(`${mailbox}:${nonce}:${count}:${password}:${timestamp}`).digest('hex');
  return `NHSMESH ${mailbox}:${nonce}:${count}:${timestamp}:${proof}`;
};
