import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { userIssuers } from './sign-in.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A broker in a process and process group of its own, as a user at a terminal would run it. */
export interface BrokerProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  stdout(): string;
  /** What went to standard error: log lines (JSON) and sentences for the user. */
  stderr(): string;
  /** The sentences alone. */
  sentences(): readonly string[];
  /** Messages of the log, in order. */
  messages(): readonly string[];
  /** The FHIR base address, once it is ready. Throws when it exits first. */
  ready(): Promise<string>;
  /** Signals the process alone; `group` signals as Ctrl-C in a terminal does. */
  signal(signal: NodeJS.Signals, to?: 'process' | 'group'): void;
  /** Its exit code, or the signal that ended it. */
  exit(): Promise<number | NodeJS.Signals>;
}

/** Starts `command` (the broker by default) with only these variables of the broker's set. */
export const spawnBroker = (
  env: Readonly<Record<string, string>>,
  command: readonly string[] = [process.execPath, 'src/main.ts'],
): BrokerProcess => {
  const [program = '', ...args] = command;
  const { NODE_OPTIONS: _jest, DATABASE_URL: _database, REDIS_URL: _redis, ...inherited } = process.env;
  const child = spawn(program, args, {
    cwd: root,
    detached: true,
    env: { ...inherited, PORT: '0', USER_ISSUERS: userIssuers(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} could not be started`);
  const ended = once(child, 'close').then(([code, signal]: (number | NodeJS.Signals)[]) => code ?? signal ?? 'SIGKILL');
  const isEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const lines = (): readonly string[] => err.split('\n').filter((line) => line !== '');
  return {
    child,
    pid,
    stdout: () => out,
    stderr: () => err,
    sentences: () => lines().filter((line) => !line.startsWith('{')),
    messages: () =>
      lines()
        .filter((line) => line.startsWith('{'))
        .map((line): string => JSON.parse(line).msg),
    ready: async () => {
      for (;;) {
        const found = /^ready (\S+)$/m.exec(out)?.[1];
        if (found !== undefined) return found;
        if (isEnded()) throw new Error(`the broker exited: ${err}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    signal: (signal, to = 'process') => process.kill(to === 'group' ? -pid : pid, signal),
    exit: () => ended,
  };
};
