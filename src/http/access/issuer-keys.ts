import { createLocalJWKSet, errors } from 'jose';
import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose';
import type { Instant } from '../../model/instant.ts';
import { publicKeysIn } from './public-keys.ts';

/** Asks an address; the guarded one, outside of tests (`createGuardedFetch`). */
export type Fetch = (url: string) => Promise<Response>;

/** The keys of an issuer cannot be had now. Its reason is a constant: it goes to the log. */
export class IssuerSilent extends Error {
  readonly because: string;

  constructor(because: string, cause?: unknown) {
    super(because, { cause });
    this.because = because;
  }
}

/** Keys are used for so long without a look at the issuer: a key that it withdrew is refused after this. */
const MAX_AGE_MS = 600_000;
/** A token under an unknown key has the issuer asked again, and not more often than this: anyone may write a `kid`. */
const COOLDOWN_MS = 30_000;
/** So long nobody waits for an issuer that has just not answered. */
const SILENCE_MS = 5_000;

const askJson = async (fetch: Fetch, url: string): Promise<Readonly<Record<string, unknown>>> => {
  let read: unknown;
  try {
    const answer = await fetch(url);
    if (answer.status !== 200) throw new IssuerSilent('it answers with another status than 200');
    read = await answer.json();
  } catch (error) {
    throw error instanceof IssuerSilent ? error : new IssuerSilent('it does not answer, or with no JSON', error);
  }
  if (typeof read !== 'object' || read === null) throw new IssuerSilent('it answers with no object');
  return { ...read };
};

const load = async (fetch: Fetch, issuer: string): Promise<JSONWebKeySet> => {
  // OIDC Discovery section 4: a slash at the end goes first.
  const found = await askJson(fetch, `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  // Section 4.3: else one issuer could vouch with another's keys.
  if (found['issuer'] !== issuer) throw new IssuerSilent('its discovery document names another issuer');
  const { jwks_uri: address } = found;
  if (typeof address !== 'string') throw new IssuerSilent('its discovery document names no jwks_uri');
  const keys = publicKeysIn(await askJson(fetch, address));
  if (keys === null) throw new IssuerSilent('it answers with no set of public keys');
  return keys;
};

/**
 * Finds the key of a token among those that an issuer publishes (OIDC Discovery), which are kept for ten minutes. Where none fits, the issuer is
 * asked again, at most every 30 s: so keys rotate. `tell` hears of each time that it could not be asked. Throws IssuerSilent, and jose's errors where no key fits.
 */
export const issuerKeys = (issuer: string, fetch: Fetch, now: () => Instant, tell: (because: string) => void): JWTVerifyGetKey => {
  let held: { readonly find: ReturnType<typeof createLocalJWKSet>; readonly at: Instant } | null = null;
  let loading: Promise<void> | null = null;
  let silent: { readonly error: IssuerSilent; readonly at: Instant } | null = null;

  const reload = async (): Promise<void> => {
    if (silent !== null && now() - silent.at < SILENCE_MS) throw silent.error;
    try {
      held = { find: createLocalJWKSet(await load(fetch, issuer)), at: now() };
      silent = null;
    } catch (error) {
      const reason = error instanceof IssuerSilent ? error : new IssuerSilent('its keys cannot be read', error);
      silent = { error: reason, at: now() };
      tell(reason.because);
      throw reason;
    }
  };
  const youngerThan = async (age: number): Promise<ReturnType<typeof createLocalJWKSet>> => {
    if (held === null || now() - held.at >= age) {
      loading ??= reload().finally(() => {
        loading = null;
      });
      await loading;
    }
    if (held === null) throw new Error('keys are held once they have been loaded');
    return held.find;
  };

  return async (header, token) => {
    const find = await youngerThan(MAX_AGE_MS);
    try {
      return await find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      return (await youngerThan(COOLDOWN_MS))(header, token);
    }
  };
};
