import type { BrokerProcess } from '../../test/support/broker.ts';
import { spawnBroker } from '../../test/support/broker.ts';

/** Starts a program of the bench in a process of its own, which ends with this one at the latest: a run that fails leaves nothing behind. */
export const startChild = (env: Readonly<Record<string, string>>, command: readonly string[]): BrokerProcess => {
  const started = spawnBroker(env, [process.execPath, ...command]);
  const end = (): void => {
    if (started.child.exitCode === null && started.child.signalCode === null) started.signal('SIGKILL');
  };
  process.once('exit', end);
  started.child.once('exit', () => process.off('exit', end));
  return started;
};
