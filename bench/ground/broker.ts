import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { type Tokens, tokensAt, type WithSql } from '../../test/support/access.ts';
import { userIssuers } from '../../test/support/sign-in.ts';
import type { BrokerProcess } from '../../test/support/broker.ts';
import { startChild } from './child.ts';
import { keyFileIn } from './keys.ts';

/** The whole broker in a process of its own, as `npm start` runs it. */
export interface Broker {
  readonly base: string;
  /** Tokens of whoever calls it. */
  readonly tokens: Tokens;
  /** Starts one more worker process on the same database; it is stopped with the broker. */
  addWorker(): Promise<void>;
  stop(): Promise<void>;
}

/** More than any bench asks: requests are counted as ever, and none is turned away. */
const RATE = { RATE_PER_MINUTE: '1000000000', REFUSED_PER_MINUTE: '1000000000' };

/** Starts it on a database, with a data folder below `folder` and with the defaults but for limits of rate and `env`. `BENCH_PROFILE` names a folder for CPU profiles. */
export const startBroker = async (databaseUrl: string, folder: string, env: Readonly<Record<string, string>> = {}): Promise<Broker> => {
  const profile = process.env['BENCH_PROFILE'];
  const settings = {
    DATABASE_URL: databaseUrl,
    DATA_DIR: mkdtempSync(join(folder, 'broker-')),
    KEY_FILE: keyFileIn(folder),
    USER_ISSUERS: userIssuers(),
    OUTBOUND_ALLOW: '127.0.0.0/8',
    LOG_LEVEL: 'warn',
    ...RATE,
    ...env,
  };
  const workers: BrokerProcess[] = [];
  const broker = startChild(settings, [...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]), 'src/main.ts']);
  const withSql: WithSql = async (work) => {
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  };
  const base = await broker.ready();
  return {
    base,
    tokens: tokensAt(() => new URL(base).origin, withSql),
    addWorker: async () => {
      const worker = startChild(settings, ['src/cli.ts', 'worker']);
      workers.push(worker);
      await worker.ready();
    },
    stop: async () => {
      for (const each of [...workers, broker]) {
        each.signal('SIGTERM');
        await each.exit();
        if (each.stderr() !== '') process.stderr.write(each.stderr());
      }
    },
  };
};
