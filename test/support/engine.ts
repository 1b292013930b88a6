import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../src/config.ts';
import { parseConfig } from '../../src/config.ts';
import type { Engine } from '../../src/engine.ts';
import { startEngine } from '../../src/engine.ts';
import type { Delivered } from '../../src/reconcile/watched-ports.ts';
import type { Part } from '../../src/lifecycle.ts';
import { createLog } from '../../src/log.ts';
import type { DoorStore } from '../../src/store/door.ts';
import { openStore } from '../../src/store/store.ts';
import type { TestDatabase } from './database.ts';
import { openDatabase } from './database.ts';
import { testApproving } from './test-approving.ts';

/** The broker without its doors: store and loop on a database of their own, in this process. */
export interface TestEngine {
  readonly database: TestDatabase;
  readonly store: DoorStore;
  readonly config: Config;
  readonly engine: Engine;
  stop(): Promise<void>;
}

const FAST = {
  OUTBOUND_ALLOW: '127.0.0.0/8',
  SWEEP_MS: '400',
  SEND_TIMEOUT_MS: '1000',
  SEND_BEFORE_MS: '2000',
  BACKOFF_MIN_MS: '100',
  BACKOFF_MAX_MS: '500',
  MESSAGE_LIFETIME_MS: '1500',
  LOG_LEVEL: 'warn',
};

/** Starts store and loop with short times; `env` as the broker's own. `on`: a further process's worth on a database that another keeps. */
export async function startTestEngine(
  env: Readonly<Record<string, string>> = {},
  on: TestDatabase | null = null,
  onDelivered: (delivered: Delivered) => void = () => {},
): Promise<TestEngine> {
  const database = on ?? (await openDatabase());
  const folder = mkdtempSync(join(tmpdir(), 'broker-'));
  const config = parseConfig({ ...FAST, DATA_DIR: folder, DATABASE_URL: database.url, ...env });
  const log = createLog(config.logLevel);
  const stops: (() => Promise<unknown>)[] = [];
  const part: Part = async (_name, start, stop) => {
    const value = await start();
    stops.unshift(() => stop(value));
    return value;
  };
  const engine = await startEngine(part, config, log, database.pool, database.runningUrl, 1, onDelivered);
  const store = openStore(database.pool, {
    epoch: 1,
    messageLifetime: config.messageLifetimeMs,
    approving: testApproving,
    changed: engine.changed,
    nudge: engine.nudge,
    queueAnswers: async () => void (await engine.queue.depth()),
  });
  return {
    database,
    store,
    config,
    engine,
    stop: async () => {
      for (const stop of stops) await stop();
      if (on === null) await database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
