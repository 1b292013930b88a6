import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { createLog } from '../../src/log.ts';
import { keyEncryptionOf } from '../../src/store/keys/key-encryption.ts';
import { openKeys } from '../../src/store/keys/open-keys.ts';
import { createPool } from '../../src/store/pool.ts';
import { runningOn } from '../../src/store/running-role.ts';

/** A database of one test file, cloned from the migrated template. */
export interface TestDatabase {
  /** Of the owner, as `DATABASE_URL` gives it. */
  readonly url: string;
  /** Connections as a running broker's: they may not change tables, nor the trail. */
  readonly pool: pg.Pool;
  /** Address of those connections. */
  readonly runningUrl: string;
  /** Connections of the owner, for what only the owner may. */
  readonly owner: pg.Pool;
  close(): Promise<void>;
}

/** The key-encryption key of every test database, as a file holds it. */
export const TEST_KEY: Buffer = Buffer.alloc(32, 'test key');

/** Writes it to a file in a folder, for a broker in a process of its own; answers its path. */
export const testKeyFile = async (folder: string): Promise<string> => {
  const path = join(folder, 'test.key');
  await writeFile(path, TEST_KEY, { mode: 0o600 });
  return path;
};

/** Opens the keys of a test database for a pool on it. */
export const withTestKeys = async (pool: pg.Pool): Promise<pg.Pool> => {
  await openKeys(pool, [keyEncryptionOf(TEST_KEY)]);
  return pool;
};

const administer = async (sql: string): Promise<void> => {
  const client = new pg.Client({ connectionString: process.env['TEST_DATABASE_URL'] });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
};

/** A fresh database with every migration, in about 50 ms. `close` it in `afterAll`: it ends the pool and drops the database. */
export const openDatabase = async (): Promise<TestDatabase> => {
  const server = process.env['TEST_DATABASE_URL'];
  if (server === undefined) throw new Error('TEST_DATABASE_URL is not set: run the tests through jest.config.js');
  const name = `t_${randomBytes(8).toString('hex')}`;
  await administer(`CREATE DATABASE ${name} TEMPLATE template_broker`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const running = await runningOn(url.href, false);
  if (running.because !== null) throw new Error(running.because);
  const log = createLog('error');
  const pool = await withTestKeys(createPool(running.url, log, { max: 40, name }));
  const owner = createPool(url.href, log, { max: 4, name });
  return {
    url: url.href,
    runningUrl: running.url,
    pool,
    owner,
    close: async () => {
      await Promise.all([pool.end(), owner.end()]);
      await administer(`DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
};
