import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from 'jose';
import type { Client } from '../../model/client.ts';
import { commonScopes } from '../../model/scope.ts';
import type { Principal } from '../../model/principal.ts';
import { isCanonicalJws } from './canonical-jws.ts';
import { isOwnOrigin, type Site } from './own-origin.ts';

/** Who calls, as a token proves it. */
export interface Caller {
  readonly client: Client;
  readonly principal: Principal;
  readonly jti: string;
  /** When the token runs out, in milliseconds since 1970. */
  readonly endsAt: number;
}

/** What the check asks the store. */
export interface TokenStore {
  publicSigningKeys(): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** The client of a token that was not given back, and is not suspended; else null. */
  clientOfToken(clientId: string, jti: string): Promise<Client | null>;
}

/** Says who calls with a token; null where it proves nobody. */
export interface TokenCheck {
  (token: string): Promise<Caller | null>;
  /** Remembers a token no longer: it was given back here. */
  forget(token: string): void;
}

/** A suspended client is out within five seconds on every process: so long, at most, with a second to spare, a token is remembered. */
const REMEMBERED_MS = 4_000;
const MOST_REMEMBERED = 10_000;
/** Longer than any token of ours. */
const MOST_CHARACTERS = 8_192;
/** How often, at most, the keys are read for one that is not known; who names one waits that long, for it may have been made since. */
const KEYS_AGAIN_MS = 200;

interface Verified {
  readonly clientId: string;
  readonly jti: string;
  readonly scopes: readonly string[];
  readonly endsAt: number;
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64url');

const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : '');

/** Reads what a verified token says; null where it says less than a token of ours (RFC 9068 section 2.2). */
const readClaims = (site: Site, { iss, aud, client_id, sub, jti, scope, exp }: Readonly<Record<string, unknown>>): Verified | null => {
  if (typeof iss !== 'string' || typeof aud !== 'string' || typeof client_id !== 'string' || typeof jti !== 'string') return null;
  if (sub !== client_id || typeof exp !== 'number') return null;
  if (!isOwnOrigin(site, iss) || aud !== `${originOf(aud)}/fhir` || !isOwnOrigin(site, originOf(aud))) return null;
  return { clientId: client_id, jti, scopes: typeof scope === 'string' ? scope.split(' ') : [], endsAt: exp * 1000 };
};

/** Keys by their ids, read again where one is not known, at most five times a second. */
const openKeys = (store: TokenStore, now: () => number) => {
  let keys = createLocalJWKSet({ keys: [] });
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | null = null;
  const readAgain = async (): Promise<void> => {
    await sleep(Math.max(0, readAt + KEYS_AGAIN_MS - now()));
    keys = createLocalJWKSet({ keys: [...(await store.publicSigningKeys())] } as JSONWebKeySet);
    // Once they are here: where PostgreSQL is away nobody's token is wrong, and who comes meanwhile waits for them, too.
    readAt = now();
  };
  return {
    verify: async (token: string) => {
      const options = { algorithms: ['ES256'], typ: 'at+jwt', requiredClaims: ['exp', 'iat', 'jti'] };
      try {
        return await jwtVerify(token, keys, options);
      } catch (fault) {
        if (!(fault instanceof errors.JWKSNoMatchingKey)) throw fault;
        reading ??= readAgain().finally(() => {
          reading = null;
        });
        await reading;
        return jwtVerify(token, keys, options);
      }
    },
  };
};

/**
 * Checks access tokens locally: ES256 by a key of this database, `at+jwt`, ours by issuer and audience, in time; then that its client may still
 * come in. What was found is remembered by the token's hash for four seconds: verifying costs more than a bare look-up (168 us, measured).
 */
export const createTokenCheck = (store: TokenStore, site: Site, now: () => number = Date.now): TokenCheck => {
  const keys = openKeys(store, now);
  const remembered = new Map<string, { readonly until: number; readonly caller: Promise<Caller | null> }>();

  const check = async (token: string): Promise<Caller | null> => {
    if (!isCanonicalJws(token)) return null;
    let verified: Verified | null;
    try {
      verified = readClaims(site, (await keys.verify(token)).payload);
    } catch (fault) {
      if (fault instanceof errors.JOSEError) return null;
      throw fault;
    }
    if (verified === null) return null;
    const { clientId, jti, endsAt } = verified;
    const client = await store.clientOfToken(clientId, jti);
    if (client === null) return null;
    const { organization, kind } = client;
    return { client, principal: { organization, kind, scopes: commonScopes(verified.scopes, client.scopes), user: null }, jti, endsAt };
  };

  const forgetOldest = (): void => {
    const [oldest] = remembered.keys();
    if (remembered.size > MOST_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
  };

  const checkOnce = async (token: string): Promise<Caller | null> => {
    if (token.length > MOST_CHARACTERS) return null;
    const hash = hashOf(token);
    const at = now();
    const known = remembered.get(hash);
    if (known !== undefined && at < known.until) {
      const caller = await known.caller;
      return caller !== null && now() < caller.endsAt ? caller : null;
    }
    const caller = check(token);
    remembered.delete(hash);
    remembered.set(hash, { until: at + REMEMBERED_MS, caller });
    forgetOldest();
    try {
      const found = await caller;
      // What proves nobody is not kept: strangers would push out who belongs.
      if (found === null) remembered.delete(hash);
      return found;
    } catch (fault) {
      remembered.delete(hash);
      throw fault;
    }
  };
  return Object.assign(checkOnce, { forget: (token: string) => void remembered.delete(hashOf(token)) });
};
