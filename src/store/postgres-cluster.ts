import { chown, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { Line, type Log } from '../log.ts';
import { CannotStart } from '../model/cannot-start.ts';
import { isRunning } from './data-dir-lock.ts';
import { freePort, isFree } from './free-port.ts';
import type { Account } from './postgres-account.ts';
import { type Programs, runProgram } from './postgres-program.ts';

/** One cluster: its folder, its programs, and who runs it. */
export interface Cluster {
  readonly data: string;
  readonly programs: Programs;
  readonly account: Account | null;
  readonly password: string;
}

const USER = 'broker';
const DATABASE = 'broker';
const START_SECONDS = 60;

/** Address of a database of the cluster, with the password. */
export const addressOf = (port: number, password: string, database = DATABASE): string =>
  `postgres://${USER}:${password}@127.0.0.1:${port}/${database}`;

/**
 * The server's settings. Nothing of a statement or its values reaches its log (I8): messages of level ERROR and DETAIL lines quote them.
 */
const SETTINGS = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=200',
  // The end of a national agreement locks each of its pairs.
  'max_locks_per_transaction=256',
  'work_mem=8MB',
  'max_wal_size=2GB',
  'wal_compression=on',
  'random_page_cost=1.1',
  'timezone=UTC',
  'log_timezone=UTC',
  'log_min_messages=log',
  'log_min_error_statement=panic',
  'log_error_verbosity=terse',
  'tcp_keepalives_idle=60',
];
/** For tests: a power cut may lose the cluster, and commits do not wait for the disk. */
const FAST_SETTINGS = ['shared_buffers=128MB', 'fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'autovacuum_naptime=15s'];
const MEGABYTE = 2 ** 20;
/**
 * An eighth of the memory, of the container's where there is one, from 128 MB to 1 GB: with less, a transaction writes out others' pages, and
 * waits for the disk with its locks held.
 */
const ownSettings = (): readonly string[] => {
  const memory = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  return [`shared_buffers=${Math.min(1024, Math.max(128, Math.floor(memory / 8 / MEGABYTE)))}MB`];
};

const lastLine = (text: string): string =>
  text
    .trim()
    .split('\n')
    .findLast((line) => /error|fatal|hint|cannot|could not/i.test(line))
    ?.trim() ??
  text.trim().split('\n').at(-1) ??
  '';

/** Makes the cluster in a folder beside and moves it into place, so that a broken-off initdb leaves nothing to trip over. */
export const createCluster = async (cluster: Cluster, fast: boolean): Promise<void> => {
  const home = dirname(cluster.data);
  for (const left of (await readdir(home)).filter((name) => name.startsWith('postgres.new-')))
    await rm(join(home, left), { recursive: true, force: true });
  const folder = await mkdtemp(`${cluster.data}.new-`);
  const passwordFile = `${folder}.password`;
  try {
    await writeFile(passwordFile, `${cluster.password}\n`, { mode: 0o600 });
    if (cluster.account !== null) {
      await chown(folder, cluster.account.uid, cluster.account.gid);
      await chown(passwordFile, cluster.account.uid, cluster.account.gid);
    }
    // Without LANG the encoding would be SQL_ASCII.
    const flags = [
      `--pgdata=${folder}`,
      `--username=${USER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
    ];
    const { code, words } = await runProgram(cluster, cluster.programs.initdb, fast ? [...flags, '--no-sync'] : flags, true);
    if (code !== 0) throw new CannotStart(`the database could not be created in ${cluster.data}: ${lastLine(words)}`);
    await rename(folder, cluster.data);
  } finally {
    await rm(passwordFile, { force: true });
    await rm(folder, { recursive: true, force: true });
  }
};

/** Whether our cluster, and no other, answers at the port. */
const answers = async (cluster: Cluster, port: number): Promise<boolean> => {
  const client = new pg.Client({ connectionString: addressOf(port, cluster.password, 'postgres'), connectionTimeoutMillis: 3000 });
  client.on('error', () => client.end());
  try {
    await client.connect();
    const { rows } = await client.query<{ at: string }>("SELECT current_setting('data_directory') AS at");
    return (await stat(rows[0]?.at ?? '')).ino === (await stat(cluster.data)).ino;
  } catch {
    return false; // not there, still starting, or not ours
  } finally {
    await client.end().catch(() => {}); // never connected
  }
};

/** The postmaster that its pid file names: process, port. Null without a file, or when that process is gone or is no PostgreSQL of ours. */
const postmaster = async (cluster: Cluster): Promise<{ pid: number; port: number } | null> => {
  const file = join(cluster.data, 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return null;
  const [pid = '', , , port = ''] = text.split('\n');
  if (!isRunning(Number(pid))) return null; // PostgreSQL clears such a file itself
  const command = await readFile(`/proc/${Number(pid)}/cmdline`, 'utf8').catch(() => null);
  if (command === null || command.includes(cluster.data)) return { pid: Number(pid), port: Number(port) };
  // After a restart of the machine the number belongs to somebody else, and PostgreSQL would refuse to start.
  await rm(file, { force: true });
  return null;
};

/** The port of a postmaster that an earlier broker left behind (kill -9), once it answers. Null when there is none, or when it went. */
export const adoptCluster = async (cluster: Cluster, log: Log): Promise<number | null> => {
  for (const end = performance.now() + START_SECONDS * 1000; performance.now() < end; await sleep(100)) {
    const found = await postmaster(cluster);
    if (found === null) return null;
    if (found.port > 0 && (await answers(cluster, found.port))) {
      log(Line.databaseAdopted, found);
      return found.port;
    }
  }
  throw new CannotStart(`a PostgreSQL that an earlier broker left running in ${cluster.data} does not answer; stop it and start again`);
};

/** Starts the cluster, on the wanted port if that is free, and answers its port. Throws CannotStart with PostgreSQL's last word. */
export const startCluster = async (cluster: Cluster, wanted: number | null, fast: boolean, log: Log): Promise<number> => {
  const began = performance.now();
  const logFile = join(cluster.data, 'server.log');
  await rm(logFile, { force: true });
  for (let tries = 0; tries < 5; tries++) {
    const port = tries === 0 && wanted !== null && (await isFree(wanted)) ? wanted : await freePort();
    const options = [`-p ${port}`, ...[...SETTINGS, ...(fast ? FAST_SETTINGS : ownSettings())].map((setting) => `-c ${setting}`)].join(' ');
    const { code } = await runProgram(
      cluster,
      cluster.programs.pgCtl,
      ['start', '-w', '-t', String(START_SECONDS), '-D', cluster.data, '-l', logFile, '-o', options],
      false,
    );
    if (code === 0 && (await answers(cluster, port))) {
      log(Line.databaseStarted, { port, millis: Math.round(performance.now() - began) });
      return port;
    }
    const words = await readFile(logFile, 'utf8').catch(() => '');
    // Somebody took the port between our look and PostgreSQL's: try another.
    if (!/could not (bind|create any TCP)/.test(words))
      throw new CannotStart(`the database in ${cluster.data} did not start: ${lastLine(words)}`);
    await rm(logFile, { force: true });
  }
  throw new CannotStart('the database found no free port on 127.0.0.1');
};

/** Stops the cluster and cuts its connections; nothing where it has gone by itself. Throws when it does not stop within a minute. */
export const stopCluster = async (cluster: Cluster): Promise<void> => {
  if ((await postmaster(cluster)) === null) return;
  const { code } = await runProgram(
    cluster,
    cluster.programs.pgCtl,
    ['stop', '-w', '-t', String(START_SECONDS), '-m', 'fast', '-D', cluster.data],
    false,
  );
  if (code !== 0) throw new Error(`pg_ctl stop answered ${code}`);
};

/** Makes the broker's database in the cluster, once. */
export const createDatabase = async (port: number, password: string): Promise<void> => {
  const client = new pg.Client({ connectionString: addressOf(port, password, 'postgres') });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
};
