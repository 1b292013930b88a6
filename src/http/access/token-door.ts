import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { CATEGORY_TABLE } from '../../../mappings/outcome/category-table.ts';
import { RESOURCE_TYPES } from '../../../profiles/resource-types.ts';
import { Anomaly } from '../../model/anomaly.ts';
import type { Client } from '../../model/client.ts';
import type { NewKey, SigningKey } from '../../store/access/signing-keys.ts';
import { Refusal } from '../refusal.ts';
import { readBody } from '../read/read-body.ts';
import { ASSERTION_ALGORITHMS } from './assertion-algorithms.ts';
import { type AuthenticateClient, createAuthenticateClient } from './client-assertion.ts';
import { newSigningKey } from './new-signing-key.ts';
import { ownOrigin, type Reached, type Site } from './own-origin.ts';
import { rememberFetches } from './remember-fetches.ts';
import type { TokenCheck } from './token-check.ts';
import { createTokenProvider, type FetchKeys, type ProviderStore } from './token-provider.ts';

/** What the token door asks the store. */
export interface TokenDoorStore extends ProviderStore {
  signingKey(newKey: NewKey): Promise<SigningKey>;
  publicSigningKeys(): Promise<readonly Readonly<Record<string, unknown>>[]>;
  revokeToken(jti: string, endsAt: Date): Promise<void>;
}

/** Answers what is asked at one of `TOKEN_PATHS`, whatever happens. */
export type TokenDoor = (request: IncomingMessage, response: ServerResponse, path: string, checkAddress?: () => void) => Promise<void>;

type Json = Readonly<Record<string, unknown>>;
type Answer = { readonly status: number; readonly body: Json | null; readonly headers?: Readonly<Record<string, string>> };

const MOST_FORM = 16_384;
/** How often the key that signs is asked for, in milliseconds: another process may have put a new one in its place. */
const KEY_AGAIN_MS = 5_000;
const MOST_PROVIDERS = 8;
const BEARER = /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i;

/** How a request reached the broker. */
export const reachedBy = ({ headers, socket }: IncomingMessage): Reached => ({
  headers,
  secure: (socket as Socket & Partial<TLSSocket>).encrypted === true,
  localPort: socket.localPort ?? 0,
});

/** What a SMART client reads first (App Launch 2, Conformance; RFC 8414). */
const configurationAt = (origin: string): Json => ({
  issuer: origin,
  token_endpoint: `${origin}/oauth/token`,
  jwks_uri: `${origin}/oauth/jwks`,
  introspection_endpoint: `${origin}/oauth/introspect`,
  revocation_endpoint: `${origin}/oauth/revoke`,
  grant_types_supported: ['client_credentials'],
  token_endpoint_auth_methods_supported: ['private_key_jwt'],
  token_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
  introspection_endpoint_auth_methods_supported: ['private_key_jwt'],
  introspection_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
  revocation_endpoint_auth_methods_supported: ['private_key_jwt'],
  revocation_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
  response_types_supported: [],
  scopes_supported: ['system/*.cruds', ...RESOURCE_TYPES.map(({ type }) => `system/${type}.cruds`)],
  capabilities: ['client-confidential-asymmetric', 'permission-v2'],
});

const oauthError = (status: number, error: string, error_description: string): Answer => ({
  status,
  body: { error, error_description },
  ...(status === 401 ? { headers: { 'WWW-Authenticate': 'Bearer' } } : {}),
});

/** What cannot be read, or comes too often. */
const refusedAs = (fault: Anomaly): Answer => {
  if (fault instanceof Refusal)
    return { ...oauthError(fault.status, 'temporarily_unavailable', fault.issues[0]?.help ?? ''), headers: fault.headers };
  return oauthError(CATEGORY_TABLE[fault.category].status, 'invalid_request', 'the body cannot be read');
};

const send = (response: ServerResponse, { status, body, headers = {} }: Answer): void => {
  response.writeHead(status, {
    'Cache-Control': 'no-store',
    ...(body === null ? {} : { 'Content-Type': 'application/json; charset=utf-8' }),
    ...headers,
  });
  response.end(body === null ? undefined : JSON.stringify(body));
};

/** Whether a body says that it is coded: a reader on the way would see another form than this one. */
const isCoded = ({ headers }: IncomingMessage): boolean => (headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity';

/** The token of an `Authorization` header; null where there is none, or another scheme. */
export const bearerOf = (header: string | undefined): string | null => BEARER.exec(header ?? '')?.[1] ?? null;

interface Parts {
  readonly store: TokenDoorStore;
  readonly site: Site;
  readonly fetchKeys: FetchKeys;
  readonly check: TokenCheck;
  readonly operatorOds: string;
  /** Told of a fault of the broker's own. */
  readonly faulty: (fault: unknown) => void;
}

/** The client that asks, by its access token or by an assertion of its own; null where it proves neither. */
const askerOf = async (
  request: IncomingMessage,
  form: URLSearchParams,
  origin: string,
  check: TokenCheck,
  authenticate: AuthenticateClient,
): Promise<Client | null> => {
  const token = bearerOf(request.headers.authorization);
  if (token !== null) return (await check(token))?.client ?? null;
  return authenticate(form, [origin, `${origin}/oauth/token`, `${origin}${(request.url ?? '').split('?')[0] ?? ''}`]);
};

/** What the answers about tokens are made with. */
type Asking = Pick<Parts, 'store' | 'check'> & { readonly isOperator: (client: Client) => boolean };

/** RFC 7662: a client learns of its own tokens, the operator of every one; of others each is "not active". */
const introspect = async (asker: Client, token: string, origin: string, { check, isOperator }: Asking): Promise<Answer> => {
  const caller = await check(token);
  if (caller === null || (caller.client.id !== asker.id && !isOperator(asker))) return { status: 200, body: { active: false } };
  const { client, principal, jti, endsAt } = caller;
  return {
    status: 200,
    body: {
      active: true,
      iss: origin,
      aud: `${origin}/fhir`,
      client_id: client.id,
      sub: client.id,
      scope: principal.scopes.join(' '),
      exp: Math.floor(endsAt / 1000),
      jti,
      token_type: 'Bearer',
      organization: client.organization,
      kind: client.kind,
    },
  };
};

/** RFC 7009: 200 whatever the token is, and another client's stays what it was. */
const revoke = async (asker: Client, token: string, { check, isOperator, store }: Asking): Promise<Answer> => {
  const caller = await check(token);
  if (caller !== null && (caller.client.id === asker.id || isOperator(asker))) {
    await store.revokeToken(caller.jti, new Date(caller.endsAt));
    check.forget(token);
  }
  return { status: 200, body: null };
};

/** The token endpoint and what stands beside it (SMART App Launch 2, Backend Services). */
export const createTokenDoor = ({ store, site, fetchKeys, check, operatorOds, faulty }: Parts): TokenDoor => {
  const fetchOnce = rememberFetches(fetchKeys);
  const authenticate = createAuthenticateClient(store, fetchOnce);
  // One that says it is, of another organisation, is none.
  const isOperator = ({ kind, organization }: Client): boolean => kind === 'operator' && organization === operatorOds.toUpperCase();
  const asking: Asking = { store, check, isOperator };
  let signing: { readonly key: SigningKey; readonly until: number } | null = null;
  let providers = new Map<string, ReturnType<typeof createTokenProvider>>();

  const providerAt = async (origin: string): Promise<ReturnType<typeof createTokenProvider>> => {
    if (signing === null || performance.now() >= signing.until) {
      const key = await store.signingKey(newSigningKey);
      if (key.kid !== signing?.key.kid) providers = new Map();
      signing = { key, until: performance.now() + KEY_AGAIN_MS };
    }
    const known = providers.get(origin);
    if (known !== undefined) return known;
    if (providers.size >= MOST_PROVIDERS) providers.clear();
    const made = createTokenProvider(origin, signing.key, store, fetchOnce, faulty);
    providers.set(origin, made);
    return made;
  };

  const issue = async (request: IncomingMessage, response: ServerResponse, origin: string): Promise<void> => {
    const { host, protocol } = new URL(origin);
    // The endpoint's own address is what an assertion must name: it is made of the origin, and not of what a stranger says.
    request.headers.host = host;
    request.headers['x-forwarded-proto'] = protocol.slice(0, -1);
    delete request.headers['x-forwarded-host'];
    request.url = '/token';
    Object.assign(request, { originalUrl: '/oauth/token' });
    await (await providerAt(origin))(request, response);
  };

  const beside = async (request: IncomingMessage, path: string, origin: string): Promise<Answer> => {
    const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
    if (type !== 'application/x-www-form-urlencoded')
      return oauthError(400, 'invalid_request', 'only application/x-www-form-urlencoded content-type bodies are supported');
    const form = new URLSearchParams(await readBody(request, MOST_FORM));
    const [token, ...more] = form.getAll('token');
    if (token === undefined || more.length > 0) return oauthError(400, 'invalid_request', 'token stands once');
    const asker = await askerOf(request, form, origin, check, authenticate);
    if (asker === null) return oauthError(401, 'invalid_client', 'client authentication failed');
    return path === '/oauth/introspect' ? introspect(asker, token, origin, asking) : revoke(asker, token, asking);
  };

  const answerTo = async (request: IncomingMessage, path: string, origin: string): Promise<Answer> => {
    const method = path === '/oauth/introspect' || path === '/oauth/revoke' || path === '/oauth/token' ? 'POST' : 'GET';
    if (request.method !== method && !(method === 'GET' && request.method === 'HEAD'))
      return { ...oauthError(405, 'invalid_request', `only ${method} is supported here`), headers: { Allow: method } };
    if (path === '/oauth/jwks')
      return { status: 200, body: { keys: await store.publicSigningKeys() }, headers: { 'Cache-Control': 'public, max-age=60' } };
    if (method === 'POST') return beside(request, path, origin);
    return { status: 200, body: configurationAt(origin), headers: { 'Cache-Control': 'public, max-age=60' } };
  };

  return async (request, response, path, checkAddress) => {
    const origin = ownOrigin(site, reachedBy(request));
    try {
      checkAddress?.();
      if (isCoded(request)) send(response, oauthError(415, 'invalid_request', 'bodies are sent as they are, not compressed'));
      else if (path === '/oauth/token' && request.method === 'POST') await issue(request, response, origin);
      else send(response, await answerTo(request, path, origin));
    } catch (fault) {
      if (fault instanceof Anomaly && fault.category !== 'fault') send(response, refusedAs(fault));
      else {
        faulty(fault);
        if (response.headersSent) response.destroy();
        else send(response, { ...oauthError(503, 'temporarily_unavailable', 'try again'), headers: { 'Retry-After': '2' } });
      }
    }
  };
};

/** Every address of the token door. */
export const TOKEN_PATHS: readonly string[] = [
  '/oauth/token',
  '/oauth/jwks',
  '/oauth/introspect',
  '/oauth/revoke',
  '/.well-known/smart-configuration',
  '/.well-known/oauth-authorization-server',
  '/fhir/.well-known/smart-configuration',
];
