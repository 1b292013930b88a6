import { execFile } from 'node:child_process';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CannotStart } from '../model/cannot-start.ts';

const codeOf = (fault: unknown): unknown => (fault instanceof Error && 'code' in fault ? fault.code : undefined);
const readIfThere = (path: string): Promise<string | null> =>
  readFile(path, 'utf8').catch((fault: unknown) => {
    if (codeOf(fault) === 'ENOENT') return null;
    throw fault;
  });

/** Whether a process with this id runs; one of another user counts. */
export const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (fault) {
    return codeOf(fault) === 'EPERM';
  }
};

/** When a process began, as the system writes it: tells a process from a later one with the same id. `?` where that is not known. */
const startOf = async (pid: number): Promise<string> => {
  if (process.platform === 'linux') {
    const stat = await readIfThere(`/proc/${pid}/stat`);
    const boot = await readIfThere('/proc/sys/kernel/random/boot_id');
    // Field 22, counted after the command, which may hold blanks and brackets: proc(5).
    return stat === null ? '?' : `${boot?.trim()} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  }
  if (process.platform === 'win32') return '?';
  return promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)]).then(
    ({ stdout }) => stdout.trim(),
    () => '?', // ps answers 1 for a process that has just ended
  );
};

const isHeld = async (text: string): Promise<boolean> => {
  const [pid = '', start = ''] = text.split('\n');
  return isRunning(Number(pid)) && (await startOf(Number(pid))) === start;
};

/**
 * Takes a data folder for this process alone, and answers how to give it back.
 * The lock of a process that is gone (kill -9, power cut) is taken over. Throws CannotStart while another broker runs in it.
 */
export const lockDataDir = async (dataDir: string): Promise<() => Promise<void>> => {
  const path = join(dataDir, 'broker.lock');
  const own = join(dataDir, `broker.lock.${process.pid}`);
  const text = `${process.pid}\n${await startOf(process.pid)}\n`;
  await writeFile(own, text, { mode: 0o644 });
  try {
    for (let tries = 0; tries < 10; tries++) {
      // A hard link comes to be with its content or not at all, so no reader sees a half-written lock.
      const taken = await link(own, path).then(
        () => true,
        (fault: unknown) => {
          if (codeOf(fault) === 'EEXIST') return false;
          throw fault;
        },
      );
      if (taken) {
        return async () => {
          if ((await readIfThere(path)) === text) await rm(path, { force: true });
        };
      }
      const seen = await readIfThere(path);
      if (seen === null) continue;
      if (await isHeld(seen)) {
        throw new CannotStart(
          `DATA_DIR ${dataDir} is in use by another broker (process ${seen.split('\n')[0]}); stop it, or set another DATA_DIR`,
        );
      }
      // Moved aside, not removed: if another broker took the stale lock over meanwhile, what was moved is its live lock, and goes back.
      const aside = `${own}.stale`;
      const moved = await rename(path, aside).then(
        () => true,
        (fault: unknown) => {
          if (codeOf(fault) === 'ENOENT') return false;
          throw fault;
        },
      );
      if (!moved) continue;
      if ((await readIfThere(aside)) === seen) await rm(aside, { force: true });
      else await rename(aside, path);
    }
    throw new CannotStart(`DATA_DIR ${dataDir} is being taken by other brokers at the same time; start one`);
  } finally {
    await rm(own, { force: true });
  }
};
