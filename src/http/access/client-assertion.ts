import { createHash } from 'node:crypto';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  decodeJwt,
  errors,
  type JSONWebKeySet,
  jwtVerify,
  type JWTVerifyGetKey,
} from 'jose';
import type { Client } from '../../model/client.ts';
import { whyNoAssertion } from './client-assertion-rules.ts';
import { ASSERTION_ALGORITHMS, ASSERTION_TYPE } from './assertion-algorithms.ts';
import type { FetchKeys, ProviderStore } from './token-provider.ts';

const TOLERANCE = 10;
const MOST_KEY_SETS = 500;

/** What leads to no keys proves nobody, whatever it was that failed: where it leads is the client's own choice. */
const orNone =
  (keys: JWTVerifyGetKey): JWTVerifyGetKey =>
  async (header, token) => {
    try {
      return await keys(header, token);
    } catch (cause) {
      throw cause instanceof errors.JOSEError ? cause : new errors.JWKSInvalid('the keys of the client cannot be read', { cause });
    }
  };

/** Says which client a form's assertion proves, and uses the assertion up; null where it proves none. */
export type AuthenticateClient = (form: URLSearchParams, audiences: readonly string[]) => Promise<Client | null>;

/** Authentication by `private_key_jwt` (RFC 7523) at the endpoints that stand beside the token endpoint, by the same rules as there. */
export const createAuthenticateClient = (store: ProviderStore, fetchKeys: FetchKeys, now: () => number = Date.now): AuthenticateClient => {
  const remote = new Map<string, JWTVerifyGetKey>();
  const keysOf = ({ keys }: Client): JWTVerifyGetKey => {
    if ('jwks' in keys) return createLocalJWKSet(keys.jwks as unknown as JSONWebKeySet);
    const known = remote.get(keys.jwksUri);
    if (known !== undefined) return known;
    if (!URL.canParse(keys.jwksUri)) throw new errors.JWKSInvalid('the address of the keys is none');
    const made = orNone(
      createRemoteJWKSet(new URL(keys.jwksUri), { [customFetch]: fetchKeys, cooldownDuration: 30_000, cacheMaxAge: 300_000 }),
    );
    if (remote.size >= MOST_KEY_SETS) remote.clear();
    remote.set(keys.jwksUri, made);
    return made;
  };
  return async (form, audiences) => {
    const assertion = form.get('client_assertion');
    if (assertion === null || form.get('client_assertion_type') !== ASSERTION_TYPE) return null;
    try {
      const { sub } = decodeJwt(assertion);
      const client = typeof sub === 'string' ? await store.findClient(sub) : null;
      if (client === null || client.suspendedAt !== null) return null;
      const { payload, protectedHeader } = await jwtVerify(assertion, keysOf(client), {
        algorithms: [...ASSERTION_ALGORITHMS],
        issuer: client.id,
        subject: client.id,
        audience: [...audiences],
        requiredClaims: ['exp', 'jti'],
        clockTolerance: TOLERANCE,
      });
      if (whyNoAssertion(assertion, payload, { ...protectedHeader }, now()) !== null) return null;
      const { exp = 0, jti = '' } = payload;
      // The name under which the token endpoint keeps it, so that one assertion is taken once, wherever it is sent.
      const id = createHash('sha256').update(`${client.id}${jti}`).digest('base64url');
      return (await store.useAssertion(id, exp + TOLERANCE - now() / 1000)) ? client : null;
    } catch (fault) {
      if (fault instanceof errors.JOSEError) return null;
      throw fault;
    }
  };
};
