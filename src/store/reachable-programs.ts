import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { CannotStart } from '../model/cannot-start.ts';
import type { Account } from './postgres-account.ts';
import type { Programs } from './postgres-program.ts';

const run = promisify(execFile);

const canRun = (account: Account, programs: Programs): Promise<boolean> =>
  run(programs.initdb, ['--version'], { uid: account.uid, gid: account.gid, cwd: '/' }).then(
    () => true,
    () => false,
  );

/**
 * PostgreSQL's programs where the account can run them: as installed, or, when the checkout lies in a folder that is root's alone
 * (`/root`, `mktemp -d`), a copy of them in the data folder, made once (60 MB). Throws CannotStart when the copy does not run either.
 */
export const reachablePrograms = async (account: Account, installed: Programs, dataDir: string): Promise<Programs> => {
  if (await canRun(account, installed)) return installed;
  const native = dirname(dirname(installed.initdb));
  const { version }: { version: string } = JSON.parse(await readFile(join(dirname(native), 'package.json'), 'utf8'));
  const home = join(dataDir, `programs-${version}`);
  const copy: Programs = { initdb: join(home, 'bin', 'initdb'), pgCtl: join(home, 'bin', 'pg_ctl') };
  if (await canRun(account, copy)) return copy;
  const half = await mkdtemp(`${home}.new-`);
  try {
    await cp(native, half, { recursive: true, verbatimSymlinks: true });
    await run('chmod', ['-R', 'a+rX', half]);
    await rm(home, { recursive: true, force: true });
    await rename(half, home);
  } finally {
    await rm(half, { recursive: true, force: true });
  }
  if (await canRun(account, copy)) return copy;
  throw new CannotStart(
    `the user "${account.name}", who runs PostgreSQL because the broker was started as root, cannot run ${copy.initdb}`,
  );
};
