import pg from 'pg';
import { createLog } from '../../src/log.ts';
import { createPool } from '../../src/store/pool.ts';
import { openDatabase, type TestDatabase, withTestKeys } from '../support/database.ts';

/** A database whose clock a test sets: to PostgreSQL's functions, plans and statements it is the only clock that there is. */
export interface FalseClock {
  readonly database: TestDatabase;
  set(instant: number): Promise<unknown>;
}

/** Opens it. Functions of these names in a schema before `pg_catalog` are found first. */
export const openFalseClock = async (): Promise<FalseClock> => {
  const plain = await openDatabase();
  const client = new pg.Client({ connectionString: plain.url });
  await client.connect();
  await client.query(`
    CREATE SCHEMA test_clock;
    CREATE TABLE test_clock.reading (at timestamptz);
    INSERT INTO test_clock.reading VALUES (pg_catalog.clock_timestamp());
    CREATE FUNCTION test_clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT at FROM test_clock.reading';
    CREATE FUNCTION test_clock.statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT at FROM test_clock.reading';`);
  await client.end();
  const url = new URL(plain.url);
  url.searchParams.set('options', '-c search_path=test_clock,pg_catalog,public');
  const pool = await withTestKeys(createPool(url.href, createLog('error'), { max: 20, name: 'false-clock' }));
  return {
    database: {
      url: url.href,
      runningUrl: url.href,
      pool,
      owner: pool,
      close: async () => {
        await pool.end();
        await plain.close();
      },
    },
    set: (instant) => pool.query('UPDATE test_clock.reading SET at = $1', [new Date(instant).toISOString()]),
  };
};
