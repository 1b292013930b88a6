import { setTimeout as sleep } from 'node:timers/promises';
import { spawnBroker } from '../support/broker.ts';
import { testKeyFile } from '../support/database.ts';
import { makeDataDir } from '../support/data-dir.ts';
import { personIssuers, userIssuers } from '../support/sign-in.ts';

/** A broker in a process of its own whose resident memory can be read. */
export interface MeasuredBroker {
  /** `http://127.0.0.1:port`. */
  readonly origin: string;
  /** Resident memory in bytes after two collections of all garbage, a moment apart. */
  resident(): Promise<number>;
  /** The last reading, with the heap of JavaScript in it. */
  told(): string;
  /** What it wrote to standard error. */
  log(): string;
  stop(): Promise<void>;
}

/** Starts the whole broker, door and engine, on a database. `--expose-gc` and a signal let the test ask for a collection before it reads the memory. */
export const startMeasured = async (databaseUrl: string): Promise<MeasuredBroker> => {
  const folder = await makeDataDir();
  const broker = spawnBroker(
    {
      DATA_DIR: folder.path,
      DATABASE_URL: databaseUrl,
      KEY_FILE: await testKeyFile(folder.path),
      LOG_LEVEL: 'error',
      USER_ISSUERS: `${userIssuers()},${personIssuers()}`,
      OUTBOUND_ALLOW: '127.0.0.0/8',
      // Each request is looked at, however many before it were refused.
      RATE_PER_MINUTE: '1000000000',
      REFUSED_PER_MINUTE: '1000000000',
      MALLOC_ARENA_MAX: '2',
      MALLOC_TRIM_THRESHOLD_: '131072',
    },
    [process.execPath, '--expose-gc', '--import', './test/fuzz/tell-memory.ts', 'src/main.ts'],
  );
  const origin = new URL(await broker.ready()).origin;
  const readings = (): readonly number[] => [...broker.stdout().matchAll(/^resident (\d+) /gm)].map(([, bytes]) => Number(bytes));
  return {
    origin,
    resident: async () => {
      const before = readings().length;
      broker.signal('SIGUSR2');
      for (let turn = 0; turn < 500; turn += 1) {
        const found = readings()[before];
        if (found !== undefined) return found;
        await sleep(20);
      }
      throw new Error('the broker does not tell its memory');
    },
    told: () => broker.stdout().trimEnd().split('\n').at(-1) ?? '',
    log: () => broker.stderr(),
    stop: async () => {
      broker.signal('SIGTERM');
      await broker.exit();
      await folder.remove();
    },
  };
};
