import { expect } from '@jest/globals';
import { runFuzz } from './run-fuzz.ts';

const numberOf = (name: string): number | null => {
  const text = process.env[name];
  return text === undefined ? null : Number(text);
};

/** Every property was held by each request: what failed is thrown with its seed. `FUZZ_SEED` runs that again, and `FUZZ_RUNS` another number. */
export const SEED = numberOf('FUZZ_SEED') ?? Math.floor(Math.random() * 2 ** 31);
export const requestsOr = (standard: number): number => numberOf('FUZZ_RUNS') ?? standard;

/** Runs so many odd requests. `mostGrowth` is by how much resident memory may grow from a fifth of the run to its end: until then it warms up. */
export const expectFuzzed = async (requests: number, mostGrowth: number): Promise<void> => {
  const found = await runFuzz(SEED, requests);
  process.stdout.write(`fuzz ${JSON.stringify(found)}\n`);
  expect(found.requests).toBeGreaterThanOrEqual(requests);
  // What is refused is refused by every kind of answer, and what is taken is stored.
  expect(found.statuses['2'] ?? 0).toBeGreaterThan(requests / 20);
  expect(found.written.versions).toBeGreaterThan(0);
  expect(found.written.messages).toBeGreaterThan(0);
  expect(found.memory.end / found.memory.fifth).toBeLessThanOrEqual(mostGrowth);
};
