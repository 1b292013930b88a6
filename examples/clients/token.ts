import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { importPKCS8, SignJWT } from 'jose';

/** Asks for access tokens as docs/connect.md says (SMART Backend Services), and keeps one until half a minute before it ends. */
export const tokensFrom = (broker: string, clientId: string, keyFile: string, scope: string): (() => Promise<string>) => {
  const endpoint = `${new URL(broker).origin}/oauth/token`;
  const key = importPKCS8(readFileSync(keyFile, 'utf8'), 'ES384');
  let known = { token: '', until: 0 };
  return async () => {
    if (known.until > Date.now()) return known.token;
    const now = Math.floor(Date.now() / 1000);
    const assertion = new SignJWT({ iss: clientId, sub: clientId, aud: endpoint, jti: randomUUID(), iat: now, exp: now + 240 });
    const answer = await fetch(endpoint, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await assertion.setProtectedHeader({ alg: 'ES384', typ: 'JWT' }).sign(await key),
        scope,
      }),
      signal: AbortSignal.timeout(10_000),
    });
    const body = (await answer.json()) as { access_token?: string; expires_in?: number; error_description?: string };
    if (body.access_token === undefined) throw new Error(`no token: ${answer.status} ${body.error_description ?? ''}`);
    known = { token: body.access_token, until: Date.now() + ((body.expires_in ?? 60) - 30) * 1000 };
    return known.token;
  };
};
