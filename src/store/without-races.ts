import { anomaly } from '../model/anomaly.ts';

/** More locks are needed than were taken: the write starts over. */
export class StartOver extends Error {}
const ATTEMPTS = 5;

/** PostgreSQL: a row that two writers made at once, and two that wait for each other. */
const RACES: readonly unknown[] = ['23505', '40P01'];
const isRace = (error: unknown): boolean =>
  error instanceof StartOver || (error instanceof Error && 'code' in error && RACES.includes(error.code));

/** Runs a transaction again when another did the same at the same moment. Throws `busy` when that happens five times. */
export async function withoutRaces<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isRace(error)) throw error;
      if (attempt >= ATTEMPTS) throw anomaly('busy', 'others write the same at this moment: try again');
    }
  }
}
