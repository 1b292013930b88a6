import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Instant } from '../../model/instant.ts';
import { HOUR } from '../../model/instant.ts';
import type { Principal } from '../../model/principal.ts';
import type { Search } from '../../store/door.ts';
import { badParameter } from '../refusal.ts';

/** Turns the rest of a search into a token that says nothing, and back. */
export interface PageTokens {
  seal(principal: Principal, search: Search, now: Instant): string;
  /** Throws `malformed` for a token that is not this caller's, not of this process and type, or more than an hour old. */
  open(principal: Principal, token: string, type: string, now: Instant): Search;
}

const callerOf = ({ organization, kind }: Principal): Buffer => Buffer.from(`${organization} ${kind}`);

/**
 * Page tokens under a key that lives as long as the process: the URL of a next page holds no value of the search (I8), and another caller
 * cannot use it. AES-256-GCM; the caller is authenticated data.
 */
export const createPageTokens = (): PageTokens => {
  const key = randomBytes(32);
  return {
    seal: (principal, search, now) => {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(callerOf(principal));
      const sealed = Buffer.concat([cipher.update(JSON.stringify({ search, until: now + HOUR })), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
    },
    open: (principal, token, type, now) => {
      const refused = badParameter('_page', 'is no page of a search of the last hour: search again');
      const bytes = Buffer.from(token, 'base64url');
      if (bytes.length < 29) throw refused;
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
        .setAAD(callerOf(principal))
        .setAuthTag(bytes.subarray(12, 28));
      let text: string;
      try {
        text = `${decipher.update(bytes.subarray(28), undefined, 'utf8')}${decipher.final('utf8')}`;
      } catch {
        throw refused;
      }
      // What this process sealed is what it reads.
      const { search, until } = JSON.parse(text) as { search: Search; until: Instant };
      if (until < now || search.type !== type) throw refused;
      return search;
    },
  };
};
