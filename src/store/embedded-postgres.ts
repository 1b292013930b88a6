import { randomBytes } from 'node:crypto';
import { access, chmod, constants, mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Line, type Log } from '../log.ts';
import { CannotStart } from '../model/cannot-start.ts';
import { findCluster } from './cluster-folder.ts';
import { lockDataDir } from './data-dir-lock.ts';
import { addressOf, adoptCluster, type Cluster, createCluster, createDatabase, startCluster, stopCluster } from './postgres-cluster.ts';
import { postgresPrograms } from './postgres-program.ts';
import { reachablePrograms } from './reachable-programs.ts';

/** A PostgreSQL of our own, as long as this process holds its data folder. */
export interface EmbeddedPostgres {
  /** Address of the broker's database, with its password. */
  readonly url: string;
  /** Stops it (open connections are cut) and gives the data folder back. */
  stop(): Promise<void>;
}

const urlFile = (dataDir: string): string => join(resolve(dataDir), 'postgres.url');
/** Password and last port of the cluster, from `postgres.url`; a new password where there is no cluster yet. */
const credentials = async (dataDir: string, isNew: boolean): Promise<{ password: string; port: number | null }> => {
  const text = await readFile(urlFile(dataDir), 'utf8').catch(() => null);
  if (text !== null && URL.canParse(text.trim())) {
    const { password, port } = new URL(text.trim());
    return { password, port: Number(port) > 1023 ? Number(port) : null };
  }
  if (!isNew)
    throw new CannotStart(
      `${urlFile(dataDir)} is missing, and holds the password of the database beside it; put it back, or set another DATA_DIR`,
    );
  return { password: randomBytes(24).toString('base64url'), port: null };
};

const writeUrl = async (dataDir: string, url: string): Promise<void> => {
  await writeFile(`${urlFile(dataDir)}.new`, `${url}\n`, { mode: 0o600 });
  await rename(`${urlFile(dataDir)}.new`, urlFile(dataDir));
};

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Makes the data folder for this user alone; as root, others may pass through and not look, for PostgreSQL's account lives inside. */
const makeFolder = async (dataDir: string): Promise<void> => {
  try {
    const isRoot = process.getuid?.() === 0;
    const isMade = (await mkdir(dataDir, { recursive: true })) !== undefined;
    await access(dataDir, constants.W_OK | constants.X_OK);
    if (isRoot ? (await readdir(dataDir)).length === 0 : isMade) await chmod(dataDir, isRoot ? 0o711 : 0o700);
  } catch (fault) {
    throw new CannotStart(
      `DATA_DIR ${dataDir} cannot be made or written by this user: ${fault instanceof Error && 'code' in fault ? fault.code : 'unknown'}`,
    );
  }
};

/**
 * Takes a data folder, made where it is missing, for this process alone; answers how to give it back. Throws CannotStart. For a broker on
 * somebody else's database: ledger epoch and attempts stand in the folder all the same.
 */
export const takeDataDir = async (dataDir: string): Promise<() => Promise<void>> => {
  const home = resolve(dataDir);
  await makeFolder(home);
  return lockDataDir(home);
};

/**
 * Starts PostgreSQL in `dataDir`/postgres (or where `findCluster` says) on a free port of 127.0.0.1, or takes on the one that a killed broker left running.
 * Its address is written to `dataDir`/postgres.url (mode 0600) for workers and commands. Throws CannotStart with one line why not.
 */
export const startEmbeddedPostgres = async (
  dataDir: string,
  log: Log,
  options: { readonly fast?: boolean } = {},
): Promise<EmbeddedPostgres> => {
  const fast = options.fast ?? false;
  const home = resolve(dataDir);
  const unlock = await takeDataDir(home);
  try {
    const { data, account, isElsewhere } = await findCluster(home);
    if (isElsewhere) log(Line.databaseElsewhere, { name: data });
    const installed = await postgresPrograms();
    const programs = account === null ? installed : await reachablePrograms(account, installed, dirname(data));
    const isNew = !(await isThere(join(data, 'PG_VERSION')));
    const { password, port: wanted } = await credentials(home, isNew);
    if (isNew && isElsewhere && wanted !== null)
      throw new CannotStart(`the database of DATA_DIR ${home} was in ${data}, and is not there; put it back, or set another DATA_DIR`);
    const cluster: Cluster = { data, programs, account, password };
    if (isNew) {
      const began = performance.now();
      await writeUrl(home, addressOf(1, password));
      await createCluster(cluster, fast);
      log(Line.databaseCreated, { millis: Math.round(performance.now() - began) });
    }
    const port = (await adoptCluster(cluster, log)) ?? (await startCluster(cluster, wanted, fast, log));
    await createDatabase(port, password);
    await writeUrl(home, addressOf(port, password));
    return {
      url: addressOf(port, password),
      stop: async () => {
        const began = performance.now();
        try {
          await stopCluster(cluster);
          log(Line.databaseStopped, { millis: Math.round(performance.now() - began) });
        } finally {
          await unlock();
        }
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
