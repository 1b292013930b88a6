import { expect, test } from '@jest/globals';
import { PROTECTED } from '../../src/decide/protections.ts';
import { MOST_AFTER_QUIET, run } from './run-histories.ts';

const RUNS = 60_000;

test(`I1 I3: of ${RUNS} histories none ends wrong and none begins what a fact forbade`, async () => {
  const tally = await run(RUNS, PROTECTED);
  expect(tally).toMatchObject({ wrong: 0, forbidden: 0, firstSeed: null });
  expect(tally.mostAfterQuiet).toBeLessThanOrEqual(MOST_AFTER_QUIET);
});
