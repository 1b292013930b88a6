import type pg from 'pg';
import type { Config } from './config.ts';
import type { Log } from './log.ts';
import { assertDatabase } from './store/assert-database.ts';
import { databaseUrl, startEmbeddedPostgres } from './store/embedded-postgres.ts';
import { openKeysFromFiles } from './store/keys/key-file.ts';
import { isMigrated, migrate } from './store/migrate.ts';
import { createPool } from './store/pool.ts';
import { prepareRunning, type Running, runningOn } from './store/running-role.ts';
import { sealOpen } from './store/keys/seal-open.ts';

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

const isReady = async (url: string, log: Log): Promise<boolean> => {
  const pool = createPool(url, log, { max: 1, name: 'crisis-plan-broker command' });
  try {
    return await isMigrated(pool);
  } finally {
    await pool.end();
  }
};
const prepared = async (url: string, isOwn: boolean, log: Log): Promise<Running> => {
  if (!(await isReady(url, log))) await migrate(url);
  return prepareRunning(url, isOwn);
};

/** Seals what an older version left open, over connections of the owner: it changes tables. Answers how many rows that took. */
export const sealAsOwner = async (url: string, config: Config, log: Log): Promise<number> => {
  const pool = createPool(url, log, { max: 2, name: 'crisis-plan-broker migrate' });
  try {
    await openKeysFromFiles(pool, config, 'first');
    return await sealOpen(pool);
  } finally {
    await pool.end();
  }
};

/** Runs a command on the broker's database, beside a running broker or without one. Throws CannotStart with one line why not. */
export const withDatabase = async <T>(config: Config, log: Log, work: (pool: pg.Pool) => Promise<T>): Promise<T> => {
  const database = await openDatabase(config, log);
  try {
    const isOwn = config.databaseUrl === null;
    const known = await runningOn(database.url, isOwn);
    // A database that no broker of this version has started on yet.
    const running = known.because === null && (await isReady(known.url, log)) ? known : await prepared(database.url, isOwn, log);
    const pool = createPool(running.url, log, { max: 4, name: 'crisis-plan-broker command' });
    try {
      await openKeysFromFiles(pool, config, 'first');
      return await work(pool);
    } finally {
      await pool.end();
    }
  } finally {
    await database.stop();
  }
};
