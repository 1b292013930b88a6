import { describe, expect, test } from '@jest/globals';
import type { Protections } from '../../src/decide/protections.ts';
import { PROTECTED } from '../../src/decide/protections.ts';
import type { Recipient } from './history.ts';
import { history } from './history.ts';

const RECIPIENTS: readonly Recipient[] = ['refuses-lower', 'last-wins', 'files-documents'];

const PROTECTED_RUNS = 20_000;
const RUNS_WITHOUT = 1_500;
/** A quiet history may still owe what time alone changes: an expiry, a recall, its re-assertion. Never more than these. */
const MOST_AFTER_QUIET = 8;

interface Tally {
  wrong: number;
  forbidden: number;
  mostAfterQuiet: number;
  firstSeed: number | null;
}

async function run(runs: number, on: Protections): Promise<Tally> {
  const tally: Tally = { wrong: 0, forbidden: 0, mostAfterQuiet: 0, firstSeed: null };
  for (let seed = 1; seed <= runs; seed++) {
    const { converged, forbidden, afterQuiet } = await history(seed, RECIPIENTS[seed % RECIPIENTS.length] as Recipient, on);
    if (!converged) tally.wrong++;
    if (forbidden > 0) tally.forbidden++;
    if ((!converged || forbidden > 0) && tally.firstSeed === null) tally.firstSeed = seed;
    tally.mostAfterQuiet = Math.max(tally.mostAfterQuiet, afterQuiet);
  }
  return tally;
}

describe('random histories over the real decide, step and reconcile', () => {
  test(`I1 I3: of ${PROTECTED_RUNS} histories none ends wrong and none begins what a fact forbade`, async () => {
    const tally = await run(PROTECTED_RUNS, PROTECTED);
    expect(tally).toMatchObject({ wrong: 0, forbidden: 0, firstSeed: null });
    expect(tally.mostAfterQuiet).toBeLessThanOrEqual(MOST_AFTER_QUIET);
  }, 300_000);

  test.each(Object.keys(PROTECTED) as (keyof Protections)[])(
    'without %s the same histories end wrong',
    async (protection) => {
      const tally = await run(RUNS_WITHOUT, { ...PROTECTED, [protection]: false });
      process.stderr.write(
        `without ${protection}: of ${RUNS_WITHOUT} histories ${tally.wrong} end wrong, ${tally.forbidden} begin what is forbidden\n`,
      );
      expect(tally.wrong + tally.forbidden).toBeGreaterThan(0);
    },
    120_000,
  );
});
