import type pg from 'pg';
import type { Config } from './config.ts';
import type { Log } from './log.ts';
import { assertDatabase } from './store/assert-database.ts';
import { databaseUrl, startEmbeddedPostgres } from './store/embedded-postgres.ts';
import { openKeysFromFiles } from './store/keys/key-file.ts';
import { isMigrated, migrate } from './store/migrate.ts';
import { createPool } from './store/pool.ts';

const answers = (url: string): Promise<boolean> =>
  assertDatabase(url).then(
    () => true,
    () => false,
  );

/** The embedded database where a broker runs on it; else started for as long as it is needed. */
const openDatabase = async (config: Config, log: Log): Promise<{ readonly url: string; stop(): Promise<void> }> => {
  if (config.databaseUrl !== null) {
    await assertDatabase(config.databaseUrl);
    return { url: config.databaseUrl, stop: async () => {} };
  }
  const running = await databaseUrl(config).catch(() => null); // no broker has run here yet
  if (running !== null && (await answers(running))) return { url: running, stop: async () => {} };
  return startEmbeddedPostgres(config.dataDir, log);
};

/** Runs a command on the broker's database, beside a running broker or without one. Throws CannotStart with one line why not. */
export const withDatabase = async <T>(config: Config, log: Log, work: (pool: pg.Pool) => Promise<T>): Promise<T> => {
  const database = await openDatabase(config, log);
  try {
    const pool = createPool(database.url, log, { max: 4, name: 'crisis-plan-broker command' });
    try {
      if (!(await isMigrated(pool))) await migrate(database.url);
      await openKeysFromFiles(pool, config, 'first');
      return await work(pool);
    } finally {
      await pool.end();
    }
  } finally {
    await database.stop();
  }
};
