type Json = Readonly<Record<string, unknown>>;

/** Where a message of ours stands by the tracking of MESH. `silent`: nothing that can be read. */
export type Tracked = 'waiting' | 'taken' | 'silent';

/** Reads `GET outbox/tracking`: `status` is `accepted` while it lies in the mailbox, and `acknowledged` once it was taken out of it. */
export const fromTracking = (status: number, body: unknown, messageId: string): Tracked => {
  if (status !== 200 || typeof body !== 'object' || body === null) return 'silent';
  const tracked = body as Json;
  const id = tracked['message_id'] ?? tracked['messageId'];
  if (id !== messageId || typeof tracked['status'] !== 'string') return 'silent';
  return tracked['status'].toLowerCase() === 'acknowledged' ? 'taken' : 'waiting';
};
