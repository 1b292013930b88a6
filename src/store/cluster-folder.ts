import { createHash } from 'node:crypto';
import { chown, mkdir, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CannotStart } from '../model/cannot-start.ts';
import { type Account, assertCanEnter, postgresAccount } from './postgres-account.ts';

/** Where the cluster of a data folder lies, and who runs it (null: the broker's own user). */
export interface ClusterFolder {
  readonly data: string;
  readonly account: Account | null;
  /** Whether it lies outside the data folder. */
  readonly isElsewhere: boolean;
}

/** Clusters whose data folder PostgreSQL's account cannot enter: one folder each, named by the hash of the data folder's path. */
const ELSEWHERE = '/var/lib/crisis-plan-broker';
const pointerOf = (home: string): string => join(home, 'postgres.path');

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const canEnter = (account: Account, folder: string): Promise<boolean> =>
  assertCanEnter(account, folder).then(
    () => true,
    (fault: unknown) => {
      if (fault instanceof CannotStart) return false;
      throw fault;
    },
  );

/** Makes the folder for the account alone, and the pointer to it. Throws CannotStart, for the data folder's sake, where that cannot be done. */
const makeElsewhere = async (home: string, account: Account): Promise<string> => {
  const name = createHash('sha256')
    .update(await realpath(home))
    .digest('hex')
    .slice(0, 16);
  const folder = join(ELSEWHERE, name);
  const data = join(folder, 'postgres');
  if (await isThere(join(data, 'PG_VERSION')))
    throw new CannotStart(`${folder} holds the database of an earlier DATA_DIR ${home}; remove it, or put back what was in that DATA_DIR`);
  try {
    await mkdir(ELSEWHERE, { recursive: true, mode: 0o711 });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chown(folder, account.uid, account.gid);
  } catch {
    await assertCanEnter(account, home);
  }
  if (!(await canEnter(account, folder))) await assertCanEnter(account, home);
  await writeFile(`${pointerOf(home)}.new`, `${data}\n`, { mode: 0o600 });
  await rename(`${pointerOf(home)}.new`, pointerOf(home));
  return data;
};

/**
 * Finds the cluster of a data folder: `home`/postgres, or, where the broker runs as root and PostgreSQL's account cannot enter `home` (a folder
 * that is root's alone: `/root`, `mktemp -d`), one below /var/lib that a pointer file in `home` remembers. Throws CannotStart with one line.
 */
export const findCluster = async (home: string): Promise<ClusterFolder> => {
  const pointed = await readFile(pointerOf(home), 'utf8').catch(() => null);
  const inside = join(home, 'postgres');
  const data = pointed?.trim() ?? inside;
  const account = await postgresAccount(data);
  if (account === null) return { data, account, isElsewhere: data !== inside };
  if (pointed !== null || (await isThere(join(inside, 'PG_VERSION'))) || (await canEnter(account, home))) {
    await assertCanEnter(account, dirname(data));
    return { data, account, isElsewhere: data !== inside };
  }
  return { data: await makeElsewhere(home, account), account, isElsewhere: true };
};
