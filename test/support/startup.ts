import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import { type BrokerProcess, spawnBroker } from './broker.ts';
import { makeDataDir, type TestDataDir } from './data-dir.ts';

/** A data folder, and brokers in it that do not outlive the test. */
export interface Startup {
  folder(): TestDataDir;
  start(env?: Readonly<Record<string, string>>, command?: readonly string[]): BrokerProcess;
  /** Starts a broker and waits until it is ready. */
  started(): Promise<BrokerProcess>;
  /** Stops it as a service manager does, and expects it to go cleanly. */
  stop(broker: BrokerProcess): Promise<void>;
}

/**
 * The folder is made anew for each test, or once for all tests around which this stands: to make a cluster takes longer than all else that most of
 * them do.
 */
export const useStartup = (folderOf: 'each test' | 'all tests' = 'each test'): Startup => {
  let folder: TestDataDir;
  let running: BrokerProcess[] = [];
  const make = async (): Promise<void> => {
    folder = await makeDataDir();
  };
  const remove = (): Promise<void> => folder.remove();
  if (folderOf === 'each test') beforeEach(make);
  else beforeAll(make);
  afterEach(() => {
    for (const { child } of running) child.kill('SIGKILL');
    running = [];
  });
  if (folderOf === 'each test') afterEach(remove);
  else afterAll(remove, 60_000);
  const start: Startup['start'] = (env = {}, command) => {
    const broker = spawnBroker({ DATA_DIR: folder.path, ...env }, command);
    running.push(broker);
    return broker;
  };
  return {
    folder: () => folder,
    start,
    started: async () => {
      const broker = start();
      await broker.ready();
      return broker;
    },
    stop: async (broker) => {
      broker.signal('SIGTERM');
      expect(await broker.exit()).toBe(0);
    },
  };
};
