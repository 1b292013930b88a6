import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from './child.ts';
import { keyFileIn } from './keys.ts';

/** The whole broker in a process of its own, as `npm start` runs it. */
export interface Broker {
  readonly base: string;
  stop(): Promise<void>;
}

/** Starts it on a database, with a data folder below `folder` and with the defaults but for `env`. `BENCH_PROFILE` names a folder for CPU profiles. */
export const startBroker = async (databaseUrl: string, folder: string, env: Readonly<Record<string, string>> = {}): Promise<Broker> => {
  const profile = process.env['BENCH_PROFILE'];
  const broker = startChild(
    {
      DATABASE_URL: databaseUrl,
      DATA_DIR: mkdtempSync(join(folder, 'broker-')),
      KEY_FILE: keyFileIn(folder),
      OUTBOUND_ALLOW: '127.0.0.0/8',
      LOG_LEVEL: 'warn',
      ...env,
    },
    [...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]), 'src/main.ts'],
  );
  return {
    base: await broker.ready(),
    stop: async () => {
      broker.signal('SIGTERM');
      await broker.exit();
      if (broker.stderr() !== '') process.stderr.write(broker.stderr());
    },
  };
};
