import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { JWTPayload, JWTVerifyGetKey } from 'jose';
import { fromIdToken } from '../../../mappings/identity/from-id-token.ts';
import { fromPersonToken } from '../../../mappings/identity/from-person-token.ts';
import { Line } from '../../log.ts';
import type { Log } from '../../log.ts';
import { Anomaly } from '../../model/anomaly.ts';
import type { Instant } from '../../model/instant.ts';
import type { PersonIdentity } from '../../model/person-identity.ts';
import type { UserIdentity } from '../../model/user-identity.ts';
import { isCanonicalJws } from './canonical-jws.ts';
import { type Fetch, IssuerSilent, issuerKeys } from './issuer-keys.ts';
import type { UserIssuer } from './user-issuers.ts';

/** Header that names the user on whose behalf a client calls: an id token. */
export const USER_HEADER = 'X-User-Identity';

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384'];
const MOST_LENGTH = 8_192;
const MOST_AGE_S = 3_600;
const TOLERANCE_S = 10;
const NOT_READ = 'cannot be read as a JSON Web Token';

/** Who calls, as far as an identity must be meant for them. */
export interface Presenter {
  /** Whether a token that names this audience was made for this call. */
  readonly isMeantFor: (audience: string) => boolean;
  /** ODS code of the client's organisation. */
  readonly organization: string;
}

/** Verifies what came in the header. Throws `unauthenticated`, `forbidden` where the user has no role at that organisation, and `unavailable`. */
export type VerifyUser = (sent: string | readonly string[], by: Presenter) => Promise<UserIdentity>;

/** The same for the person whose plan it is. Throws `unauthenticated`, `forbidden` where it is not proved who they are, and `unavailable`. */
export type VerifyPerson = (sent: string | readonly string[], isMeantFor: Presenter['isMeantFor']) => Promise<PersonIdentity>;

/** What the verifier is made of. */
export interface UserVerifierParts {
  readonly issuers: readonly UserIssuer[];
  readonly fetch: Fetch;
  readonly log: Log;
  readonly now: () => Instant;
}

const at = `http.${USER_HEADER}`;
const refused = (help: string): Anomaly => new Anomaly('unauthenticated', { at, help });

/** Checks that need no key. Answers the issuer that the token names, which is not believed yet. */
const issuerIn = (sent: string | readonly string[]): { readonly token: string; readonly issuer: string | undefined } => {
  // Node joins the lines of a header that stands twice by commas, which no token holds.
  if (typeof sent !== 'string' || sent.includes(',')) throw refused('stands once');
  const token = sent.trim();
  if (token.length > MOST_LENGTH) throw refused(`is at most ${MOST_LENGTH} characters long`);
  if (!isCanonicalJws(token)) throw refused('is a signed JSON Web Token: an id token of an issuer that the broker knows');
  try {
    const { alg, typ } = decodeProtectedHeader(token);
    if (alg === undefined || !ALGORITHMS.includes(alg)) throw refused(`is signed by one of ${ALGORITHMS.join(', ')}`);
    // RFC 8725 section 3.11: an access token says what it is (RFC 9068), and so do other kinds.
    if (typ !== undefined && typ.toUpperCase() !== 'JWT') throw refused('is an id token: its typ is JWT, or is not there');
    return { token, issuer: decodeJwt(token).iss };
  } catch (error) {
    throw error instanceof Anomaly ? error : refused(NOT_READ);
  }
};

/** Tokens for something else that an issuer signs by the same keys: ForgeRock's and Keycloak's access tokens, OIDC's logout tokens. */
const isOtherToken = (claims: JWTPayload): boolean =>
  ![undefined, 'id_token'].some((is) => is === claims['tokenName']) ||
  ![undefined, 'ID'].some((is) => is === claims['typ']) ||
  ![undefined, 'id'].some((is) => is === claims['token_use']) ||
  claims['events'] !== undefined;

/** What a failed check is called for whoever sent it; nothing of the token is repeated. */
const reasonOf = (error: unknown): string => {
  if (error instanceof errors.JWTExpired && error.claim === 'exp') return 'has expired';
  if (error instanceof errors.JWTExpired) return `was issued more than ${MOST_AGE_S} seconds ago`;
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'nbf') return 'is not valid yet';
    if (error.claim === 'iat' && error.reason !== 'missing') return 'was issued in the future, or at no time';
    return `needs a claim ${['exp', 'iat', 'sub', 'iss'].find((each) => each === error.claim) ?? 'of each kind'}`;
  }
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid || error instanceof errors.JOSENotSupported) return NOT_READ;
  return 'is signed by no key of its issuer';
};

/**
 * Verifies id tokens (OIDC Core section 3.1.3.7) of some issuers, by their keys alone. What a token's header says of keys (`jku`, `x5u`, `jwk`, `x5c`)
 * is never looked at, and `kid` only chooses among keys that the issuer published.
 */
const openClaims = ({ issuers, fetch, log, now }: UserVerifierParts) => {
  const keysOf = new Map<string, JWTVerifyGetKey>(
    issuers.map(({ issuer, keys }) => {
      const tell = (because: string): void => log(Line.issuerSilent, { url: issuer, because });
      return [issuer, keys === null ? issuerKeys(issuer, fetch, now, tell) : createLocalJWKSet(keys)];
    }),
  );
  return async (sent: string | readonly string[], isMeantFor: Presenter['isMeantFor']): Promise<JWTPayload> => {
    const { token, issuer } = issuerIn(sent);
    const keys = keysOf.get(issuer ?? '');
    if (issuer === undefined || keys === undefined) throw refused('is of an issuer that the broker does not know');
    let claims: JWTPayload;
    try {
      const verified = await jwtVerify(token, keys, {
        algorithms: ALGORITHMS,
        issuer,
        clockTolerance: TOLERANCE_S,
        maxTokenAge: MOST_AGE_S,
        requiredClaims: ['exp', 'iat', 'sub'],
        currentDate: new Date(now()),
      });
      claims = verified.payload;
    } catch (error) {
      if (!(error instanceof IssuerSilent)) throw refused(reasonOf(error));
      throw new Anomaly('unavailable', { at, help: 'the keys of its issuer cannot be had now: try again' });
    }
    if (![claims.aud ?? []].flat().some((audience) => typeof audience === 'string' && isMeantFor(audience)))
      throw refused('is meant for another system: aud names this client or this broker');
    if (isOtherToken(claims)) throw refused('is an id token, and no other that its issuer signs');
    return claims;
  };
};

/** Verifies identities of users, by the issuers of `USER_ISSUERS`; one that is for persons is not known here. */
export const createUserVerifier = ({ issuers, ...parts }: UserVerifierParts): VerifyUser => {
  const claimsIn = openClaims({ ...parts, issuers: issuers.filter(({ isForPersons }) => !isForPersons) });
  return async (sent, { isMeantFor, organization }) => fromIdToken(await claimsIn(sent, isMeantFor), organization);
};

/** Verifies identities of persons, by the issuers of `USER_ISSUERS` that are for them; no other is known here. */
export const createPersonVerifier = ({ issuers, ...parts }: UserVerifierParts): VerifyPerson => {
  const claimsIn = openClaims({ ...parts, issuers: issuers.filter(({ isForPersons }) => isForPersons) });
  return async (sent, isMeantFor) => fromPersonToken(await claimsIn(sent, isMeantFor));
};
