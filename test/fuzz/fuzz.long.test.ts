import { test } from '@jest/globals';
import { expectFuzzed, requestsOr, SEED } from './expect-fuzzed.ts';

const REQUESTS = requestsOr(50_000);

test(
  `${REQUESTS} requests that are odd somewhere, and memory that stays within a fifth (FUZZ_SEED=${SEED})`,
  () => expectFuzzed(REQUESTS, 1.2),
  900_000,
);
