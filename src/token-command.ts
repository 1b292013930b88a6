import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { runningBroker } from './broker-address.ts';
import { type PrivateKey, readPrivateKey } from './client-keys.ts';
import type { Config } from './config.ts';
import { ASSERTION_TYPE } from './http/access/assertion-algorithms.ts';
import type { Log } from './log.ts';
import { CannotStart } from './model/cannot-start.ts';

/** What a token is asked for with. */
export interface TokenAsked {
  readonly client: string;
  /** File of the private key. */
  readonly key: string;
  readonly scope: string | null;
  /** FHIR base or origin of the broker; null finds it. */
  readonly url: string | null;
}

const assertionOf = (client: string, { key, alg, kid }: PrivateKey, endpoint: string): Promise<string> => {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ iss: client, sub: client, aud: endpoint, jti: randomUUID(), iat: now, exp: now + 240 })
    .setProtectedHeader({ alg, typ: 'JWT', ...(kid === null ? {} : { kid }) })
    .sign(key);
};

/** Asks the token endpoint at `origin`; `at` is where it is reached, if that is elsewhere. */
const ask = async ({ client, scope }: TokenAsked, key: PrivateKey, origin: string, at = origin): Promise<string> => {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: await assertionOf(client, key, `${origin}/oauth/token`),
    ...(scope === null ? {} : { scope }),
  });
  const answer = await fetch(`${at}/oauth/token`, {
    method: 'POST',
    body: form,
    redirect: 'error',
    signal: AbortSignal.timeout(15_000),
  }).catch(() => {
    throw new CannotStart(`no broker answers at ${at}`);
  });
  const said: unknown = await answer.json().catch(() => null);
  const told = typeof said === 'object' && said !== null ? (said as Readonly<Record<string, unknown>>) : {};
  const { access_token: token, error, error_description: why } = told;
  if (typeof token === 'string') return token;
  throw new CannotStart(
    `the broker gives no token: ${[error, why].filter((word) => typeof word === 'string').join(': ') || answer.status}`,
  );
};

/** An access token for a client, of the running broker, or, where none runs here, of its database. Throws CannotStart with one line why not. */
export const tokenCommand = async (asked: TokenAsked, config: Config, log: Log): Promise<string> => {
  const key = await readPrivateKey(asked.key);
  const origin = asked.url === null ? await runningBroker(config.dataDir) : new URL(asked.url).origin;
  if (origin !== null) return ask(asked, key, origin);
  // The library behind the token endpoint takes half a second to load, and a running broker has it already.
  const { withTokenEndpoint } = await import('./own-token-endpoint.ts');
  return withTokenEndpoint(config, log, (itself, at) => ask(asked, key, itself, at));
};
