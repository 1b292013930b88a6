import type { IncomingMessage } from 'node:http';

/** Headers of which Node keeps the first and drops the others without a word. */
const DROPPED = ['authorization', 'host'] as const;

/**
 * Joins what stands twice, as Node joins most headers: whoever reads it finds no token and no host in it. Of two, a proxy before the broker may
 * have gone by the other (RFC 9112 section 3.2, RFC 9110 section 5.3).
 */
export const joinDoubled = ({ rawHeaders, headers }: Pick<IncomingMessage, 'rawHeaders' | 'headers'>): void => {
  for (const name of DROPPED) {
    let found: string | null = null;
    for (let at = 0; at < rawHeaders.length; at += 2) {
      const raw = rawHeaders[at];
      if (raw === undefined || raw.length !== name.length || raw.toLowerCase() !== name) continue;
      found = found === null ? (rawHeaders[at + 1] ?? '') : `${found}, ${rawHeaders[at + 1]}`;
    }
    if (found !== null) headers[name] = found;
  }
};
