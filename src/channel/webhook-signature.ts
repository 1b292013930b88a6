import { Webhook } from 'standardwebhooks';

/**
 * Headers that sign a body in the way of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, once by each secret, so that one can be changed for
 * another. None without a secret. `id` stays over retries; `at` is when it is sent, in milliseconds.
 */
export const webhookHeaders = (
  secrets: readonly string[],
  { id, bytes, at }: { readonly id: string; readonly bytes: string; readonly at: number },
): Readonly<Record<string, string>> => {
  if (secrets.length === 0) return {};
  const sentAt = new Date(at);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at / 1_000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, sentAt, bytes)).join(' '),
  };
};
