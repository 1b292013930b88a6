import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { isRunning } from '../../src/store/data-dir-lock.ts';
import type { WithSql } from './access.ts';

/** A data folder of a test's own. */
export interface TestDataDir {
  readonly path: string;
  /** Runs SQL on the embedded database, as a worker would reach it. */
  query(sql: string): Promise<readonly Record<string, unknown>[]>;
  withSql: WithSql;
  /** Process of the PostgreSQL in it; null when none runs. */
  postmaster(): Promise<number | null>;
  /** Kills what still runs in it and removes it. */
  remove(): Promise<void>;
}

/** Makes an empty data folder that PostgreSQL's own account may enter. */
export const makeDataDir = async (): Promise<TestDataDir> => {
  const path = await mkdtemp(join(tmpdir(), 'crisis-plan-broker-startup-'));
  await chmod(path, 0o711);
  const postmaster = async (): Promise<number | null> => {
    const text = await readFile(join(path, 'postgres', 'postmaster.pid'), 'utf8').catch(() => '');
    const pid = Number(text.split('\n')[0]);
    if (pid === 0 || !isRunning(pid)) return null;
    // A process that ended and that nobody has waited for is a zombie: it runs no more.
    // ps answers 1 for one that went this very moment.
    const stat = await promisify(execFile)('ps', ['-o', 'stat=', '-p', String(pid)]).then(
      ({ stdout }) => stdout,
      () => 'Z',
    );
    return stat.startsWith('Z') ? null : pid;
  };
  const withSql: WithSql = async (work) => {
    const client = new pg.Client({ connectionString: (await readFile(join(path, 'postgres.url'), 'utf8')).trim() });
    // A server that goes fails the query, and says so once more as an event.
    client.on('error', () => {});
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  };
  return {
    path,
    postmaster,
    withSql,
    query: (sql) => withSql(async (client) => (await client.query<Record<string, unknown>>(sql)).rows),
    remove: async () => {
      const left = await postmaster();
      if (left !== null) process.kill(left, 'SIGQUIT');
      while ((await postmaster()) !== null) await new Promise((resolve) => setTimeout(resolve, 20));
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};
