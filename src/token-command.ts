import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import { createAddressGuard } from './channel/address-guard.ts';
import { createGuardedFetch } from './channel/guarded-fetch.ts';
import { runningBroker } from './broker-address.ts';
import { type PrivateKey, readPrivateKey } from './client-keys.ts';
import type { Config } from './config.ts';
import { createTokenCheck } from './http/access/token-check.ts';
import { createTokenDoor } from './http/access/token-door.ts';
import { KEY_LIMITS } from './http/access/token-provider.ts';
import type { Log } from './log.ts';
import { Line } from './log.ts';
import { CannotStart } from './model/cannot-start.ts';
import { withDatabase } from './own-database.ts';
import { openAccess } from './store/access/access.ts';

/** What a token is asked for with. */
export interface TokenAsked {
  readonly client: string;
  /** File of the private key. */
  readonly key: string;
  readonly scope: string | null;
  /** FHIR base or origin of the broker; null finds it. */
  readonly url: string | null;
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

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

/** The token endpoint of this process alone, for as long as one token takes. */
const askOurselves = (asked: TokenAsked, key: PrivateKey, config: Config, log: Log): Promise<string> =>
  withDatabase(config, log, async (pool) => {
    const origin = config.publicUrl ?? `http://127.0.0.1:${config.port === 0 ? 80 : config.port}`.replace(/:80$/, '');
    const site = { publicUrl: origin, behindProxy: false };
    const fetchKeys = createGuardedFetch(createAddressGuard(config.outboundAllow), KEY_LIMITS);
    const door = createTokenDoor({
      store: openAccess(pool),
      site,
      fetchKeys,
      check: createTokenCheck(openAccess(pool), site),
      faulty: (fault) => log(Line.fault, { name: 'token', fault }),
    });
    const server = createServer((request, response) => void door(request, response, '/oauth/token'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      return await ask(asked, key, origin, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

/** An access token for a client, of the running broker, or, where none runs here, of its database. Throws CannotStart with one line why not. */
export const tokenCommand = async (asked: TokenAsked, config: Config, log: Log): Promise<string> => {
  const key = await readPrivateKey(asked.key);
  const origin = asked.url === null ? await runningBroker(config.dataDir) : new URL(asked.url).origin;
  return origin === null ? askOurselves(asked, key, config, log) : ask(asked, key, origin);
};
