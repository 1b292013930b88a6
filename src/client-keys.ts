import { createPrivateKey } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, exportPKCS8, generateKeyPair, importPKCS8, importJWK, type JWK } from 'jose';
import type { Client } from './model/client.ts';
import { CannotStart } from './model/cannot-start.ts';
import { ASSERTION_ALGORITHMS } from './http/access/assertion-algorithms.ts';

type Jwks = Extract<Client['keys'], { readonly jwks: unknown }>['jwks'];
/** A private key with the algorithm that it signs by, and the id under which its public half is registered, where it has one. */
export interface PrivateKey {
  readonly key: Parameters<import('jose').SignJWT['sign']>[0];
  readonly alg: string;
  readonly kid: string | null;
}

const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const SMALLEST_RSA = 2_048;

const refuse = (why: string): never => {
  throw new CannotStart(why);
};

const readText = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((fault: NodeJS.ErrnoException) => refuse(`${file} cannot be read: ${fault.code ?? 'unknown'}`));

const readJson = (file: string, text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return refuse(`${file} is no JSON`);
  }
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Bits of an RSA modulus. */
const bitsOf = (n: unknown): number => (typeof n === 'string' ? Buffer.from(n, 'base64url').length * 8 : 0);

const whyNoKey = (jwk: unknown): string | null => {
  if (!isObject(jwk)) return 'holds what is no key';
  if (PRIVATE.some((name) => name in jwk)) return 'holds a private key: give the public half alone, and keep the other to yourself';
  const isEc = jwk['kty'] === 'EC' && jwk['crv'] === 'P-384';
  const isRsa = jwk['kty'] === 'RSA' && bitsOf(jwk['n']) >= SMALLEST_RSA;
  if (!isEc && !isRsa) return `holds a key that is neither EC on P-384 nor RSA of at least ${SMALLEST_RSA} bits`;
  if ('alg' in jwk && !ASSERTION_ALGORITHMS.some((alg) => alg === jwk['alg']))
    return `names an alg that is none of ${ASSERTION_ALGORITHMS.join(', ')}`;
  return null;
};

/** Reads a JSON Web Key Set of public keys, or one public key as JSON. Throws CannotStart with one line why not. */
export const readJwks = async (file: string): Promise<Jwks> => {
  const value = readJson(file, await readText(file));
  const keys = isObject(value) && Array.isArray(value['keys']) ? (value['keys'] as readonly unknown[]) : [value];
  if (keys.length === 0) refuse(`${file} holds no key`);
  const why = keys.map(whyNoKey).find((each) => each !== null);
  if (why !== undefined && why !== null) refuse(`${file} ${why}`);
  const ids = keys.filter(isObject).map(({ kid }) => kid);
  if (new Set(ids).size < ids.length) refuse(`${file} names several keys alike: each has a kid of its own`);
  return { keys: keys.filter(isObject) };
};

const algOf = ({ kty, crv, alg }: JWK): string =>
  alg ?? (kty === 'EC' && crv === 'P-384' ? 'ES384' : kty === 'RSA' ? 'RS384' : refuse('the key is neither EC on P-384 nor RSA'));

/** Reads a private key: PEM (PKCS 8, PKCS 1, SEC 1), a JWK, or a key set that holds one. Throws CannotStart with one line why not. */
export const readPrivateKey = async (file: string): Promise<PrivateKey> => {
  const text = await readText(file);
  try {
    if (text.includes('-----BEGIN')) {
      const key = createPrivateKey(text);
      const jwk = await exportJWK(key);
      const alg = algOf(jwk);
      return { key: await importPKCS8(key.export({ type: 'pkcs8', format: 'pem' }).toString(), alg), alg, kid: null };
    }
    const value = readJson(file, text);
    const jwk = (isObject(value) && Array.isArray(value['keys']) ? value['keys'][0] : value) as JWK;
    if (!isObject(jwk) || jwk['d'] === undefined) refuse(`${file} holds no private key`);
    const alg = algOf(jwk);
    return { key: await importJWK(jwk, alg), alg, kid: jwk.kid ?? null };
  } catch (fault) {
    if (fault instanceof CannotStart) throw fault;
    return refuse(`${file} holds no private key that can be read`);
  }
};

/** Makes a pair of keys: `client.key.pem` for the client alone, and `client.jwks.json` to register. Throws CannotStart where a file is there already. */
export const writeNewKeys = async (folder: string): Promise<{ readonly key: string; readonly jwks: string }> => {
  const { publicKey, privateKey } = await generateKeyPair('ES384', { extractable: true });
  const publicJwk = await exportJWK(publicKey);
  const jwks = { keys: [{ ...publicJwk, kid: await calculateJwkThumbprint(publicJwk), alg: 'ES384', use: 'sig' }] };
  const files = { key: join(folder, 'client.key.pem'), jwks: join(folder, 'client.jwks.json') };
  const write = (file: string, content: string, mode: number): Promise<void> =>
    writeFile(file, content, { mode, flag: 'wx' }).catch((fault: NodeJS.ErrnoException) =>
      refuse(`${file} cannot be written: ${fault.code === 'EEXIST' ? 'it is there already' : (fault.code ?? 'unknown')}`),
    );
  await mkdir(folder, { recursive: true }).catch((fault: NodeJS.ErrnoException) =>
    refuse(`${folder} cannot be made: ${fault.code ?? 'unknown'}`),
  );
  await write(files.key, `${await exportPKCS8(privateKey)}\n`, 0o600);
  await write(files.jwks, `${JSON.stringify(jwks, null, 2)}\n`, 0o644);
  return files;
};
