import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { createLog } from '../../src/log.ts';
import { migrate } from '../../src/store/migrate.ts';
import { createPool } from '../../src/store/pool.ts';
import { prepareRunning, runningOn } from '../../src/store/running-role.ts';
import { sealTrail } from '../../src/store/trail/seal-trail.ts';
import { type TestDatabase, openDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openDatabase();
  await database.pool.query(
    `INSERT INTO audit (event, organization, kind, because) VALUES ('flag', 'XAMB', 'ambulance', 'no-such-person')`,
  );
  await sealTrail(database.pool);
  await database.owner.query(
    `INSERT INTO trail_head (stream, size, root, link, signed_at, key_id, signature) VALUES ('s', 1, '', '', now(), 'k', '')`,
  );
});
afterAll(() => database.close());

/** SQLSTATE of what PostgreSQL answers; null where it does it. */
const refusal = async (sql: string, pool = database.pool): Promise<string | null> =>
  pool.query(sql).then(
    () => null,
    (error: { code?: string }) => error.code ?? 'none',
  );
const NOT_PERMITTED = '42501';
const TABLES = [
  'audit',
  'trail_link',
  'trail_salt',
  'trail_head',
  'trail_key',
  'trail_stream',
  'trail_cursor',
  'trail_handed',
  'audit_id_key',
];

describe('I7: for the role of a running broker the trail is append-only, whatever triggers say', () => {
  test('it is not the owner, and owns nothing', async () => {
    const { rows } = await database.pool.query(
      'SELECT current_user AS me, (SELECT count(*)::integer FROM pg_class WHERE relowner = current_user::regrole) AS owned',
    );
    expect(rows).toEqual([{ me: 'broker_running', owned: 0 }]);
  });

  test.each(TABLES)('%s: UPDATE, DELETE, TRUNCATE, DROP, ALTER and its triggers are not permitted', async (table) => {
    const { rows } = await database.pool.query<{ name: string }>(
      "SELECT attname::text AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND attidentity = '' LIMIT 1",
      [table],
    );
    const column = rows[0]?.name;
    for (const sql of [
      `UPDATE ${table} SET ${column} = ${column}`,
      `DELETE FROM ${table}`,
      `TRUNCATE ${table}`,
      `DROP TABLE ${table}`,
      `ALTER TABLE ${table} ADD COLUMN more text`,
      `ALTER TABLE ${table} DISABLE TRIGGER ALL`,
      `CREATE TRIGGER mine BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
    ])
      expect([sql, await refusal(sql)]).toEqual([sql, NOT_PERMITTED]);
    expect(await refusal(`SELECT FROM ${table} LIMIT 1`)).toBeNull();
  });

  test.each([
    `INSERT INTO audit (id, event, organization, kind) OVERRIDING SYSTEM VALUE VALUES (0, 'flag', 'XAMB', 'ambulance')`,
    `INSERT INTO audit (at, event, organization, kind) VALUES (now() - interval '1 day', 'flag', 'XAMB', 'ambulance')`,
    `INSERT INTO trail_stream (stream, size, link, frontier) VALUES ('x', 1, '', '{}')`,
    "SELECT setval('audit_id_seq', 1)",
    'CREATE TABLE mine (n integer)',
    'SET session_replication_role = replica',
    `DROP FUNCTION trail_forget(text)`,
    `CREATE OR REPLACE FUNCTION trail_content(a audit) RETURNS text LANGUAGE sql AS $$ SELECT '' $$`,
  ])('not permitted: %s', async (sql) => {
    expect(await refusal(sql)).toBe(NOT_PERMITTED);
  });

  test.each([
    [`SELECT trail_put_stream('asker XAMB', 9, '', '{}')`, /last link/],
    [`SELECT trail_put_stream('asker XAMB', 1, '\\x00', '{}')`, /last link/],
    [`SELECT trail_forget('nobody')`, /was not erased/],
  ])('what the owner does for it, it does only as it should: %s', async (sql, complaint) => {
    await expect(database.pool.query(sql)).rejects.toThrow(complaint);
  });

  test('nor is a row passed over, nor a head that there is not handed over', async () => {
    const { rows: before } = await database.pool.query('SELECT * FROM trail_cursor');
    await database.owner.query(`UPDATE trail_cursor SET watched_id = 1000, watched_at = now() - interval '1 hour'`);
    await database.pool.query(`INSERT INTO audit (event, organization, kind) VALUES ('flag', 'XAMB', 'ambulance')`);
    await database.pool.query('SELECT trail_move_on(1000)');
    expect((await database.pool.query('SELECT final_id FROM trail_cursor')).rows).toEqual([{ final_id: before[0]?.final_id }]);
    await database.pool.query(`SELECT trail_handed_over('w', 7), trail_handed_over('w', 1)`);
    expect((await database.pool.query('SELECT serial FROM trail_handed')).rows).toEqual([{ serial: '1' }]);
  });

  test('the functions are nobody else’s, and look their names up where nobody can put others', async () => {
    const { rows } = await database.owner.query(
      `SELECT proname::text AS name, proconfig AS settings, array_to_string(proacl, ' ') AS acl FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace`,
    );
    expect(rows.map(({ name }) => name).sort()).toEqual(['trail_forget', 'trail_handed_over', 'trail_move_on', 'trail_put_stream']);
    for (const { settings, acl } of rows) {
      expect(settings).toEqual(['search_path=pg_catalog, public, pg_temp']);
      expect(acl).toBe('broker=X/broker broker_running=X/broker');
    }
  });
});

describe('a DATABASE_URL from outside', () => {
  const name = `outside_${randomBytes(4).toString('hex')}`;
  const address = (): string => {
    const url = new URL(database.url);
    url.username = name;
    url.password = 'word';
    url.pathname = `/${name}`;
    return url.href;
  };
  beforeAll(async () => {
    await database.owner.query(`CREATE ROLE ${name} LOGIN PASSWORD 'word'`);
    await database.owner.query(`CREATE DATABASE ${name} OWNER ${name}`);
    await migrate(address());
  }, 30_000);
  afterAll(async () => {
    await database.owner.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await database.owner.query(`DROP ROLE IF EXISTS ${name}_running`);
    await database.owner.query(`DROP ROLE ${name}`);
  });

  test('whose login may make no role is used as it is, and that is said', async () => {
    expect(await prepareRunning(address(), false)).toEqual({ url: address(), because: 'the login may not make or grant it (42501)' });
    expect(await runningOn(address(), false)).toMatchObject({ url: address(), because: expect.stringContaining('are refused') });
  });

  test.each([
    ['whose login may make roles gets one', `ALTER ROLE ${name} CREATEROLE`],
    [
      'for which somebody made and granted it takes it',
      `DROP OWNED BY ${name}_running; DROP ROLE ${name}_running; ALTER ROLE ${name} NOCREATEROLE; CREATE ROLE ${name}_running; GRANT ${name}_running TO ${name}`,
    ],
  ])('%s', async (_what, sql) => {
    const owner = new URL(database.url);
    owner.pathname = `/${name}`;
    const client = new pg.Client({ connectionString: owner.href });
    await client.connect();
    await client.query(sql);
    await client.end();
    const { url, because } = await prepareRunning(address(), false);
    expect(because).toBeNull();
    expect(await runningOn(address(), false)).toEqual({ url, because: null });
    const pool = createPool(url, createLog('silent'), { max: 1 });
    try {
      expect(await refusal(`INSERT INTO audit (event, organization, kind) VALUES ('flag', 'XAMB', 'ambulance')`, pool)).toBeNull();
      for (const statement of ['DELETE FROM audit', 'TRUNCATE audit', 'ALTER TABLE audit DISABLE TRIGGER ALL', 'DROP TABLE audit'])
        expect([statement, await refusal(statement, pool)]).toEqual([statement, NOT_PERMITTED]);
      expect((await pool.query('SELECT count(*) FROM bullmq.job')).rows).toHaveLength(1);
    } finally {
      await pool.end();
    }
  });
});
