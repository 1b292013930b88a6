import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { CannotStart } from '../model/cannot-start.ts';

const run = promisify(execFile);

/** The account under which PostgreSQL runs when the broker was started as root: PostgreSQL itself refuses root. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

const NAME = 'postgres';

const idsOf = async (name: string): Promise<Account | null> => {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout), name };
  } catch (fault) {
    // `id` answers 1 for an account that does not exist; without `id` itself we cannot go on.
    if (fault instanceof Error && 'code' in fault && fault.code === 1) return null;
    throw fault;
  }
};

/**
 * Null where the broker's own user runs PostgreSQL. As root: the owner of an existing cluster, else the account `postgres`,
 * which is made when it is missing. Throws CannotStart where none can be had.
 */
export const postgresAccount = async (cluster: string): Promise<Account | null> => {
  const owner = await stat(cluster).catch(() => null);
  const me = process.getuid?.();
  if (me === undefined) return null;
  if (me !== 0) {
    if (owner !== null && owner.uid !== me)
      throw new CannotStart(
        `DATA_DIR: ${cluster} belongs to another user (uid ${owner.uid}); start the broker as that user, or set another DATA_DIR`,
      );
    return null;
  }
  if (owner !== null && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid, name: `uid ${owner.uid}` };
  const there = await idsOf(NAME);
  if (there !== null) return there;
  await run('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', NAME]).catch(() => {
    throw new CannotStart(
      `the broker runs as root, PostgreSQL refuses root, and the account "${NAME}" could not be made; start the broker as an ordinary user`,
    );
  });
  const made = await idsOf(NAME);
  if (made === null) throw new CannotStart(`the account "${NAME}" was made and cannot be found; start the broker as an ordinary user`);
  return made;
};

/** A folder and all folders above it, outermost first. */
const withParents = (folder: string): readonly string[] =>
  dirname(folder) === folder ? [folder] : [...withParents(dirname(folder)), folder];

/** Throws CannotStart, naming the folder in the way, when the account cannot enter `folder`: initdb would crash on it. */
export const assertCanEnter = async (account: Account, folder: string): Promise<void> => {
  const script = 'for d in "$@"; do cd "$d" 2>/dev/null || { printf %s "$d"; exit 0; }; done';
  const { stdout } = await run('/bin/sh', ['-c', script, 'sh', ...withParents(folder)], { uid: account.uid, gid: account.gid, cwd: '/' });
  if (stdout === '') return;
  throw new CannotStart(
    `the user "${account.name}", who runs PostgreSQL because the broker was started as root, cannot enter ${stdout}: ` +
      'open it (chmod o+x), set another DATA_DIR, or start the broker as an ordinary user',
  );
};
