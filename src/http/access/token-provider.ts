import type { IncomingMessage, ServerResponse } from 'node:http';
import Provider, { type Adapter, type AdapterPayload, errors } from 'oidc-provider';
import type { Client } from '../../model/client.ts';
import { isWithin, type Scope } from '../../model/scope.ts';
import type { SigningKey } from '../../store/access/signing-keys.ts';
import { ASSERTION_ALGORITHMS } from './assertion-algorithms.ts';
import { whyNoAssertion } from './client-assertion-rules.ts';
import { isOfferedScope } from './offered-scope.ts';

/** What the token endpoint asks the store. */
export interface ProviderStore {
  findClient(id: string): Promise<Client | null>;
  /** False where it was used already. */
  useAssertion(id: string, seconds: number): Promise<boolean>;
}

/** Seconds that an access token lives: SMART Backend Services asks for at most five minutes. */
export const TOKEN_SECONDS = 300;
/** Keys of a client are a few kilobytes, and whoever asks for a token waits for them. */
export const KEY_LIMITS = { timeoutMs: 2_500, maxBytes: 64 * 1024 };
/** Fetches the keys of a client that says where they are. */
export type FetchKeys = (url: string, init?: RequestInit) => Promise<Response>;

const metadataOf = ({ id, keys }: Client): AdapterPayload => ({
  client_id: id,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  token_endpoint_auth_method: 'private_key_jwt',
  ...('jwks' in keys ? { jwks: keys.jwks } : { jwks_uri: keys.jwksUri }),
});

/** What is wrong with an assertion whose signature is right is told: nobody but the holder of its key comes so far. */
const refusedThough = (why: string): errors.InvalidClientAuth =>
  Object.assign(new errors.InvalidClientAuth(why), { error_description: why });

/** Only clients and used assertions are ever asked for: access tokens are signed, and stored nowhere. */
class StoreAdapter implements Adapter {
  readonly #name: string;
  readonly #store: ProviderStore;
  constructor(name: string, store: ProviderStore) {
    this.#name = name;
    this.#store = store;
  }
  async find(id: string): Promise<AdapterPayload | undefined> {
    // The library looks for a used assertion first and writes then: of two at one moment both would find nothing, so the table alone decides.
    if (this.#name !== 'Client') return undefined;
    const client = await this.#store.findClient(id);
    return client === null || client.suspendedAt !== null ? undefined : metadataOf(client);
  }
  async upsert(id: string, _payload: AdapterPayload, expiresIn: number): Promise<void> {
    if (this.#name !== 'ReplayDetection') throw new Error(`nothing keeps a ${this.#name}`);
    if (!(await this.#store.useAssertion(id, expiresIn))) throw refusedThough('an assertion is taken once: its jti was used before');
  }
  findByUid = async (): Promise<undefined> => undefined;
  findByUserCode = async (): Promise<undefined> => undefined;
  consume = async (): Promise<void> => {};
  destroy = async (): Promise<void> => {};
  revokeByGrantId = async (): Promise<void> => {};
}

/** What a client is granted: what it asks for, which is at most what it is registered for; all of that where it asks for nothing. */
const grantedScopes = (asked: unknown, registered: readonly Scope[]): readonly Scope[] => {
  if (asked === undefined || asked === '') return registered;
  const scopes = String(asked)
    .split(' ')
    .filter((scope) => scope !== '');
  const within = scopes.every((scope) => isOfferedScope(scope) && isWithin(scope, registered));
  if (!within) throw new errors.InvalidScope('is not registered for this client', String(asked));
  return [...new Set(scopes)].filter(isOfferedScope);
};

/** The token endpoint below `/oauth`, with one origin and one key that signs: `client_credentials` with `private_key_jwt`, and nothing else. */
export const createTokenProvider = (
  origin: string,
  key: SigningKey,
  store: ProviderStore,
  fetchKeys: FetchKeys,
  faulty: (fault: unknown) => void,
): ((request: IncomingMessage, response: ServerResponse) => Promise<void>) => {
  const fhir = `${origin}/fhir`;
  const provider = new Provider(origin, {
    adapter: (name: string) => new StoreAdapter(name, store),
    jwks: { keys: [key.privateJwk] },
    clientAuthMethods: ['private_key_jwt'],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    enabledJWA: { clientAuthSigningAlgValues: [...ASSERTION_ALGORITHMS] },
    responseTypes: [],
    scopes: [],
    pkce: { required: () => true },
    routes: { token: '/token' },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      claimsParameter: { enabled: false },
      dPoP: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => fhir,
        useGrantedResource: () => true,
        getResourceServerInfo: async (ctx, resource, { clientId }) => {
          if (resource !== fhir) throw new errors.InvalidTarget('the only resource is this FHIR server');
          const registered = (await store.findClient(clientId))?.scopes ?? [];
          const scope = grantedScopes(ctx.oidc.params?.['scope'], registered).join(' ');
          // Read by the grant after this: scopes are compared letter by letter here, and as words there.
          Object.assign(ctx.oidc.params ?? {}, { scope });
          return {
            scope,
            audience: fhir,
            accessTokenTTL: TOKEN_SECONDS,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: 'ES256' } },
          };
        },
      },
    },
    ttl: { ClientCredentials: TOKEN_SECONDS },
    assertJwtClientAuthClaimsAndHeader: async (ctx, claims, header) => {
      const why = whyNoAssertion(String(ctx.oidc.params?.['client_assertion']), claims, header, Date.now());
      if (why !== null) throw refusedThough(why);
    },
    fetch: (url, init) => fetchKeys(String(url), init),
    renderError: (ctx, out) => {
      ctx.type = 'json';
      ctx.body = JSON.stringify(out);
    },
  });
  // `Host` and `X-Forwarded-Proto` are set to the origin before a request comes here.
  provider.proxy = true;
  provider.on('server_error', (_ctx, fault) => faulty(fault));
  return provider.callback();
};
