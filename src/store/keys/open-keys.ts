import { createSecretKey, randomBytes } from 'node:crypto';
import type pg from 'pg';
import { CannotStart } from '../../model/cannot-start.ts';
import { statement } from '../pool.ts';
import { blindIndexOf } from './blind-index.ts';
import { KEY_BYTES, type KeyEncryption } from './key-encryption.ts';
import { BROKER_KEY, INDEX_KEY, Keys, unwrapAny, wrapNew } from './keys.ts';
import { giveKeys } from './keys-of.ts';

const anyKey = statement<[], { any: boolean }>('any-key', 'SELECT EXISTS (SELECT FROM person_key) AS any');
const strangers = statement<[readonly string[]], { id: string }>(
  'keys-wrapped-by-others',
  'SELECT id FROM person_key WHERE wrapped IS NOT NULL AND kek_id <> ALL($1::text[]) LIMIT 1',
);
const addKey = statement<[string, string, string], never>(
  'add-own-key',
  'INSERT INTO person_key (id, wrapped, kek_id) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING',
);
const ownKey = statement<[string], { wrapped: string | null }>('own-key', 'SELECT wrapped FROM person_key WHERE id = $1');

/** Whether a database has data keys: then a new key-encryption key would open none of them. */
export const hasKeys = async (pool: pg.Pool): Promise<boolean> => (await anyKey(pool))[0]?.any ?? false;

const unwrapOwn = async (pool: pg.Pool, id: string, all: readonly KeyEncryption[]): Promise<Buffer> => {
  const [row] = await ownKey(pool, id);
  if (row?.wrapped == null) throw new Error('a key of the broker itself is missing');
  return unwrapAny(all, row.wrapped).catch(() => {
    throw new CannotStart('the data keys of this database do not open under the key-encryption key that is given');
  });
};

/**
 * Opens the data keys of a database by these key-encryption keys, the newest first, and gives them to its pool; a database that has none gets the
 * broker's own. Throws CannotStart, and changes nothing, where a key was wrapped by another.
 */
export async function openKeys(pool: pg.Pool, all: readonly [KeyEncryption, ...KeyEncryption[]]): Promise<Keys> {
  const known = all.map(({ id }) => id);
  if ((await strangers(pool, known)).length > 0)
    throw new CannotStart(
      'the data keys of this database were wrapped by another key-encryption key than the one given: set KEY_FILE or KEY_FILE_OLD to that one',
    );
  for (const id of [BROKER_KEY, INDEX_KEY]) {
    const { wrapped, kekId } = await wrapNew(all[0], randomBytes(KEY_BYTES));
    await addKey(pool, id, wrapped, kekId);
  }
  const [own, secret] = [await unwrapOwn(pool, BROKER_KEY, all), await unwrapOwn(pool, INDEX_KEY, all)];
  const keys = new Keys(all, createSecretKey(own), blindIndexOf(secret));
  giveKeys(pool, keys);
  return keys;
}
