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

test('Migrations of an empty database that start at the same time wait for each other, and take no step twice', async () => {
  const name = `${new URL(database.url).pathname.slice(1)}_empty`;
  await database.owner.query(`CREATE DATABASE ${name}`);
  try {
    const empty = new URL(database.url);
    empty.pathname = `/${name}`;
    const steps = await Promise.all([migrate(empty.href), migrate(empty.href), migrate(empty.href)]);
    expect(steps.toSorted((one, two) => one - two)).toEqual([0, 0, (await migrationFiles()).length]);
    expect(await migrate(empty.href)).toBe(0);
  } finally {
    await database.owner.query(`DROP DATABASE ${name} WITH (FORCE)`);
  }
});

test('A transaction that throws leaves nothing, and its connection is given back clean', async () => {
  await database.owner.query('CREATE TABLE probe (n int PRIMARY KEY); GRANT ALL ON probe TO PUBLIC');
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
