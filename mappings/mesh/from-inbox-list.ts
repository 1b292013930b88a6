/** Ids of what lies in a mailbox, 500 at most (nhs.md section 5), and from where the next are asked for; null where MESH says of no more. */
export interface Listed {
  readonly ids: readonly string[];
  readonly next: string | null;
}

const ID = /^[A-Za-z0-9_-]{1,100}$/;

/** Reads the answer to `GET inbox`; null where it is no list. What is no id leads into somebody else's path, and is left out. */
export const fromInboxList = (body: unknown): Listed | null => {
  const messages = typeof body === 'object' && body !== null && 'messages' in body ? body.messages : null;
  if (!Array.isArray(messages)) return null;
  const ids = messages.filter((id): id is string => typeof id === 'string' && ID.test(id));
  return { ids, next: typeof body === 'object' && body !== null && 'links' in body ? nextIn(body.links) : null };
};

/** `links.next` is an address of which only the parameter `continue_from` is used (NHS England's sandbox): where it is asked we know. */
const nextIn = (links: unknown): string | null => {
  const next = typeof links === 'object' && links !== null && 'next' in links ? links.next : null;
  if (typeof next !== 'string') return null;
  const from = new URLSearchParams(next.slice(next.indexOf('?') + 1)).get('continue_from');
  return from === null || from === '' || from.length > 1_000 ? null : from;
};
