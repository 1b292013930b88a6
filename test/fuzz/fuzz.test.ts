import { test } from '@jest/globals';
import { expectFuzzed, requestsOr, SEED } from './expect-fuzzed.ts';

const REQUESTS = requestsOr(3_000);

test(
  `${REQUESTS} requests that are odd somewhere: no 5xx, none later than 2 s, nothing stored that was not told (FUZZ_SEED=${SEED})`,
  () => expectFuzzed(REQUESTS, 1.6),
  900_000,
);
