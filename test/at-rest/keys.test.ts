import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLog } from '../../src/log.ts';
import { keyEncryptionOf } from '../../src/store/keys/key-encryption.ts';
import { openKeysFromFiles } from '../../src/store/keys/key-file.ts';
import { keysOf } from '../../src/store/keys/keys-of.ts';
import { openKeys } from '../../src/store/keys/open-keys.ts';
import { personKey } from '../../src/store/keys/person-keys.ts';
import { rewrapKeys } from '../../src/store/keys/rewrap.ts';
import { createPool } from '../../src/store/pool.ts';
import { putNext, readResource } from '../../src/store/resources.ts';
import { openDatabase, TEST_KEY, type TestDatabase } from '../support/database.ts';
import * as body from '../support/bodies.ts';

const OLD = keyEncryptionOf(TEST_KEY);
let database: TestDatabase;
let folder: string;
/** The same database as another process sees it. */
const elsewhere = async <T>(work: (pool: ReturnType<typeof createPool>) => Promise<T>): Promise<T> => {
  const pool = createPool(database.url, createLog('error'), { max: 2 });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
};
const keyRows = async () => (await database.pool.query('SELECT id, wrapped, kek_id FROM person_key ORDER BY id')).rows;

beforeEach(async () => {
  database = await openDatabase();
  folder = await mkdtemp(join(tmpdir(), 'broker-keys-'));
  await putNext(database.pool, body.patient('p', '9990000018'), 'p', 'TRUST1', null, new Date());
});
afterEach(async () => {
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

describe('the key-encryption key', () => {
  test('of another database is refused in one line, and nothing is changed', async () => {
    const before = await keyRows();
    await elsewhere(async (pool) => {
      await expect(openKeys(pool, [keyEncryptionOf(randomBytes(32))])).rejects.toMatchObject({
        name: 'CannotStart',
        message: expect.stringContaining('wrapped by another key-encryption key'),
      });
      expect(() => keysOf(pool)).toThrow('without its keys');
    });
    expect(await keyRows()).toEqual(before);
  });

  test('is made at the first start, for this user alone; a lost one is not made anew', async () => {
    const files = { dataDir: folder, keyFile: null, oldKeyFiles: [] };
    const path = join(folder, 'key-encryption.key');
    const empty = await openDatabase();
    try {
      const pool = createPool(empty.url, createLog('error'), { max: 2 });
      await empty.owner.query('TRUNCATE person_key');
      await expect(openKeysFromFiles(pool, files, 'beside')).rejects.toMatchObject({
        name: 'CannotStart',
        message: expect.stringContaining('is missing'),
      });
      await openKeysFromFiles(pool, files, 'first');
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      const made = await readFile(path, 'utf8');
      await openKeysFromFiles(pool, files, 'first');
      await openKeysFromFiles(pool, files, 'beside');
      expect(await readFile(path, 'utf8')).toBe(made);
      await rm(path);
      await expect(openKeysFromFiles(pool, files, 'first')).rejects.toMatchObject({ message: expect.stringContaining('put it back') });
      await expect(stat(path)).rejects.toThrow('ENOENT');
      await pool.end();
    } finally {
      await empty.close();
    }
  });

  test.each([
    ['raw', TEST_KEY],
    ['in base64', Buffer.from(`${TEST_KEY.toString('base64')}\n`)],
  ])('is read from a file: %s', async (_name, content) => {
    const path = join(folder, 'kek');
    await writeFile(path, content, { mode: 0o400 });
    await elsewhere(async (pool) => {
      await openKeysFromFiles(pool, { dataDir: folder, keyFile: path, oldKeyFiles: [] }, 'beside');
      expect((await readResource(pool, 'Patient', 'p'))?.body).toMatchObject({ id: 'p' });
    });
  });

  test.each([
    ['that others may read', TEST_KEY, 0o644, 'chmod 600'],
    ['of another length', randomBytes(31), 0o600, '32 bytes'],
    ['of words', Buffer.from('sesame'), 0o600, '32 bytes'],
  ])('is refused from a file %s, without a word of it', async (_name, content, mode, why) => {
    const path = join(folder, 'kek');
    await writeFile(path, content);
    await chmod(path, mode);
    await elsewhere(async (pool) => {
      const refused = expect(openKeysFromFiles(pool, { dataDir: folder, keyFile: path, oldKeyFiles: [] }, 'first')).rejects;
      await refused.toMatchObject({ name: 'CannotStart', message: expect.stringContaining(why) });
    });
  });
});

describe('rotation', () => {
  const fresh = keyEncryptionOf(randomBytes(32));

  test('wraps every data key anew, touches nothing that they seal, and then needs the old one no more', async () => {
    const bodies = async () => (await database.pool.query('SELECT body FROM resource UNION ALL SELECT body FROM resource_version')).rows;
    const before = await bodies();
    const number = keysOf(database.pool).index.number('9990000018');
    await elsewhere(async (pool) => {
      await openKeys(pool, [fresh, OLD]);
      expect((await readResource(pool, 'Patient', 'p'))?.body).toMatchObject({ id: 'p' });
      expect(await rewrapKeys(pool)).toBe(3);
      expect(await rewrapKeys(pool)).toBe(0);
    });
    expect((await keyRows()).map(({ kek_id }) => kek_id)).toEqual([fresh.id, fresh.id, fresh.id]);
    await elsewhere(async (pool) => {
      await expect(openKeys(pool, [OLD])).rejects.toMatchObject({ name: 'CannotStart' });
    });
    await elsewhere(async (pool) => {
      await openKeys(pool, [fresh]);
      expect((await readResource(pool, 'Patient', 'p'))?.body).toMatchObject({ id: 'p' });
      expect(keysOf(pool).index.number('9990000018')).toBe(number);
    });
    expect(await bodies()).toEqual(before);
  });

  test('a key that was destroyed stays destroyed, whatever is tried', async () => {
    await database.pool.query(`UPDATE person_key SET wrapped = NULL, destroyed_at = now() WHERE id = 'p'`);
    await elsewhere(async (pool) => {
      await openKeys(pool, [fresh, OLD]);
      expect(await rewrapKeys(pool)).toBe(2);
    });
    await expect(personKey(database.pool, 'p')).rejects.toMatchObject({ category: 'gone' });
    for (const statement of [
      `UPDATE person_key SET wrapped = 'AAAA', destroyed_at = NULL WHERE id = 'p'`,
      `DELETE FROM person_key WHERE id = 'p'`,
    ])
      await expect(database.pool.query(statement)).rejects.toThrow('stays so');
    expect(await readResource(database.pool, 'Patient', 'p')).toBeNull();
  });
});
