import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type pg from 'pg';
import type { Test } from 'supertest';
import { createAddressGuard } from '../../src/channel/address-guard.ts';
import { createGuardedFetch } from '../../src/channel/guarded-fetch.ts';
import { readUserIssuers } from '../../src/http/access/user-issuers.ts';
import { openAccess } from '../../src/store/access/access.ts';
import { addClient } from '../../src/store/access/clients.ts';
import type { Kind } from '../../src/model/kind.ts';
import type { Scope } from '../../src/model/scope.ts';
import type { Sql } from '../../src/store/pool.ts';
import { identityFor, personIssuers, userIssuers } from './sign-in.ts';

/** A system that calls: an organisation as one kind of service, with every scope where none are named. */
export interface Caller {
  readonly ods: string;
  readonly kind: Kind;
  readonly scopes?: readonly Scope[];
}

/** What an app needs besides its store to know its callers. */
export const accessParts = (
  pool: pg.Pool,
  outboundAllow: readonly string[] = ['127.0.0.0/8'],
  issuers: readonly string[] = [userIssuers(), personIssuers()],
) => ({
  userIssuers: readUserIssuers(issuers),
  access: openAccess(pool),
  fetchKeys: createGuardedFetch(createAddressGuard(outboundAllow), { timeoutMs: 2_500, maxBytes: 64 * 1024 }),
});

/** The key of every client of a test run. */
const clientKey = generateKeyPair('ES384', { extractable: true }).then(async ({ publicKey, privateKey }) => ({
  privateKey,
  jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: 'test', alg: 'ES384', use: 'sig' }] },
}));

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** A client assertion as SMART Backend Services wants it, with claims and headers of the test's own over it. */
export const assertionOf = async (
  clientId: string,
  tokenEndpoint: string,
  claims: Readonly<Record<string, unknown>> = {},
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> => {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ iss: clientId, sub: clientId, aud: tokenEndpoint, jti: randomUUID(), iat: now, exp: now + 240, ...claims })
    .setProtectedHeader({ alg: 'ES384', kid: 'test', typ: 'JWT', ...header })
    .sign((await clientKey).privateKey);
};

/** Gives an access token back, by itself (RFC 7009). */
export const giveBack = async (origin: string, token: string): Promise<void> => {
  const { status } = await fetch(`${origin}/oauth/revoke`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: new URLSearchParams({ token }),
  });
  if (status !== 200) throw new Error(`a token could not be given back: ${status}`);
};

/** Runs something on the broker's database. */
export type WithSql = <T>(work: (sql: Sql) => Promise<T>) => Promise<T>;

/** The broker gave no token for now. */
class TokenUnavailable extends Error {
  override readonly name = 'TokenUnavailable';
}

/** Tokens of callers: each is registered once in the database, and asks the broker's own token endpoint. */
export interface Tokens {
  /** The id under which a caller is registered. */
  clientIdOf(caller: Caller): Promise<string>;
  of(caller: Caller): Promise<string>;
  /** Another token for it, which it has from here on. */
  another(caller: Caller): Promise<string>;
  /** What is sent to an address: the token, and a registered clinician of the caller's organisation where it needs a person. */
  headersOf(caller: Caller, path?: string): Promise<Readonly<Record<string, string>>>;
  /** The same request, sent with what `headersOf` says once it is sent. */
  as(test: Test, caller: Caller): Test;
}

const nameOf = ({ ods, kind, scopes = [] }: Caller): string => `${ods} ${kind} ${scopes.join(' ')}`;
/** A token lives for five minutes. */
const FRESH_MS = 200_000;

/** `origin` is asked anew for each token: a broker that comes back may have another port. */
export const tokensAt = (origin: () => string, database: pg.Pool | WithSql): Tokens => {
  const withSql: WithSql = 'query' in database ? (work) => work(database) : database;
  const clients = new Map<string, Promise<string>>();
  const tokens = new Map<string, { readonly until: number; readonly token: Promise<string> }>();
  const register = async ({ ods, kind, scopes = ['system/*.cruds'] }: Caller): Promise<string> =>
    withSql(async (sql) => (await addClient(sql, { organization: ods, kind, scopes, keys: { jwks: (await clientKey).jwks } })).id);
  const clientIdOf = (caller: Caller): Promise<string> => {
    const known = clients.get(nameOf(caller)) ?? register(caller);
    clients.set(nameOf(caller), known);
    return known;
  };
  const ask = async (caller: Caller): Promise<string> => {
    const endpoint = `${origin()}/oauth/token`;
    const answer = await fetch(endpoint, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: await assertionOf(await clientIdOf(caller), endpoint),
      }),
    });
    if (answer.status >= 500) throw new TokenUnavailable(`${answer.status}`);
    const { access_token: token, ...rest } = (await answer.json()) as { readonly access_token?: string };
    if (token === undefined) throw new Error(`no token for ${nameOf(caller)}: ${answer.status} ${JSON.stringify(rest)}`);
    return token;
  };
  const of = (caller: Caller): Promise<string> => {
    const name = nameOf(caller);
    const known = tokens.get(name);
    if (known !== undefined && known.until > performance.now()) return known.token;
    const token = ask(caller);
    tokens.set(name, { until: performance.now() + FRESH_MS, token });
    token.catch(() => tokens.delete(name)); // told to whoever waits for it
    return token;
  };
  const headersOf = async (caller: Caller, path = ''): Promise<Readonly<Record<string, string>>> => ({
    Authorization: `Bearer ${await of(caller)}`,
    ...(/\$(?:approve|emergency-access|end-chase)/.test(path) ? { 'X-User-Identity': await identityFor(caller, `${origin()}/fhir`) } : {}),
  });
  return {
    clientIdOf,
    of,
    another: (caller) => {
      tokens.delete(nameOf(caller));
      return of(caller);
    },
    headersOf,
    as: (test, caller) => {
      const end = test.end.bind(test);
      test.end = (callback) => {
        headersOf(caller, test.url).then(
          (headers) => {
            // A test may have set another.
            for (const [name, value] of Object.entries(headers)) if (test.get(name) === undefined) test.set(name, value);
            end(callback);
          },
          (fault: Error) => callback?.(fault, undefined as never),
        );
        return test;
      };
      return test;
    },
  };
};
