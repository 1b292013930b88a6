import { anomaly } from '../model/anomaly.ts';
import type { LockNames } from './held-locks.ts';

/** More locks are needed than were taken: the write starts over, and takes those that are named first. */
export class StartOver extends Error {
  readonly names: LockNames | null;

  constructor(names: LockNames | null = null) {
    super('more locks are needed');
    this.names = names;
  }
}
const ATTEMPTS = 5;

/** PostgreSQL: a row that two writers made at once, and two that wait for each other. */
const RACES: readonly unknown[] = ['23505', '40P01'];
const isRace = (error: unknown): boolean =>
  error instanceof StartOver || (error instanceof Error && 'code' in error && RACES.includes(error.code));

/**
 * Runs a transaction again when another did the same at the same moment, with the locks that the try before turned out to need. Throws
 * `busy` when that happens five times.
 */
export async function withoutRaces<T>(work: (known: LockNames | null) => Promise<T>, attempts = ATTEMPTS): Promise<T> {
  let known: LockNames | null = null;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(known);
    } catch (error) {
      if (!isRace(error)) throw error;
      if (error instanceof StartOver && error.names !== null) known = error.names;
      if (attempt >= attempts) throw anomaly('busy', 'others write the same at this moment: try again');
    }
  }
}
