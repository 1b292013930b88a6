import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { createLog } from '../../src/log.ts';
import { keyEncryptionOf } from '../../src/store/keys/key-encryption.ts';
import { openKeys } from '../../src/store/keys/open-keys.ts';
import { createPool } from '../../src/store/pool.ts';

/** The key-encryption key of every database of the bench. */
const BENCH_KEY = Buffer.alloc(32, 'bench key');

/** Its file, as a broker is given it. */
export const keyFileIn = (folder: string): string => {
  const path = join(folder, 'bench.key');
  if (!existsSync(path)) writeFileSync(path, BENCH_KEY, { mode: 0o600 });
  return path;
};

/** A pool on a database of the bench, with its keys. */
export const openPool = async (url: string, max?: number): Promise<pg.Pool> => {
  const pool = createPool(url, createLog('error'), max === undefined ? {} : { max });
  await openKeys(pool, [keyEncryptionOf(BENCH_KEY)]);
  return pool;
};
