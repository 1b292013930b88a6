import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { SignJWT } from 'jose';
import type { JWTPayload } from 'jose';

/** How an issuer answers; nothing said is as it should. */
export interface Behaviour {
  readonly status?: number;
  readonly delayMs?: number;
  /** Replaces members of its discovery document. */
  readonly says?: Readonly<Record<string, unknown>>;
  /** Names of the keys that it publishes. */
  readonly published?: readonly string[];
  /** Publishes private keys. */
  readonly secret?: boolean;
  /** Answers this, whatever is asked. */
  readonly raw?: string;
}

/** An issuer of identities on a real socket, by OIDC Discovery. */
export interface FakeIssuer {
  readonly issuer: string;
  /** Paths, in the order in which they were asked for. */
  readonly asked: string[];
  behave(behaviour: Behaviour): void;
  /** Signs by a key of a name; each name has one key. */
  sign(claims: JWTPayload, key: string): Promise<string>;
  close(): Promise<void>;
}

/** Opens one on a free port of the loopback address. */
export const openIssuer = async (): Promise<FakeIssuer> => {
  const keys = new Map<string, ReturnType<typeof pair>>();
  const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keyOf = (name: string) => {
    const found = keys.get(name) ?? pair();
    keys.set(name, found);
    return found;
  };
  const asked: string[] = [];
  let now: Behaviour = {};
  const server = createServer((request, response) => {
    void (async () => {
      const { status = 200, delayMs = 0, says = {}, published = ['first'], secret = false, raw } = now;
      asked.push(request.url ?? '');
      await sleep(delayMs);
      const body =
        request.url === '/keys'
          ? { keys: published.map((kid) => ({ ...keyOf(kid)[secret ? 'privateKey' : 'publicKey'].export({ format: 'jwk' }), kid })) }
          : { issuer, jwks_uri: `${issuer}/keys`, ...says };
      response.writeHead(status, { 'Content-Type': 'application/json', ...(status === 302 ? { Location: `${issuer}/elsewhere` } : {}) });
      response.end(raw ?? JSON.stringify(body));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    asked,
    behave: (behaviour) => {
      now = behaviour;
    },
    sign: (claims, key) => {
      const at = Math.floor(Date.now() / 1_000);
      return new SignJWT({ iat: at, exp: at + 300, ...claims }).setProtectedHeader({ alg: 'ES256', kid: key }).sign(keyOf(key).privateKey);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
