import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Instant } from '../../model/instant.ts';
import { MINUTE } from '../../model/instant.ts';
import type { Principal } from '../../model/principal.ts';
import type { Confirming } from '../../store/confirming.ts';

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
  /** Null for a token that is not this caller's or this broker's, was presented before, or is too old. Presenting it spends it, whatever comes of it. */
  spend(principal: Principal, token: string, now: Instant): Promise<Awaited | null>;
}

const callerOf = ({ organization, kind, user }: Principal): Buffer => Buffer.from(JSON.stringify([organization, kind, user]));

/** Of nobody's: presented like any other, and kept as long. */
const NOTHING_SPENT = 12;

/**
 * Tokens under a key that every process of the broker makes of its secret: nothing of the person can be read in them, nobody can make one, and another caller
 * cannot use it. AES-256-GCM; the caller is authenticated data, and the nonce is what is remembered as spent, for however a token is spelled its nonce is the
 * same. Whichever process is asked: behind one name a desk's second question may come to another than its first.
 */
export const createConfirmations = ({ key, spend }: Confirming): Confirmations => {
  const opened = (
    principal: Principal,
    token: string,
  ): { readonly nonce: string; readonly awaited: Awaited; readonly until: Instant } | null => {
    const bytes = Buffer.from(token, 'base64url');
    if (bytes.length < 29) return null;
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
      .setAAD(callerOf(principal))
      .setAuthTag(bytes.subarray(12, 28));
    try {
      const text = `${decipher.update(bytes.subarray(28), undefined, 'utf8')}${decipher.final('utf8')}`;
      // What the broker sealed is what it reads.
      return { ...(JSON.parse(text) as { awaited: Awaited; until: Instant }), nonce: bytes.subarray(0, 12).toString('base64url') };
    } catch {
      return null;
    }
  };
  return {
    seal: (principal, awaited, now) => {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(callerOf(principal));
      const sealed = Buffer.concat([cipher.update(JSON.stringify({ awaited, until: now + CONFIRM_WITHIN })), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
    },
    spend: async (principal, token, now) => {
      const found = opened(principal, token);
      // The same work for one that is none (I6).
      const isFirst = await spend(found?.nonce ?? randomBytes(NOTHING_SPENT).toString('base64url'), 2 * CONFIRM_WITHIN);
      return found !== null && isFirst && found.until >= now ? found.awaited : null;
    },
  };
};
