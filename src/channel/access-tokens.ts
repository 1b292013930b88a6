import { setTimeout as wait } from 'node:timers/promises';
import type { CredentialInUse, SignedJwt } from '../model/credential.ts';
import type { Outcome } from '../model/ledger.ts';
import { AddressForbidden } from './address-guard.ts';
import type { AddressGuard } from './address-guard.ts';
import type { Limits } from './channel.ts';
import { tokenForm } from './client-assertion.ts';
import { createGuardedFetch } from './guarded-fetch.ts';
import { readToken } from './read-token.ts';

/** A token for an attempt, or why there is none: then nothing was written to the recipient. */
export type TokenOrNot = { readonly token: string } | Extract<Outcome, { kind: 'refused' }>;

/** Access tokens, by version of a credential: no other Endpoint, and no other version, ever gets one. */
export interface AccessTokens {
  /** The token that is in use, or a new one; those who ask at the same moment share it. Never throws. */
  of(credential: CredentialInUse, jwt: SignedJwt, limits: Limits): Promise<TokenOrNot>;
  /** The recipient does not take this one: it is not used again. */
  drop(credential: CredentialInUse, token: string): void;
  /** Forgets all of them. */
  close(): void;
}

const LIMITS = { timeoutMs: 10_000, maxBytes: 64 * 1024 };
/** Tokens that are kept; the oldest gives way. */
const MOST = 1_000;

const without = (because: string): Extract<Outcome, { kind: 'refused' }> => ({ kind: 'refused', because, retry: true });

interface Held {
  readonly token: string;
  /** By `performance.now()`. */
  readonly until: number;
}

/** Opens them. Token endpoints are asked behind the guard: no redirect, 64 kB and ten seconds at most. */
export const openAccessTokens = (guard: AddressGuard): AccessTokens => {
  const held = new Map<string, Held>();
  const asking = new Map<string, Promise<TokenOrNot>>();
  const fetchBySystem = createGuardedFetch(guard, LIMITS);

  const ask = async ({ version }: CredentialInUse, jwt: SignedJwt): Promise<TokenOrNot> => {
    const askedAt = performance.now();
    try {
      const fetch = jwt.ca === null ? fetchBySystem : createGuardedFetch(guard, LIMITS, { ca: jwt.ca });
      const answer = await fetch(jwt.tokenUrl, {
        method: 'POST',
        headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
        body: (await tokenForm(jwt, Date.now())).toString(),
      });
      if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) return without('token-refused');
      if (answer.status !== 200) return without('token-unavailable');
      const read = readToken(await answer.text());
      if (read === null) return without('token-unreadable');
      const [oldest] = held.keys();
      if (held.size >= MOST && oldest !== undefined) held.delete(oldest);
      held.set(version, { token: read.token, until: askedAt + read.goodForMs });
      return { token: read.token };
    } catch (error) {
      // The error may quote what was sent: it goes no further.
      return without(error instanceof AddressForbidden ? 'token-address-forbidden' : 'token-unavailable');
    }
  };

  return {
    of: async (credential, jwt, limits) => {
      const known = held.get(credential.version);
      if (known !== undefined && known.until > performance.now()) return { token: known.token };
      const flight = asking.get(credential.version) ?? ask(credential, jwt).finally(() => asking.delete(credential.version));
      asking.set(credential.version, flight);
      const stop = new AbortController();
      const late = wait(Math.max(0, Math.min(limits.msLeft(), limits.timeoutMs)), without('token-late'), { signal: stop.signal });
      try {
        return await Promise.race([flight, late]);
      } finally {
        stop.abort();
        late.catch(() => undefined);
      }
    },
    drop: ({ version }, token) => {
      if (held.get(version)?.token === token) held.delete(version);
    },
    close: () => held.clear(),
  };
};
