import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { CannotStart } from '../../model/cannot-start.ts';

/** The key that signs heads of the trail. */
export interface TrailKey {
  readonly id: string;
  /** SPKI in base64. */
  readonly publicKey: string;
  readonly privateKey: KeyObject;
}

const codeOf = (fault: unknown): string =>
  typeof fault === 'object' && fault !== null && 'code' in fault ? String(fault.code) : 'unknown';

const keyOf = (path: string, pem: string): TrailKey => {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch {
    throw new CannotStart(`${path} must hold an Ed25519 private key as PEM (openssl genpkey -algorithm ed25519)`);
  }
  if (privateKey.asymmetricKeyType !== 'ed25519') throw new CannotStart(`${path} must hold an Ed25519 private key`);
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return { id: createHash('sha256').update(spki).digest('base64url').slice(0, 22), publicKey: spki.toString('base64'), privateKey };
};

const makeKey = async (path: string): Promise<void> => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(privateKey.export({ format: 'pem', type: 'pkcs8' }));
    await file.sync();
  } finally {
    await file.close();
  }
};

/** Opens the key that signs heads of the trail, and makes it where there is none yet and none is named. Throws CannotStart with one line why not. */
export const openTrailKey = async (path: string, isNamed: boolean): Promise<TrailKey> => {
  try {
    if (process.platform !== 'win32' && ((await stat(path)).mode & 0o027) !== 0)
      throw new CannotStart(`${path} can be read or changed by others than its owner: chmod 600 it`);
    return keyOf(path, await readFile(path, 'utf8'));
  } catch (fault) {
    if (fault instanceof CannotStart) throw fault;
    if (codeOf(fault) !== 'ENOENT' || isNamed) throw new CannotStart(`${path} cannot be read by this user: ${codeOf(fault)}`);
  }
  await makeKey(path);
  return keyOf(path, await readFile(path, 'utf8'));
};
