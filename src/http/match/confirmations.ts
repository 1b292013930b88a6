import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Instant } from '../../model/instant.ts';
import { MINUTE } from '../../model/instant.ts';
import type { Principal } from '../../model/principal.ts';

/** How long a match may be confirmed. */
export const CONFIRM_WITHIN = 5 * MINUTE;

/** What a confirmation stands for: the person who was found, and what of the question must be said again. */
export interface Awaited {
  readonly personId: string;
  readonly nhsNumber: string | null;
  readonly birthDate: string | null;
}

/** Turns a match into a token that says nothing, and back, once. */
export interface Confirmations {
  seal(principal: Principal, awaited: Awaited, now: Instant): string;
  /** Null for a token that is not this caller's or this process's, was presented before, or is too old. Presenting it spends it, whatever comes of it. */
  spend(principal: Principal, token: string, now: Instant): Awaited | null;
}

const callerOf = ({ organization, kind, user }: Principal): Buffer => Buffer.from(JSON.stringify([organization, kind, user]));

/**
 * Tokens under a key that lives as long as the process, like those of pages: nothing of the person can be read in them, nobody can make one,
 * and another caller cannot use it. AES-256-GCM; the caller is authenticated data, and the nonce is what is remembered as spent, for however a
 * token is spelled its nonce is the same.
 */
export const createConfirmations = (): Confirmations => {
  const key = randomBytes(32);
  /** Nonces that were presented, in their order, each until its token is too old anyway. */
  const spent = new Map<string, Instant>();
  const forget = (now: Instant): void => {
    for (const [nonce, until] of spent) {
      if (until >= now) return;
      spent.delete(nonce);
    }
  };
  return {
    seal: (principal, awaited, now) => {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(callerOf(principal));
      const sealed = Buffer.concat([cipher.update(JSON.stringify({ awaited, until: now + CONFIRM_WITHIN })), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
    },
    spend: (principal, token, now) => {
      const bytes = Buffer.from(token, 'base64url');
      if (bytes.length < 29) return null;
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
        .setAAD(callerOf(principal))
        .setAuthTag(bytes.subarray(12, 28));
      let text: string;
      try {
        text = `${decipher.update(bytes.subarray(28), undefined, 'utf8')}${decipher.final('utf8')}`;
      } catch {
        return null;
      }
      // What this process sealed is what it reads.
      const { awaited, until } = JSON.parse(text) as { awaited: Awaited; until: Instant };
      const nonce = bytes.subarray(0, 12).toString('base64url');
      forget(now);
      if (until < now || spent.has(nonce)) return null;
      spent.set(nonce, now + CONFIRM_WITHIN);
      return awaited;
    },
  };
};
