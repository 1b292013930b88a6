import { decodeJwt, decodeProtectedHeader, generateKeyPair, importJWK, type JWTPayload, SignJWT } from 'jose';
import type pg from 'pg';
import { newSigningKey } from '../../../src/http/access/new-signing-key.ts';
import { openAccess } from '../../../src/store/access/access.ts';

type Json = Readonly<Record<string, unknown>>;

/** Signs what it is told to, as the broker itself would: what a check lets through is then the check's own fault, and not the signature's. */
export interface Forge {
  /** The claims of a token with others over them (undefined leaves one out), signed by the broker's own key, under the token's own header. */
  again(token: string, claims: Json, header?: Json): Promise<string>;
  /** The same claims and header, signed by a key of the forger's own that says it is the broker's. */
  byAnother(token: string): Promise<string>;
  /** The public key by which tokens are verified, as anyone reads it. */
  readonly publicJwk: Json;
}

const over = (claims: Json, changes: Json): JWTPayload =>
  Object.fromEntries(Object.entries({ ...claims, ...changes }).filter(([, value]) => value !== undefined));

export const openForge = async (pool: pg.Pool): Promise<Forge> => {
  const { privateJwk } = await openAccess(pool).signingKey(newSigningKey);
  const { d: _private, ...publicJwk } = privateJwk;
  const own = await importJWK(privateJwk, 'ES256');
  const { privateKey: others } = await generateKeyPair('ES256');
  const sign = (token: string, claims: Json, header: Json, key: typeof own): Promise<string> =>
    new SignJWT(over(decodeJwt(token), claims)).setProtectedHeader({ alg: 'ES256', ...decodeProtectedHeader(token), ...header }).sign(key);
  return {
    again: (token, claims, header = {}) => sign(token, claims, header, own),
    byAnother: (token) => sign(token, {}, {}, others),
    publicJwk,
  };
};
