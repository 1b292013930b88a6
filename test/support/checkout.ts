import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** One command of a shell, and what came of it. */
export interface Ran {
  readonly command: string;
  readonly status: number;
  /** Standard output, without the line break at its end. */
  readonly out: string;
}

/** A checkout of a test's own, in which somebody tries what a page shows: keys and tokens that they make are not ours. */
export interface Checkout {
  readonly path: string;
  /** Runs commands one after another in one shell, as somebody who copies them would; none stops the next. */
  run(commands: readonly string[], env: Readonly<Record<string, string>>): Promise<readonly Ran[]>;
}

const MARK = '\u001e';

/** Makes one in an empty folder; all that nothing is written to is linked. */
export const makeCheckout = async (folder: string): Promise<Checkout> => {
  const path = join(folder, 'checkout');
  await mkdir(path);
  for (const name of await readdir(root)) {
    if (name.startsWith('.') || name === 'keys') continue;
    if (name === 'examples') await cp(join(root, name), join(path, name), { recursive: true, filter: (from) => !from.endsWith('/as') });
    else await symlink(join(root, name), join(path, name));
  }
  return {
    path,
    run: async (commands, env) => {
      const script = join(folder, 'commands.sh');
      await writeFile(script, commands.map((command) => `${command}\nprintf '${MARK}%s${MARK}' $?\n`).join(''));
      const { NODE_OPTIONS: _jest, DATABASE_URL: _database, REDIS_URL: _redis, ...inherited } = process.env;
      const { stdout } = await promisify(execFile)('sh', [script], {
        cwd: path,
        env: { ...inherited, ...env },
        maxBuffer: 64 * 1024 * 1024,
      });
      const parts = stdout.split(MARK);
      return commands.map((command, index) => ({
        command,
        status: Number(parts[2 * index + 1]),
        out: (parts[2 * index] ?? '').replace(/\n$/, ''),
      }));
    },
  };
};
