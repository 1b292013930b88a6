import { createPrivateKey, createPublicKey, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { calculateJwkThumbprint, exportJWK, SignJWT } from 'jose';
import { at, textAt } from './json-path.ts';

/** The access tokens of one client (SMART Backend Services): asked for when the first is needed, and again shortly before one runs out. */
export interface AccessTokens {
  /** A token that is good now. Throws BrokerAway where the broker does not answer for the moment, and another error where it refuses. */
  current(): Promise<string>;
  /** Says that the broker did not take a token: the next is a new one. */
  refused(token: string): void;
}

/** The broker did not answer, or said that it cannot now: to be tried again. */
export class BrokerAway extends Error {
  override readonly name = 'BrokerAway';
}

/** An assertion lives as short as it can: it is used at once. Seconds. */
const ASSERTION_SECONDS = 60;
/** How long before a token runs out another is asked for, in milliseconds. */
const EARLY_MS = 30_000;
const ANSWER_MS = 10_000;

interface Granted {
  readonly token: string;
  /** Until when it is used, by the clock of `performance.now()`. */
  readonly until: number;
}

const fetchJson = async (url: string, init: RequestInit = {}): Promise<{ readonly status: number; readonly body: unknown }> => {
  try {
    const response = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(ANSWER_MS) });
    const text = await response.text();
    if (response.status >= 500) throw new BrokerAway(`${response.status}`);
    return { status: response.status, body: text === '' ? null : JSON.parse(text) };
  } catch (error) {
    if (error instanceof TypeError || (error instanceof Error && error.name === 'TimeoutError')) throw new BrokerAway(error.message);
    throw error;
  }
};

/** Where tokens are asked for: the broker says so itself (SMART App Launch 2, Conformance). */
const tokenEndpoint = async (base: string): Promise<string> => {
  const { status, body } = await fetchJson(`${base}/.well-known/smart-configuration`);
  const endpoint = textAt(body, 'token_endpoint');
  if (endpoint === null) throw new Error(`the broker does not say where tokens are asked for: ${status}`);
  return endpoint;
};

/** Tokens for the client that was registered under `clientId` with the public half of the key in `keyFile` (PEM, EC on P-384). */
export const accessTokens = (base: string, clientId: string, keyFile: string): AccessTokens => {
  const key = createPrivateKey(readFileSync(keyFile));
  let endpoint: string | null = null;
  let granted: Granted | null = null;
  let asking: Promise<Granted> | null = null;

  const assertion = async (audience: string): Promise<string> => {
    const kid = await calculateJwkThumbprint(await exportJWK(createPublicKey(key)));
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ iss: clientId, sub: clientId, aud: audience, jti: randomUUID(), iat: now, exp: now + ASSERTION_SECONDS })
      .setProtectedHeader({ alg: 'ES384', typ: 'JWT', kid })
      .sign(key);
  };

  const ask = async (): Promise<Granted> => {
    const asked = performance.now();
    endpoint ??= await tokenEndpoint(base);
    const { status, body } = await fetchJson(endpoint, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await assertion(endpoint),
      }),
    });
    const [token, seconds] = [textAt(body, 'access_token'), Number(at(body, 'expires_in'))];
    if (token === null)
      throw new Error(`the broker gives no token: ${status} ${textAt(body, 'error')} ${textAt(body, 'error_description')}`);
    return { token, until: asked + seconds * 1000 - EARLY_MS };
  };

  return {
    current: async () => {
      if (granted !== null && performance.now() < granted.until) return granted.token;
      // Who comes meanwhile waits for the same answer.
      asking ??= ask().finally(() => {
        asking = null;
      });
      granted = await asking;
      return granted.token;
    },
    refused: (token) => {
      if (granted?.token === token) granted = null;
    },
  };
};
