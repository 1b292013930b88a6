import { rm } from 'node:fs/promises';
import { run } from './global-setup.ts';

/** Stops the run's PostgreSQL and removes its folder. */
export default async (): Promise<void> => {
  await run.database?.stop();
  await rm(run.folder, { recursive: true, force: true });
};
