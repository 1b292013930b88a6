import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { calculateJwkThumbprint, exportJWK } from 'jose';
import { CannotStart } from './model/cannot-start.ts';
import { type ClientCertificate, type Credential, SIGNING, type SignedJwt } from './model/credential.ts';

/** What the command line says of a credential, by the names of its options. */
export interface CredentialOptions {
  readonly 'token-url'?: string | undefined;
  readonly client?: string | undefined;
  readonly key?: string | undefined;
  readonly kid?: string | undefined;
  readonly alg?: string | undefined;
  readonly scope?: string | undefined;
  readonly audience?: string | undefined;
  readonly 'token-ca'?: string | undefined;
  readonly cert?: string | undefined;
  readonly 'cert-key'?: string | undefined;
  readonly ca?: string | undefined;
}

/** A credential, and what of it may be shown. */
export interface ReadCredential {
  readonly credential: Credential;
  readonly shown: object;
}

const SMALLEST_RSA = 2_048;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

const refuse = (why: string): never => {
  throw new CannotStart(why);
};

const read = (option: string, file: string): Promise<string> =>
  readFile(file, 'utf8').catch((fault: NodeJS.ErrnoException) => refuse(`--${option} cannot be read: ${fault.code ?? 'unknown'}`));

/** The private key in a text: PEM, a JWK, or a set that holds one; and the id that it says. Says nothing of what the text holds. */
const keyIn = (option: string, text: string): { readonly key: KeyObject; readonly kid: string | null } => {
  try {
    if (text.includes('-----BEGIN')) return { key: createPrivateKey(text), kid: null };
    const said = JSON.parse(text) as { readonly keys?: readonly object[]; readonly kid?: unknown };
    const jwk = (Array.isArray(said.keys) ? said.keys[0] : said) as JsonWebKey & { readonly kid?: unknown };
    return { key: createPrivateKey({ key: jwk, format: 'jwk' }), kid: typeof jwk.kid === 'string' ? jwk.kid : null };
  } catch {
    return refuse(`--${option} holds no private key that can be read: PEM without a passphrase, or a JWK`);
  }
};

const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

const certificatesIn = (option: string, pem: string): readonly [X509Certificate, ...X509Certificate[]] => {
  try {
    const [first, ...more] = (pem.match(CERTIFICATE) ?? []).map((each) => new X509Certificate(each));
    if (first !== undefined) return [first, ...more];
  } catch {
    // Said below: the library's own words say no more.
  }
  return refuse(`--${option} must hold certificates as PEM`);
};

const authoritiesIn = async (option: 'ca' | 'token-ca', file: string | undefined, before: string | null): Promise<string | null> => {
  if (file === undefined) return before;
  const pem = await read(option, file);
  certificatesIn(option, pem);
  return pem;
};

const checkKey = (key: KeyObject, alg: SignedJwt['alg']): void => {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  const fits = alg === 'ES384' ? namedCurve === 'secp384r1' : key.asymmetricKeyType === 'rsa' && modulusLength >= SMALLEST_RSA;
  if (!fits)
    refuse(alg === 'ES384' ? '--key must be EC on P-384 for ES384' : `--key must be RSA of at least ${SMALLEST_RSA} bits for ${alg}`);
};

const httpsUrl = (option: string, text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : refuse(`--${option} is no address`);
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    refuse(`--${option} is an https: address without name and password`);
  // As it was given: `aud` is compared letter by letter.
  return text;
};

const isJwtAsked = (options: CredentialOptions): boolean =>
  (['token-url', 'client', 'key', 'kid', 'alg', 'scope', 'audience', 'token-ca'] as const).some((name) => options[name] !== undefined);

const signedJwt = async (options: CredentialOptions, before: SignedJwt | null): Promise<SignedJwt | null> => {
  if (!isJwtAsked(options)) return before;
  const found = options.key === undefined ? null : keyIn('key', await read('key', options.key));
  const key = found === null ? (before?.key ?? refuse('--key is missing')) : pemOf(found.key);
  const alg = SIGNING.find((each) => each === (options.alg ?? before?.alg ?? 'RS512')) ?? refuse(`--alg is one of ${SIGNING.join(', ')}`);
  checkKey(createPrivateKey(key), alg);
  // Another key has another id: that of the one before would name a key that no longer signs.
  const kid =
    options.kid ??
    found?.kid ??
    (found === null ? before?.kid : undefined) ??
    refuse('--kid is missing: the id under which the public key is registered');
  return {
    tokenUrl: httpsUrl('token-url', options['token-url'] ?? before?.tokenUrl ?? refuse('--token-url is missing')),
    clientId: options.client ?? before?.clientId ?? refuse('--client is missing: the id that the platform gave'),
    key,
    kid,
    alg,
    scope: options.scope ?? before?.scope ?? null,
    audience: options.audience ?? before?.audience ?? null,
    ca: await authoritiesIn('token-ca', options['token-ca'], before?.ca ?? null),
  };
};

const certificate = async (
  options: CredentialOptions,
  before: ClientCertificate | null,
  now: number,
): Promise<ClientCertificate | null> => {
  const { cert: file, 'cert-key': keyFile } = options;
  if (file === undefined && keyFile === undefined) return before;
  if (file === undefined || keyFile === undefined) return refuse('--cert and --cert-key go together');
  const cert = await read('cert', file);
  const [own] = certificatesIn('cert', cert);
  const { key } = keyIn('cert-key', await read('cert-key', keyFile));
  if (!own.checkPrivateKey(key)) refuse('--cert-key is not the key of --cert');
  const notAfter = own.validToDate.getTime();
  if (notAfter <= now) refuse(`--cert has expired, on ${own.validToDate.toISOString()}`);
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

/**
 * Reads a credential from the files that a command line names, over what it was `before` (null: nothing). Throws CannotStart with one line that names
 * the option and nothing of what a file holds.
 */
export const readCredential = async (options: CredentialOptions, before: Credential | null, now: number): Promise<ReadCredential> => {
  const credential: Credential = {
    signedJwt: await signedJwt(options, before?.signedJwt ?? null),
    certificate: await certificate(options, before?.certificate ?? null, now),
    ca: await authoritiesIn('ca', options.ca, before?.ca ?? null),
  };
  if (credential.signedJwt === null && credential.certificate === null && credential.ca === null)
    refuse(
      'a credential is a key for tokens (--token-url, --client, --key, --kid), a certificate (--cert, --cert-key), or authorities (--ca)',
    );
  return { credential, shown: await shownOf(credential) };
};
