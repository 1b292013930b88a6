import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createLog } from '../src/log.ts';
import { isRunning } from '../src/store/data-dir-lock.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/store/embedded-postgres.ts';
import { migrate } from '../src/store/migrate.ts';
import { prepareRunning } from '../src/store/running-role.ts';
import { hasRedis } from './support/redis.ts';

const PREFIX = 'crisis-plan-broker-test-';
const log = createLog('error');

/** `CI=1`, as `.ci/run` sets it: a test that is left out is a failure. */
const isStrict = (): boolean => process.env['CI'] === '1';

/** What the teardown has to stop. */
export const run: { database: EmbeddedPostgres | null; folder: string } = {
  database: null,
  folder: join(tmpdir(), `${PREFIX}${process.pid}`),
};

/** A run that was killed left its PostgreSQL behind: it is taken on, stopped and cleared away. */
const clearLeftovers = async (): Promise<void> => {
  for (const name of (await readdir(tmpdir())).filter((entry) => entry.startsWith(PREFIX))) {
    if (isRunning(Number(name.slice(PREFIX.length)))) continue;
    const folder = join(tmpdir(), name);
    await startEmbeddedPostgres(folder, log, { fast: true }).then(
      (left) => left.stop(),
      () => console.error(`could not stop what is left in ${folder}`),
    );
    await rm(folder, { recursive: true, force: true });
  }
};

/** One PostgreSQL for the run, and a database with every migration that each test file's own is cloned from. */
export default async (): Promise<void> => {
  if (!hasRedis()) {
    if (isStrict()) throw new Error('redis-server is not on PATH, and this run must leave no test out');
    console.error('redis-server is not on PATH: tests on Redis are left out');
  }
  await clearLeftovers();
  const database = await startEmbeddedPostgres(run.folder, log, { fast: true });
  run.database = database;
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query('CREATE DATABASE template_broker');
  await client.end();
  const template = new URL(database.url);
  template.pathname = '/template_broker';
  await migrate(template.href);
  const { because } = await prepareRunning(template.href, false);
  if (because !== null) throw new Error(because);
  process.env['TEST_DATABASE_URL'] = database.url;
  // Some two hundred brokers and commands are started in a run: each compiles only what none before it has (1.1 s of processor are 0.6 s).
  process.env['NODE_COMPILE_CACHE'] = join(run.folder, 'compiled');
};
