import type { IncomingHttpHeaders } from 'node:http';
import { anomaly } from '../model/anomaly.ts';
import type { Caller, TokenCheck } from './access/token-check.ts';
import { bearerOf } from './access/token-door.ts';
import { Refusal } from './refusal.ts';

/** Header that names the organisation for which is called; it may say what the token proves, and nothing else. */
export const ORGANISATION_HEADER = 'NHSD-End-User-Organisation-ODS';

// RFC 6750 section 3: what was wrong with a token is not told to whoever sent it.
const unauthenticated = (help: string, challenge: string): Refusal =>
  new Refusal(401, 'unauthenticated', { at: 'http.Authorization', help }, { 'WWW-Authenticate': challenge });

/**
 * The caller, as its access token proves it. Throws 401 without a token that is good now, and `forbidden` where the request names another
 * organisation than the token's.
 */
export const callerOf = async (headers: IncomingHttpHeaders, check: TokenCheck): Promise<Caller> => {
  if (headers.authorization === undefined)
    throw unauthenticated('is Bearer and an access token: see /fhir/.well-known/smart-configuration', 'Bearer');
  const token = bearerOf(headers.authorization);
  const caller = token === null ? null : await check(token);
  if (caller === null)
    throw unauthenticated('holds no access token that is good here and now: ask for another one', 'Bearer error="invalid_token"');
  const named = headers['nhsd-end-user-organisation-ods'];
  // ODS codes are written in capitals; the header tolerates small letters.
  if (named !== undefined && (typeof named !== 'string' || named.trim().toUpperCase() !== caller.principal.organization))
    throw anomaly('forbidden', 'is not the organisation of the access token', `http.${ORGANISATION_HEADER}`);
  return caller;
};
