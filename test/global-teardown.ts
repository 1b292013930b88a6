import { rm } from 'node:fs/promises';
import { run } from './global-setup.ts';

/** Stops the run's PostgreSQL and removes its folder. */
export default async (): Promise<void> => {
  await run.database?.stop();
  // A process that a test has left to end may still put into it what it compiled.
  await rm(run.folder, { recursive: true, force: true, maxRetries: 5 });
};
