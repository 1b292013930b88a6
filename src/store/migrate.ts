import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { runMigrations as migrateQueue } from 'bullmq';
import { runner } from 'node-pg-migrate';
import pg from 'pg';

const folder = fileURLToPath(new URL('./migrations', import.meta.url));
const silent = { debug: undefined, info: () => {}, warn: () => {}, error: () => {} };

/** `0001-resources.sql`: four digits, a name in small letters. Steps up only; what is applied is never edited. */
const MIGRATION_NAME = /^\d{4}-[a-z0-9-]+\.sql$/;

/** Names of the migration files in the order in which they run. Throws when a name is no migration's, or two share a number. */
export const migrationFiles = async (): Promise<readonly string[]> => {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.')).sort();
  const wrong = names.find((name) => !MIGRATION_NAME.test(name));
  if (wrong !== undefined) throw new Error(`src/store/migrations/${wrong}: not named like 0001-resources.sql`);
  const twin = names.find((name, index) => name.slice(0, 4) === names[index - 1]?.slice(0, 4));
  if (twin !== undefined) throw new Error(`src/store/migrations/${twin}: another migration has the same number`);
  return names;
};

/**
 * Brings a database to the newest schema, the queue's included, and answers how many steps that took.
 * Each step is a transaction of its own. A second process that starts meanwhile waits for the first (advisory lock).
 */
export const migrate = async (url: string): Promise<number> => {
  await migrationFiles();
  const client = new pg.Client({ connectionString: url, application_name: 'crisis-plan-broker migrate' });
  await client.connect();
  try {
    const done = await runner({
      dbClient: client,
      dir: folder,
      direction: 'up',
      migrationsTable: 'schema_migration',
      advisoryLockMode: 'wait',
      // Its own logger would write to standard output, which is the broker's one line.
      logger: silent,
    });
    await migrateQueue(client);
    return done.length;
  } finally {
    await client.end();
  }
};

/** Whether the database has every migration that this build knows: part of `/health/ready`. */
export const isMigrated = async (sql: pg.Pool): Promise<boolean> => {
  const wanted = await migrationFiles();
  const { rows: tables } = await sql.query<{ there: boolean }>("SELECT to_regclass('schema_migration') IS NOT NULL AS there");
  if (tables[0]?.there !== true) return false;
  const { rows } = await sql.query<{ name: string }>('SELECT name FROM schema_migration');
  const applied = new Set(rows.map((row) => `${row.name}.sql`));
  return wanted.every((name) => applied.has(name));
};
