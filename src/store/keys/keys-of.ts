import type pg from 'pg';
import type { Sql } from '../pool.ts';
import type { Keys } from './keys.ts';

const given = new WeakMap<object, Keys>();

/** Gives a database's keys to its pool: whoever has one of its connections has them too. */
export const giveKeys = (pool: pg.Pool, keys: Keys): void => {
  given.set(pool, keys);
  pool.on('acquire', (client) => void given.set(client, keys));
};

/** The same connection under another face. */
export const passKeys = (from: Sql, to: Sql): void => {
  const keys = given.get(from);
  if (keys !== undefined) given.set(to, keys);
};

/** The keys that go with a connection. Throws where its pool was given none (src/store/keys/open-keys.ts). */
export const keysOf = (sql: Sql): Keys => {
  const keys = given.get(sql);
  if (keys === undefined) throw new Error('this database was opened without its keys');
  return keys;
};
