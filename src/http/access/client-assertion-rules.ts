import { isCanonicalJws } from './canonical-jws.ts';

/** Seconds that an assertion may still be good for (SMART Backend Services, RFC 7523), and what clocks may differ by. */
const MOST_SECONDS = 300;
const TOLERANCE_SECONDS = 10;
const MOST_JTI = 255;
/** Headers that name a key of the sender's own choice: never followed, and refused so that nobody thinks they are. */
const FOREIGN_KEYS = ['jku', 'jwk', 'x5u', 'x5c', 'crit'];

type Json = Readonly<Record<string, unknown>>;

/** Why a client assertion whose signature is right is refused all the same; null where it is not. `now` is in milliseconds. */
export const whyNoAssertion = (assertion: string, claims: Json, header: Json, now: number): string | null => {
  const { iss, sub, aud, jti, exp, iat } = claims;
  if (!isCanonicalJws(assertion)) return 'the assertion is no compact JWS in its one spelling';
  if (FOREIGN_KEYS.some((name) => name in header)) return 'keys are those that are registered: jku, jwk, x5u, x5c and crit are refused';
  if (header['typ'] !== undefined && header['typ'] !== 'JWT') return 'typ must be JWT';
  if (header['kid'] !== undefined && typeof header['kid'] !== 'string') return 'kid must be a text';
  if (iss !== sub) return 'iss and sub must both be the client_id';
  // A list that names others besides would be good there, too.
  if (typeof aud !== 'string' && !(Array.isArray(aud) && aud.length === 1)) return 'aud must name this server alone';
  if (typeof jti !== 'string' || jti === '' || jti.length > MOST_JTI) return `jti must be a text of at most ${MOST_JTI} characters`;
  if (typeof exp !== 'number' || !Number.isInteger(exp)) return 'exp must be a whole number of seconds';
  const seconds = now / 1000;
  if (exp > seconds + MOST_SECONDS + TOLERANCE_SECONDS) return `exp must be at most ${MOST_SECONDS} seconds ahead`;
  if (iat !== undefined && (typeof iat !== 'number' || iat > seconds + TOLERANCE_SECONDS)) return 'iat must be a time that has come';
  if (typeof iat === 'number' && exp - iat > MOST_SECONDS + TOLERANCE_SECONDS)
    return `an assertion is good for at most ${MOST_SECONDS} seconds`;
  return null;
};
