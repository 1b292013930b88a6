import { afterEach, beforeEach, expect } from '@jest/globals';
import { type BrokerProcess, spawnBroker } from './broker.ts';
import { makeDataDir, type TestDataDir } from './data-dir.ts';

/** A data folder anew for each test of a file, and brokers in it that do not outlive the test. */
export interface Startup {
  folder(): TestDataDir;
  start(env?: Readonly<Record<string, string>>, command?: readonly string[]): BrokerProcess;
  /** Starts a broker and waits until it is ready. */
  started(): Promise<BrokerProcess>;
  /** Stops it as a service manager does, and expects it to go cleanly. */
  stop(broker: BrokerProcess): Promise<void>;
}

export const useStartup = (): Startup => {
  let folder: TestDataDir;
  let running: BrokerProcess[] = [];
  beforeEach(async () => {
    folder = await makeDataDir();
  });
  afterEach(async () => {
    for (const { child } of running) child.kill('SIGKILL');
    running = [];
    await folder.remove();
  });
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
