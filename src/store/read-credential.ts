import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject, X509Certificate } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK } from 'jose';
import { anomaly } from '../model/anomaly.ts';
import { type ClientCertificate, type Credential, SIGNING, type SignedJwt } from '../model/credential.ts';

/** Names of the parts of a credential. */
export const CREDENTIAL_PARTS = [
  'token-url',
  'client',
  'key',
  'kid',
  'alg',
  'scope',
  'audience',
  'token-ca',
  'cert',
  'cert-key',
  'ca',
] as const;

/** The parts of a credential as texts: keys and certificates as PEM (a key may be a JWK), authorities as PEM. */
export type CredentialTexts = { readonly [part in (typeof CREDENTIAL_PARTS)[number]]?: string | undefined };

/** A credential, and what of it may be shown. */
export interface ReadCredential {
  readonly credential: Credential;
  readonly shown: object;
}

const SMALLEST_RSA = 2_048;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Refuses one part, by its name. Says nothing of what it holds. */
const refuse = (part: keyof CredentialTexts, help: string): never => {
  throw anomaly('incorrect', help, part);
};

/** The private key in a text: PEM, a JWK, or a set that holds one; and the id that it says. Says nothing of what the text holds. */
const keyIn = (part: keyof CredentialTexts, text: string): { readonly key: KeyObject; readonly kid: string | null } => {
  try {
    if (text.includes('-----BEGIN')) return { key: createPrivateKey(text), kid: null };
    const said = JSON.parse(text) as { readonly keys?: readonly object[]; readonly kid?: unknown };
    const jwk = (Array.isArray(said.keys) ? said.keys[0] : said) as JsonWebKey & { readonly kid?: unknown };
    return { key: createPrivateKey({ key: jwk, format: 'jwk' }), kid: typeof jwk.kid === 'string' ? jwk.kid : null };
  } catch {
    return refuse(part, 'holds no private key that can be read: PEM without a passphrase, or a JWK');
  }
};

const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

const certificatesIn = (part: keyof CredentialTexts, pem: string): readonly [X509Certificate, ...X509Certificate[]] => {
  try {
    const [first, ...more] = (pem.match(CERTIFICATE) ?? []).map((each) => new X509Certificate(each));
    if (first !== undefined) return [first, ...more];
  } catch {
    // Said below: the library's own words say no more.
  }
  return refuse(part, 'must hold certificates as PEM');
};

const authoritiesIn = (part: 'ca' | 'token-ca', pem: string | undefined, before: string | null): string | null => {
  if (pem === undefined) return before;
  certificatesIn(part, pem);
  return pem;
};

const checkKey = (key: KeyObject, alg: SignedJwt['alg']): void => {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  const fits = alg === 'ES384' ? namedCurve === 'secp384r1' : key.asymmetricKeyType === 'rsa' && modulusLength >= SMALLEST_RSA;
  if (!fits) refuse('key', alg === 'ES384' ? 'must be EC on P-384 for ES384' : `must be RSA of at least ${SMALLEST_RSA} bits for ${alg}`);
};

const httpsUrl = (part: keyof CredentialTexts, text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : refuse(part, 'is no address');
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    refuse(part, 'is an https: address without name and password');
  // As it was given: `aud` is compared letter by letter.
  return text;
};

const isJwtAsked = (texts: CredentialTexts): boolean =>
  (['token-url', 'client', 'key', 'kid', 'alg', 'scope', 'audience', 'token-ca'] as const).some((name) => texts[name] !== undefined);

const signedJwt = (texts: CredentialTexts, before: SignedJwt | null): SignedJwt | null => {
  if (!isJwtAsked(texts)) return before;
  const found = texts.key === undefined ? null : keyIn('key', texts.key);
  const key = found === null ? (before?.key ?? refuse('key', 'is missing')) : pemOf(found.key);
  const alg = SIGNING.find((each) => each === (texts.alg ?? before?.alg ?? 'RS512')) ?? refuse('alg', `is one of ${SIGNING.join(', ')}`);
  checkKey(createPrivateKey(key), alg);
  // Another key has another id: that of the one before would name a key that no longer signs.
  const kid =
    texts.kid ??
    found?.kid ??
    (found === null ? before?.kid : undefined) ??
    refuse('kid', 'is missing: the id under which the public key is registered');
  return {
    tokenUrl: httpsUrl('token-url', texts['token-url'] ?? before?.tokenUrl ?? refuse('token-url', 'is missing')),
    clientId: texts.client ?? before?.clientId ?? refuse('client', 'is missing: the id that the platform gave'),
    key,
    kid,
    alg,
    scope: texts.scope ?? before?.scope ?? null,
    audience: texts.audience ?? before?.audience ?? null,
    ca: authoritiesIn('token-ca', texts['token-ca'], before?.ca ?? null),
  };
};

const certificate = (texts: CredentialTexts, before: ClientCertificate | null, now: number): ClientCertificate | null => {
  const { cert, 'cert-key': keyText } = texts;
  if (cert === undefined && keyText === undefined) return before;
  if (cert === undefined || keyText === undefined) return refuse('cert', 'goes together with cert-key');
  const [own] = certificatesIn('cert', cert);
  const { key } = keyIn('cert-key', keyText);
  if (!own.checkPrivateKey(key)) refuse('cert-key', 'is not the key of cert');
  const notAfter = own.validToDate.getTime();
  if (notAfter <= now) refuse('cert', `has expired, on ${own.validToDate.toISOString()}`);
  return { cert, key: pemOf(key), notAfter };
};

const shownOf = async ({ signedJwt: jwt, certificate: shownCert, ca }: Credential): Promise<object> => ({
  ...(jwt === null
    ? {}
    : {
        token: {
          url: jwt.tokenUrl,
          client_id: jwt.clientId,
          kid: jwt.kid,
          alg: jwt.alg,
          thumbprint: await calculateJwkThumbprint(await exportJWK(createPublicKey(jwt.key))),
          ...(jwt.scope === null ? {} : { scope: jwt.scope }),
          ...(jwt.audience === null ? {} : { audience: jwt.audience }),
        },
      }),
  ...(shownCert === null
    ? {}
    : {
        certificate: {
          thumbprint: new X509Certificate(shownCert.cert).fingerprint256,
          not_after: new Date(shownCert.notAfter).toISOString(),
        },
      }),
  authorities: ca === null ? 'of the system' : 'its own',
});

/** Whether anything is said of a credential. */
export const saysCredential = (texts: CredentialTexts): boolean => CREDENTIAL_PARTS.some((part) => texts[part] !== undefined);

/**
 * Reads a credential from texts, over what it was `before` (null: nothing). Throws `incorrect` with the name of the part as its place, and nothing of what
 * that holds.
 */
export const readCredential = async (texts: CredentialTexts, before: Credential | null, now: number): Promise<ReadCredential> => {
  const credential: Credential = {
    signedJwt: signedJwt(texts, before?.signedJwt ?? null),
    certificate: certificate(texts, before?.certificate ?? null, now),
    ca: authoritiesIn('ca', texts.ca, before?.ca ?? null),
  };
  if (credential.signedJwt === null && credential.certificate === null && credential.ca === null)
    throw anomaly(
      'incorrect',
      'a credential is a key for tokens (token-url, client, key, kid), a certificate (cert, cert-key), or authorities (ca)',
    );
  return { credential, shown: await shownOf(credential) };
};
