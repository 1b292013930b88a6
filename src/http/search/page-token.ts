import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Instant } from '../../model/instant.ts';
import { HOUR } from '../../model/instant.ts';
import type { Principal } from '../../model/principal.ts';
import { badParameter } from '../refusal.ts';

/** Turns the rest of an answer into a token that says nothing, and back. */
export interface PageTokens {
  /** `of` names what is turned over: a token of one thing is none of another. */
  seal<P>(principal: Principal, of: string, page: P, now: Instant): string;
  /** Throws `malformed` for a token that is not this caller's, not of this broker and thing, or more than an hour old. */
  open<P>(principal: Principal, of: string, token: string, now: Instant): P;
}

const callerOf = ({ organization, kind }: Principal, of: string): Buffer => Buffer.from(`${organization} ${kind} ${of}`);

/** What is no page for this caller: the same words whatever the reason. */
export const noPage = () => badParameter('_page', 'is no page of an answer of the last hour: ask again');

/**
 * Page tokens under `key`, which every process has: behind one name the next page may be asked of another. The URL of a next page holds no value of the
 * search (I8), and another caller cannot use it. AES-256-GCM; the caller and the thing are authenticated data.
 */
export const createPageTokens = (key: Uint8Array): PageTokens => {
  return {
    seal: (principal, of, page, now) => {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(callerOf(principal, of));
      const sealed = Buffer.concat([cipher.update(JSON.stringify({ page, until: now + HOUR })), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
    },
    open: <P>(principal: Principal, of: string, token: string, now: Instant): P => {
      const bytes = Buffer.from(token, 'base64url');
      if (bytes.length < 29) throw noPage();
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
        .setAAD(callerOf(principal, of))
        .setAuthTag(bytes.subarray(12, 28));
      let text: string;
      try {
        text = `${decipher.update(bytes.subarray(28), undefined, 'utf8')}${decipher.final('utf8')}`;
      } catch {
        throw noPage();
      }
      // What the broker sealed is what it reads.
      const { page, until } = JSON.parse(text) as { page: P; until: Instant };
      if (until < now) throw noPage();
      return page;
    },
  };
};
