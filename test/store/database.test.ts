import { afterAll, expect, test } from '@jest/globals';
import { isMigrated, migrate, migrationFiles } from '../../src/store/migrate.ts';
import { statement, transaction } from '../../src/store/pool.ts';
import { openDatabase } from '../support/database.ts';

const database = await openDatabase();
afterAll(() => database.close());

test('A test file gets a database of its own, with every migration and the queue’s schema', async () => {
  expect(await isMigrated(database.pool)).toBe(true);
  const { rows } = await database.pool.query<{ name: string }>('SELECT name FROM schema_migration ORDER BY name');
  expect(rows.map((row) => `${row.name}.sql`)).toEqual(await migrationFiles());
  await expect(database.pool.query('SELECT max(version) FROM bullmq.migration')).resolves.toBeDefined();
});

test('Migrations that start at the same time wait for each other, and take no step twice', async () => {
  expect(await Promise.all([migrate(database.url), migrate(database.url), migrate(database.url)])).toEqual([0, 0, 0]);
});

test('A transaction that throws leaves nothing, and its connection is given back clean', async () => {
  await database.pool.query('CREATE TABLE probe (n int PRIMARY KEY)');
  const count = statement<[number], { n: number }>('probe-from', 'SELECT n FROM probe WHERE n >= $1');
  await expect(
    transaction(database.pool, async (client) => {
      await client.query('INSERT INTO probe VALUES (1)');
      await client.query('INSERT INTO probe VALUES (1)');
    }),
  ).rejects.toMatchObject({ code: '23505' });
  expect(await count(database.pool, 0)).toEqual([]);
  await transaction(database.pool, (client) => client.query('INSERT INTO probe VALUES (2)'));
  expect(await count(database.pool, 2)).toEqual([{ n: 2 }]);
  expect(database.pool.idleCount).toBe(database.pool.totalCount);
});
