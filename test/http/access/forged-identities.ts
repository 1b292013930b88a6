import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import type { JWTPayload } from 'jose';
import { claimsFor, identityOf, publicKeys } from '../../support/sign-in.ts';

/** What is sent as an identity, and what the refusal says. */
export interface Forged {
  readonly sent: string;
  readonly says: RegExp;
}

const base64 = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const now = (): number => Math.floor(Date.now() / 1_000);
const publicPem = createPublicKey({ key: publicKeys.keys[0] as object as import('node:crypto').JsonWebKey, format: 'jwk' }).export({
  type: 'spki',
  format: 'pem',
});
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const strangerKey = { ...stranger.publicKey.export({ format: 'jwk' }), kid: 'sign-in-1' };

/** A token that a stranger signed, whose header says where his key is. */
const strange = (claims: JWTPayload, header: Readonly<Record<string, unknown>>): Promise<string> =>
  new SignJWT({ iat: now(), exp: now() + 300, ...claims }).setProtectedHeader({ alg: 'ES256', ...header }).sign(stranger.privateKey);

const changed = async (token: Promise<string>, claims: JWTPayload): Promise<string> => {
  const [header, , signature] = (await token).split('.');
  return `${header}.${base64({ iat: now(), exp: now() + 300, ...claims })}.${signature}`;
};

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const NO_KEY = /is signed by no key of its issuer/;

/** A value of another type than a claim has. */
const misTyped = (claims: Readonly<Record<string, unknown>>): JWTPayload => ({ ...claims });

/** Every way to forge or misuse an identity that a test tries, each by its name. `trap` is an address where nobody may ask. */
export const forgedIdentities = (ods: string, audience: string, trap: string): Readonly<Record<string, () => Promise<Forged>>> => {
  const right = { ...claimsFor(ods), aud: audience };
  const unsigned = `${base64({ alg: 'none' })}.${base64({ ...right, iat: now(), exp: now() + 300 })}`;
  const hmac = `${base64({ alg: 'HS256', kid: 'sign-in-1' })}.${base64({ ...right, iat: now(), exp: now() + 300 })}`;
  const of = async (sent: Promise<string> | string, says: RegExp): Promise<Forged> => ({ sent: await sent, says });
  return {
    'alg none, without a signature': () => of(`${unsigned}.`, /is a signed JSON Web Token/),
    'alg none, with a signature': () => of(`${unsigned}.AAAA`, /is signed by one of/),
    'alg None, in other letters': () =>
      of(unsigned.replace(base64({ alg: 'none' }), base64({ alg: 'NONE' })).concat('.AAAA'), /is signed by one of/),
    'HS256 with the public key as its secret': () =>
      of(`${hmac}.${createHmac('sha256', publicPem).update(hmac).digest('base64url')}`, /is signed by one of/),
    'ES256 said, and a MAC by the public key': () => {
      const said = hmac.replace(/^[^.]+/, base64({ alg: 'ES256', kid: 'sign-in-1' }));
      return of(`${said}.${createHmac('sha256', publicPem).update(said).digest('base64url')}`, NO_KEY);
    },
    'EdDSA, which is not offered': () =>
      of(
        identityOf(right).then((token) => token.replace(/^[^.]+/, base64({ alg: 'EdDSA' }))),
        /is signed by one of/,
      ),
    'an issuer that nobody knows': () =>
      of(identityOf({ ...right, iss: 'https://elsewhere.example' }), /of an issuer that the broker does not know/),
    'the issuer with a slash more': () => of(identityOf({ ...right, iss: `${right.iss}/` }), /of an issuer that the broker does not know/),
    'no issuer': () => of(identityOf({ ...right, iss: undefined }), /of an issuer that the broker does not know/),
    'an issuer that is no text': () =>
      of(identityOf(misTyped({ ...right, iss: ['https://sign-in.example'] })), /of an issuer that the broker does not know/),
    'the name of a property as issuer': () => of(identityOf({ ...right, iss: '__proto__' }), /of an issuer that the broker does not know/),
    'meant for another system': () => of(identityOf({ ...right, aud: 'https://elsewhere.example/fhir' }), /is meant for another system/),
    'meant for nobody': () => of(identityOf({ ...right, aud: undefined }), /is meant for another system/),
    'meant for several others': () => of(identityOf({ ...right, aud: ['a', 'b'] }), /is meant for another system/),
    "a client's own assertion": () =>
      of(identityOf({ iss: 'client-1', sub: 'client-1', aud: audience, jti: '1' }), /of an issuer that the broker does not know/),
    expired: () => of(identityOf({ ...right, iat: now() - 600, exp: now() - 11 }), /has expired/),
    'without an end': () => of(identityOf({ ...right, exp: undefined }), /needs a claim exp/),
    'without a beginning': () => of(identityOf({ ...right, iat: undefined }), /needs a claim iat/),
    'without a subject': () => of(identityOf({ ...right, sub: undefined }), /needs a claim sub/),
    'not valid yet': () => of(identityOf({ ...right, nbf: now() + 60 }), /is not valid yet/),
    'issued in the future': () => of(identityOf({ ...right, iat: now() + 60 }), /was issued in the future/),
    'issued more than an hour ago': () =>
      of(identityOf({ ...right, iat: now() - 3_611, exp: now() + 3_600 }), /was issued more than 3600 seconds ago/),
    'times that are words': () => of(identityOf(misTyped({ ...right, exp: 'tomorrow' })), /needs a claim exp|has expired/),
    'a kid that is a path': () => of(identityOf(right, { kid: '../../../../etc/passwd' }), NO_KEY),
    'a kid that is an address': () => of(identityOf(right, { kid: trap }), NO_KEY),
    'a kid that is a query': () => of(identityOf(right, { kid: "' OR 1=1 --" }), NO_KEY),
    "a stranger's key under the right kid": () => of(strange(right, { kid: 'sign-in-1' }), NO_KEY),
    "a stranger's key in the header, as jwk": () => of(strange(right, { jwk: strangerKey, kid: 'sign-in-1' }), NO_KEY),
    "a stranger's key in the header, without a kid": () => of(strange(right, { jwk: strangerKey }), NO_KEY),
    "a stranger's keys at an address, as jku": () => of(strange(right, { jku: `${trap}/jwks`, kid: 'sign-in-1' }), NO_KEY),
    "a stranger's certificate at an address, as x5u": () => of(strange(right, { x5u: `${trap}/cert`, kid: 'sign-in-1' }), NO_KEY),
    'claims changed under a right signature': () => of(changed(identityOf(right), { ...right, gmc_id: '1234567' }), NO_KEY),
    'another spelling of a right signature': async () => {
      const token = await identityOf(right);
      const last = ALPHABET[ALPHABET.indexOf(token.at(-1) ?? '') ^ 1] ?? '';
      return of(token.slice(0, -1) + last, /is a signed JSON Web Token/);
    },
    'a header that must be understood': () =>
      of(
        identityOf(right, { crit: ['exp'], exp: 1 }).catch(() => `${base64({ alg: 'ES256', crit: ['x'], x: 1 })}.${base64(right)}.AAAA`),
        /cannot be read as a JSON Web Token/,
      ),
    'an access token (typ at+jwt)': () => of(identityOf(right, { typ: 'at+jwt' }), /its typ is JWT/),
    'an access token (typ application/at+jwt)': () => of(identityOf(right, { typ: 'application/at+jwt' }), /its typ is JWT/),
    'an access token of the same issuer, by its claims': () =>
      of(identityOf({ ...right, tokenName: 'access_token' }), /no other that its issuer signs/),
    'a bearer token of the same issuer': () => of(identityOf({ ...right, typ: 'Bearer' }), /no other that its issuer signs/),
    'a logout token of the same issuer': () =>
      of(identityOf({ ...right, events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }), /no other that its issuer signs/),
    'a selected role that is none of its roles': () =>
      of(identityOf({ ...right, selected_roleid: '999000000777' }), /a selected role that is none of its roles/),
    'longer than 8 KB': () => of(identityOf({ ...right, filler: 'x'.repeat(8_192) }), /is at most 8192 characters/),
    'two in one header': () => identityOf(right).then((token) => of(`${token}, ${token}`, /stands once/)),
    'a bearer scheme before it': () => identityOf(right).then((token) => of(`Bearer ${token}`, /is a signed JSON Web Token/)),
    empty: () => of('', /is a signed JSON Web Token/),
    garbage: () => of('not-a-token', /is a signed JSON Web Token/),
    'three parts of garbage': () => of('aaaa.bbbb.cccc', /cannot be read as a JSON Web Token/),
    'five parts, encrypted': () => of('e30.e30.e30.e30.e30', /is a signed JSON Web Token/),
    'claims that are no object': () => of(`${base64({ alg: 'ES256' })}.${base64('[]')}.AAAA`, /cannot be read as a JSON Web Token/),
    'claims that hold a NUL': () => of(identityOf({ ...right, name: 'a\u0000b' }), /its claim name is a text/),
    'roles that are words': () => of(identityOf({ ...right, nhsid_nrbac_roles: 'all' }), /its claim nhsid_nrbac_roles holds/),
  };
};
