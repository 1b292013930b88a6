import { randomBytes } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type pg from 'pg';
import { CannotStart } from '../../model/cannot-start.ts';
import { KEY_BYTES, type KeyEncryption, keyEncryptionOf } from './key-encryption.ts';
import { hasKeys, openKeys } from './open-keys.ts';

/** Where the key-encryption keys lie. */
export interface KeyFiles {
  readonly dataDir: string;
  /** Null: `key-encryption.key` in `dataDir`. */
  readonly keyFile: string | null;
  /** Files of keys that were used before. */
  readonly oldKeyFiles: readonly string[];
}

const codeOf = (fault: unknown): string =>
  typeof fault === 'object' && fault !== null && 'code' in fault ? String(fault.code) : 'unknown';

/** 32 bytes, as they are or in base64; null for anything else. */
const keyIn = (content: Buffer): Buffer | null => {
  if (content.length === KEY_BYTES) return content;
  const text = content.toString('latin1').trim();
  return /^[A-Za-z0-9+/]{43}=$/.test(text) ? Buffer.from(text, 'base64') : null;
};

/** Reads a key-encryption key; null where there is no such file. Throws CannotStart for one that others may read, or that holds no key. */
const readKey = async (path: string): Promise<KeyEncryption | null> => {
  try {
    // Its group may read it, as of a secret that an orchestrator mounts; nobody else.
    if (process.platform !== 'win32' && ((await stat(path)).mode & 0o027) !== 0)
      throw new CannotStart(`${path} can be read or changed by others than its owner: chmod 600 it`);
    const key = keyIn(await readFile(path));
    if (key === null) throw new CannotStart(`${path} must hold 32 bytes, as they are or in base64 (openssl rand -base64 32)`);
    return keyEncryptionOf(key);
  } catch (fault) {
    if (fault instanceof CannotStart) throw fault;
    if (codeOf(fault) === 'ENOENT') return null;
    throw new CannotStart(`${path} cannot be read by this user: ${codeOf(fault)}`);
  }
};

const makeKey = async (path: string): Promise<void> => {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(`${randomBytes(KEY_BYTES).toString('base64')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
};

/**
 * Opens the data keys of a database by the key-encryption key in its file. Where none is named and the database has no keys yet, the file in the
 * data folder is made (`first`, which only the broker itself says). Throws CannotStart with one line why not.
 */
export async function openKeysFromFiles(
  pool: pg.Pool,
  { dataDir, keyFile, oldKeyFiles }: KeyFiles,
  who: 'first' | 'beside',
): Promise<void> {
  const path = keyFile ?? join(resolve(dataDir), 'key-encryption.key');
  let newest = await readKey(path);
  if (newest === null && keyFile === null && who === 'first' && !(await hasKeys(pool))) {
    await makeKey(path);
    newest = await readKey(path);
  }
  if (newest === null)
    throw new CannotStart(
      `${path} is missing, and holds the key-encryption key of this database; put it back, or set KEY_FILE to where it is`,
    );
  const older: KeyEncryption[] = [];
  for (const each of oldKeyFiles) {
    const key = await readKey(each);
    if (key === null) throw new CannotStart(`KEY_FILE_OLD names ${each}, which is not there`);
    older.push(key);
  }
  await openKeys(pool, [newest, ...older]);
}
