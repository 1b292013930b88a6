import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { jwtVerify } from 'jose';
import { pemOf } from './certificates.ts';
import { fakeListener } from './fake-listener.ts';

/** How a token endpoint treats what comes next. */
export type TokenHow =
  | 'normal'
  | 'refuse' // 401, and quotes the assertion
  | 'fail' // 503
  | 'stall' // says nothing
  | 'redirect'
  | 'html'
  | 'no-bearer' // another token type
  | 'header-injection' // a token that no header can hold
  | 'endless'; // more bytes than a token is made of

/** A client that is registered: its key, its id, and the id of its key. */
export interface RegisteredClient {
  readonly clientId: string;
  readonly kid: string;
  /** PKCS 8 as PEM. */
  readonly key: string;
}

/** A token endpoint as the NHS API platform's (nhs.md section 4): RS512 alone, exactly its claims, each assertion once, `expires_in` as a string. */
export interface FakeTokenEndpoint {
  readonly url: string;
  register(clientId: string, kid: string): RegisteredClient;
  behave(how: TokenHow, times?: number): void;
  /** Seconds that tokens are good for from now on, as it says it. */
  lasting(seconds: unknown): void;
  /** Whose a bearer token is that is still good; null for any other. */
  holderOf(authorization: string | undefined): string | null;
  /** By which key the assertion was signed that a bearer token was given for; null for any other. */
  kidOf(authorization: string | undefined): string | null;
  /** Tokens that are out are good no more. */
  revokeAll(): void;
  /** How often it was asked, and what assertions came. */
  asked(): readonly string[];
  stop(): Promise<void>;
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export const startFakeTokenEndpoint = async (): Promise<FakeTokenEndpoint> => {
  const clients = new Map<string, Map<string, KeyObject>>();
  const tokens = new Map<string, { readonly holder: string; readonly kid: string }>();
  const seen = new Set<string>();
  const asked: string[] = [];
  let behaviour: { how: TokenHow; left: number } = { how: 'normal', left: 0 };
  let lasting: unknown = '599';
  let url = '';
  let count = 0;

  const verified = async (form: URLSearchParams): Promise<{ readonly holder: string; readonly kid: string }> => {
    if (form.get('grant_type') !== 'client_credentials') throw new Error('unsupported_grant_type');
    if (form.get('client_assertion_type') !== ASSERTION_TYPE) throw new Error('client_assertion_type');
    const { payload, protectedHeader } = await jwtVerify(
      form.get('client_assertion') ?? '',
      async ({ kid = '' }) => {
        const key = [...clients.values()].flatMap((keys) => keys.get(kid) ?? [])[0];
        if (key === undefined) throw new Error('no matching kid');
        return key;
      },
      { algorithms: ['RS512'], audience: url, clockTolerance: 0 },
    );
    const now = Date.now() / 1000;
    const { iss = '', sub, jti, exp = 0 } = payload;
    if (protectedHeader.typ !== 'JWT') throw new Error('typ');
    if (iss !== sub || clients.get(iss)?.has(protectedHeader.kid ?? '') !== true) throw new Error('iss and sub');
    if (Object.keys(payload).sort().join() !== 'aud,exp,iss,jti,sub') throw new Error('claims');
    if (!Number.isInteger(exp) || exp <= now || exp > now + 300) throw new Error('exp');
    if (typeof jti !== 'string' || seen.has(jti)) throw new Error('jti');
    seen.add(jti);
    return { holder: iss, kid: protectedHeader.kid ?? '' };
  };

  const listener = await fakeListener(() =>
    createServer(pemOf('server'), (request, response) => {
      const answer = async (): Promise<void> => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
        const assertion = form.get('client_assertion') ?? '';
        asked.push(assertion);
        const how = behaviour.left > 0 ? behaviour.how : 'normal';
        behaviour = { how, left: behaviour.left - 1 };
        const say = (status: number, body: object, headers: Record<string, string> = {}): void =>
          void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
        switch (how) {
          case 'refuse':
            return say(401, { error: 'invalid_client', error_description: `not ${assertion}` });
          case 'fail':
            return say(503, { error: 'temporarily_unavailable' });
          case 'stall':
            return;
          case 'redirect':
            return say(307, {}, { location: `${url}/elsewhere` });
          case 'html':
            response.writeHead(200, { 'content-type': 'text/html' }).end('<p>welcome</p>');
            return;
          case 'no-bearer':
            return say(200, { access_token: 'abc', token_type: 'mac', expires_in: '599' });
          case 'header-injection':
            return say(200, { access_token: 'abc\r\nx-other: 1', token_type: 'Bearer', expires_in: '599' });
          case 'endless':
            return say(200, { access_token: 'a'.repeat(200_000), token_type: 'Bearer', expires_in: '599' });
          case 'normal': {
            if (request.headers['content-type'] !== 'application/x-www-form-urlencoded') return say(400, { error: 'invalid_request' });
            await sleep(20);
            try {
              const given = await verified(form);
              count += 1;
              tokens.set(`token-${count}`, given);
              return say(200, { access_token: `token-${count}`, expires_in: lasting, token_type: 'Bearer', issued_at: String(Date.now()) });
            } catch (error) {
              return say(400, { error: 'invalid_request', error_description: error instanceof Error ? error.message : 'unreadable' });
            }
          }
          default:
            how satisfies never;
        }
      };
      answer().catch(() => response.destroy());
    }),
  );
  url = `https://127.0.0.1:${listener.port()}/oauth2/token`;
  return {
    url,
    register: (clientId, kid) => {
      const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
      clients.set(clientId, new Map([...(clients.get(clientId) ?? []), [kid, publicKey]]));
      return { clientId, kid, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
    },
    behave: (how, times = 1_000_000) => {
      behaviour = { how, left: how === 'normal' ? 0 : times };
    },
    lasting: (seconds) => {
      lasting = seconds;
    },
    holderOf: (authorization) => tokens.get(authorization?.replace(/^Bearer /, '') ?? '')?.holder ?? null,
    kidOf: (authorization) => tokens.get(authorization?.replace(/^Bearer /, '') ?? '')?.kid ?? null,
    revokeAll: () => tokens.clear(),
    asked: () => asked,
    stop: listener.stop,
  };
};
