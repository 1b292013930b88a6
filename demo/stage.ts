import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const STOP_MS = 15_000;

/** Short times, so that the demo has little to wait for; the scenario's moments are counted in these. */
const TIMES = {
  SWEEP_MS: '500',
  SEND_TIMEOUT_MS: '800',
  SEND_BEFORE_MS: '1000',
  BACKOFF_MIN_MS: '100',
  BACKOFF_MAX_MS: '400',
  MESSAGE_LIFETIME_MS: '1500',
};

/** A recipient that runs: its own address, and the port at which the demo asks it what it holds. */
export interface Running {
  readonly port: number;
  /** Asks the recipient's control port. Throws where it does not answer with 200. */
  ask<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T>;
}

/** Everything that the demo starts: one folder, one broker, and recipients as programs of their own. */
export interface Stage {
  readonly folder: string;
  /** Starts the broker; answers its FHIR base address once it is ready. */
  broker(env?: Readonly<Record<string, string>>): Promise<string>;
  /** Starts a recipient; the broker must be ready. */
  recipient(name: 'epr' | 'ed' | 'dispatch' | 'police', env?: Readonly<Record<string, string>>): Promise<Running>;
  /** Runs one command of the broker's and answers what it printed. Throws with what it complained of. */
  command(args: readonly string[]): Promise<string>;
  pids(): readonly number[];
  /** Stops every process and removes the folder. Safe to call twice. */
  clear(): Promise<void>;
}

/** Sets the stage, with nobody on it yet: from here on `clear` ends whatever was started. `keep` lets the processes live on without the demo. */
export const setStage = (keep: boolean): Stage => {
  const folder = mkdtempSync(join(tmpdir(), 'crisis-plan-demo-'));
  // PostgreSQL runs under an account of its own where the demo runs as root: it must be able to pass through.
  if (process.getuid?.() === 0) chmodSync(folder, 0o711);
  const children: ChildProcess[] = [];
  let cleared: Promise<void> | null = null;

  // In a group of its own: Ctrl-C reaches the demo alone, which then stops everything in order.
  const start = (script: string, env: Readonly<Record<string, string>>, log: string): ChildProcess => {
    if (cleared !== null) throw new Error('the demo is being stopped');
    const { DATABASE_URL: _database, REDIS_URL: _redis, NODE_OPTIONS: _options, ...inherited } = process.env;
    const child = spawn(process.execPath, [join(root, script)], {
      cwd: root,
      detached: true,
      env: { ...inherited, ...env },
      stdio: ['ignore', 'pipe', openSync(join(folder, log), 'a', 0o600)],
    });
    children.push(child);
    return child;
  };

  const firstLine = async (child: ChildProcess, name: string, log: string): Promise<string> => {
    if (child.stdout === null) throw new Error(`${name} has no output`);
    const lines = createInterface({ input: child.stdout });
    const line = await Promise.race([
      once(lines, 'line').then(([text]) => String(text)),
      once(child, 'exit').then(() => {
        throw new Error(`${name} ended before it was ready: ${lastWords(join(folder, log))}`);
      }),
    ]);
    if (keep) child.unref();
    return line;
  };

  const clear = async (): Promise<void> => {
    await Promise.all(
      children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const gone = once(child, 'exit');
        const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
        child.kill('SIGTERM');
        await gone;
        clearTimeout(late);
      }),
    );
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  const clearOnce = (): Promise<void> => {
    cleared ??= clear();
    return cleared;
  };

  const dataDir = join(folder, 'broker');
  const brokerEnv = { ...TIMES, PORT: '0', HOST: '127.0.0.1', DATA_DIR: dataDir, OUTBOUND_ALLOW: '127.0.0.0/8', OPERATOR_ODS: 'BROKER' };
  let base = '';
  return {
    folder,
    broker: async (env = {}) => {
      const line = await firstLine(start('src/main.ts', { ...brokerEnv, ...env }, 'broker.log'), 'the broker', 'broker.log');
      base = /^ready (\S+)$/.exec(line)?.[1] ?? '';
      if (base === '') throw new Error('the broker said something else than that it is ready');
      return base;
    },
    recipient: async (name, env = {}) => {
      const own = { ...env, BROKER: base, STORE_FILE: join(folder, `${name}.json`), PORT: '0', CONTROL_PORT: '0' };
      const { ready, control } = JSON.parse(await firstLine(start(`demo/recipients/${name}.ts`, own, `${name}.log`), name, `${name}.log`));
      return { port: ready, ask: asker(`http://127.0.0.1:${control}`) };
    },
    command: (args) => run(args, { ...brokerEnv, LOG_LEVEL: 'silent' }),
    pids: () => children.flatMap(({ pid }) => pid ?? []),
    clear: clearOnce,
  };
};

/** The last lines of a log, for the one who asks why: the folder that it lies in is removed. */
const lastWords = (log: string): string => readFileSync(log, 'utf8').trim().split('\n').slice(-3).join(' | ');

const asker =
  (address: string): Running['ask'] =>
  async (method, path, body) => {
    const response = await fetch(`${address}${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    if (response.status !== 200) throw new Error(`a recipient's control port answered ${response.status}`);
    return response.json() as Promise<never>;
  };

const run = async (args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> => {
  const { DATABASE_URL: _database, REDIS_URL: _redis, NODE_OPTIONS: _options, ...inherited } = process.env;
  const child = spawn(process.execPath, [join(root, 'src/cli.ts'), ...args], {
    cwd: root,
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${args.slice(0, 2).join(' ')}: ${err.trim()}`);
  return out;
};
