import { spawn } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../src/store/free-port.ts';
import type { BrokerProcess } from '../support/broker.ts';
import { spawnBroker } from '../support/broker.ts';
import type { TestDataDir } from '../support/data-dir.ts';

/** A broker and further workers, each a process that is started again after it was killed. */
export interface Processes {
  /** The FHIR base; the same over restarts. */
  readonly base: string;
  /** Kills one with SIGKILL and starts it again. */
  kill(which: 'broker' | number): Promise<void>;
  readonly kills: { broker: number; worker: number };
  /** What all of them, also the killed ones, wrote to standard error. */
  logs(): string;
  /** Processes that ended without being killed: none should. */
  readonly ended: string[];
  stop(): Promise<void>;
}

const WORKER = [process.execPath, 'src/cli.ts', 'worker'];

/** Starts a broker in `folder` and `workers` worker processes beside it. */
export const startProcesses = async (folder: TestDataDir, env: Readonly<Record<string, string>>, workers: number): Promise<Processes> => {
  const port = await freePort();
  const all: BrokerProcess[] = [];
  const ended: string[] = [];
  const killed = new Set<BrokerProcess>();
  let stopping = false;

  const start = async (command?: readonly string[]): Promise<BrokerProcess> => {
    const process = spawnBroker({ DATA_DIR: folder.path, PORT: String(port), ...env }, command);
    all.push(process);
    void process.exit().then((code) => {
      if (!killed.has(process) && !stopping)
        ended.push(
          `${command === undefined ? 'broker' : 'worker'}: ${code}: ${process
            .stderr()
            .split('\n')
            .filter((line) => line.includes('the broker failed') || !line.startsWith('{'))
            .join('\n')}`,
        );
    });
    await process.ready();
    return process;
  };
  let broker = await start();
  const own = await Promise.all(Array.from({ length: workers }, () => start(WORKER)));
  const kills = { broker: 0, worker: 0 };
  const kill = async (process: BrokerProcess): Promise<void> => {
    killed.add(process);
    process.signal('SIGKILL');
    await process.exit();
  };
  return {
    base: `http://127.0.0.1:${port}/fhir`,
    kills,
    ended,
    logs: () => all.map((each) => each.stderr()).join(''),
    kill: async (which) => {
      if (which === 'broker') {
        await kill(broker);
        broker = await start();
        kills.broker += 1;
        return;
      }
      const worker = own[which];
      if (worker === undefined) throw new Error('no such worker');
      await kill(worker);
      own[which] = await start(WORKER);
      kills.worker += 1;
    },
    stop: async () => {
      stopping = true;
      for (const process of [...own, broker]) {
        process.signal('SIGTERM');
        await process.exit();
      }
    },
  };
};

/** Kills PostgreSQL as a power cut would, leaves it away for `awayMs`, and starts it again as it was started, as the account that owns it. */
export const restartPostgres = async (folder: TestDataDir, awayMs: number): Promise<void> => {
  const data = join(folder.path, 'postgres');
  const { uid, gid } = await stat(data);
  const [program = '', ...args] = [...(await readFile(join(data, 'postmaster.opts'), 'utf8')).matchAll(/"([^"]*)"|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? '',
  );
  const postmaster = await folder.postmaster();
  if (postmaster === null) throw new Error('no PostgreSQL runs');
  // SIGQUIT is its own immediate shutdown: no checkpoint, and recovery from the log at the next start.
  process.kill(postmaster, 'SIGQUIT');
  while ((await folder.postmaster()) !== null) await sleep(20);
  await sleep(awayMs);
  const child = spawn(program, args, { cwd: dirname(data), uid, gid, detached: true, stdio: 'ignore' });
  child.unref();
  const end = performance.now() + 20_000;
  for (;;) {
    try {
      await folder.query('SELECT 1');
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
      await sleep(50);
    }
  }
};
