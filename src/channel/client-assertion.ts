import { createPrivateKey, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { SignedJwt } from '../model/credential.ts';

/** Seconds that an assertion is good for: the API platform takes 300 at most, and clocks differ (nhs.md section 4). */
const GOOD_FOR = 240;
/** RFC 7523 section 2.2. */
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** The form by which a token is asked for, with an assertion that is signed anew: exactly the claims that the API platform knows. */
export const tokenForm = async (
  { tokenUrl, clientId, key, kid, alg, scope, audience }: SignedJwt,
  now: number,
): Promise<URLSearchParams> => {
  const exp = Math.floor(now / 1000) + GOOD_FOR;
  const assertion = await new SignJWT({ iss: clientId, sub: clientId, aud: audience ?? tokenUrl, jti: randomUUID(), exp })
    .setProtectedHeader({ alg, typ: 'JWT', kid })
    .sign(createPrivateKey(key));
  return new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: assertion,
    ...(scope === null ? {} : { scope }),
  });
};
