import { randomUUID } from 'node:crypto';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { Kind } from '../../../../src/model/kind.ts';
import type { Scope } from '../../../../src/model/scope.ts';
import { addClient } from '../../../../src/store/access/clients.ts';
import { ASSERTION_TYPE } from '../../../support/access.ts';
import type { OpenDoor } from '../../open-door.ts';

type Json = Readonly<Record<string, unknown>>;
export type Form = Readonly<Record<string, string | undefined>>;

const over = (before: Json, changes: Json): Json =>
  Object.fromEntries(Object.entries({ ...before, ...changes }).filter(([, value]) => value !== undefined));

/** What the token endpoint says. */
export interface Answer {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
}

/** A client with keys of its own, and what an attacker who has them can make of them. */
export interface OwnClient {
  readonly id: string;
  readonly keys: Readonly<Record<'es' | 'rsa', { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey }>>;
  readonly endpoint: string;
  /** An assertion, right but for the claims and headers that are changed; undefined leaves one out. */
  assertion(claims?: Json, header?: Json, key?: CryptoKey | Uint8Array): Promise<string>;
  /** A form that gets a token, but for what is changed in it. */
  form(changes?: Form): Promise<URLSearchParams>;
  /** Sends a form, or the one that gets a token, to the token endpoint. */
  ask(form?: URLSearchParams, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

export const postForm = async (url: string, form: URLSearchParams, headers: Readonly<Record<string, string>> = {}): Promise<Answer> => {
  const answer = await fetch(url, { method: 'POST', body: form, headers });
  const text = await answer.text();
  return { status: answer.status, json: (text === '' ? {} : JSON.parse(text)) as Json };
};

export const addOwnClient = async (
  { pool, origin }: Pick<OpenDoor, 'pool' | 'origin'>,
  { organization = 'ZZ1', kind = 'publisher' as Kind, scopes = ['system/*.cruds'] as readonly Scope[] } = {},
): Promise<OwnClient> => {
  const keys = {
    es: await generateKeyPair('ES384', { extractable: true }),
    rsa: await generateKeyPair('RS384', { extractable: true }),
  };
  const jwks = {
    keys: [
      { ...(await exportJWK(keys.es.publicKey)), kid: 'es', use: 'sig' },
      { ...(await exportJWK(keys.rsa.publicKey)), kid: 'rsa', use: 'sig' },
    ],
  };
  const { id } = await addClient(pool, { organization, kind, scopes, keys: { jwks } });
  const endpoint = `${origin}/oauth/token`;
  const assertion: OwnClient['assertion'] = (claims = {}, header = {}, key = keys.es.privateKey) => {
    const now = Math.floor(Date.now() / 1000);
    const whole = over({ iss: id, sub: id, aud: endpoint, jti: randomUUID(), iat: now, exp: now + 240 }, claims);
    return new SignJWT(whole)
      .setProtectedHeader({ alg: 'ES384', ...over({ kid: 'es', typ: 'JWT' }, header) })
      .sign(key, { crit: { exp: true } });
  };
  const form: OwnClient['form'] = async (changes = {}) =>
    new URLSearchParams(
      over(
        { grant_type: 'client_credentials', client_assertion_type: ASSERTION_TYPE, client_assertion: await assertion() },
        changes,
      ) as Record<string, string>,
    );
  return { id, keys, endpoint, assertion, form, ask: async (sent, headers) => postForm(endpoint, sent ?? (await form()), headers) };
};
