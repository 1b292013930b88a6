import { expect, test } from '@jest/globals';
import { runFuzz } from './run-fuzz.ts';

const numberOf = (name: string): number | null => {
  const text = process.env[name];
  return text === undefined ? null : Number(text);
};

/** Every property was held by each request: what failed is thrown with its seed. `FUZZ_SEED` runs that again, and `FUZZ_RUNS` another number. */
const SEED = numberOf('FUZZ_SEED') ?? Math.floor(Math.random() * 2 ** 31);
const REQUESTS = numberOf('FUZZ_RUNS') ?? 50_000;

test(`${REQUESTS} requests that are odd somewhere: no 5xx, none later than 2 s, nothing stored that was not told, memory that stays (FUZZ_SEED=${SEED})`, async () => {
  const found = await runFuzz(SEED, REQUESTS);
  process.stdout.write(`fuzz ${JSON.stringify(found)}\n`);
  expect(found.requests).toBeGreaterThanOrEqual(REQUESTS);
  // What is refused is refused by every kind of answer, and what is taken is stored.
  expect(found.statuses['2'] ?? 0).toBeGreaterThan(REQUESTS / 20);
  expect(found.written.versions).toBeGreaterThan(0);
  expect(found.written.messages).toBeGreaterThan(0);
  expect(found.memory.end / found.memory.fifth).toBeLessThanOrEqual(1.2);
}, 900_000);
