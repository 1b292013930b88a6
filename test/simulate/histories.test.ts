import { describe, expect, test } from '@jest/globals';
import { PROTECTED } from '../../src/decide/protections.ts';
import type { Protections } from '../../src/decide/protections.ts';
import { history } from './history.ts';
import { LOST, MOST_AFTER_QUIET, run } from './run-histories.ts';

// More of them are played in histories.long.test.ts.
const PROTECTED_RUNS = 6_000;
const RUNS_WITHOUT = 1_500;

describe('random histories over the real decide, step and reconcile', () => {
  test(`I1 I3: of ${PROTECTED_RUNS} histories none ends wrong and none begins what a fact forbade`, async () => {
    const tally = await run(PROTECTED_RUNS, PROTECTED);
    expect(tally).toMatchObject({ wrong: 0, forbidden: 0, firstSeed: null });
    expect(tally.mostAfterQuiet).toBeLessThanOrEqual(MOST_AFTER_QUIET);
  }, 300_000);

  test('I3: a retry that repeats its ids after they are forgotten is a second message (seed 20008)', async () => {
    expect(await history(20_008, 'last-wins', PROTECTED)).toMatchObject({ converged: true, forbidden: 0 });
  });

  // Of histories with such a recipient one in 600 ends wrong without it: they are named here instead of played until one is met.
  test.each([100_987, 102_569, 102_937, 103_817])(
    '[3a.8] I2 I3: a late answer counts only where nothing was begun since (seed %i)',
    async (seed) => {
      const kind = seed % 2 === 1 ? 'answers-later' : 'answers-later-refuses-lower';
      expect(await history(seed, kind, { ...PROTECTED, newestAnswerOnly: false })).toMatchObject({ converged: false });
      expect(await history(seed, kind, PROTECTED)).toMatchObject({ converged: true, forbidden: 0 });
    },
  );

  const OFTEN = (Object.keys(PROTECTED) as (keyof Protections)[]).filter((each) => each !== 'newestAnswerOnly');
  test.each(OFTEN)(
    'without %s the same histories end wrong',
    async (protection) => {
      const tally = await run(RUNS_WITHOUT, { ...PROTECTED, [protection]: false }, LOST);
      process.stderr.write(
        `without ${protection}: of ${tally.runs} histories ${tally.wrong} end wrong, ${tally.forbidden} begin what is forbidden\n`,
      );
      expect(tally.wrong + tally.forbidden).toBeGreaterThan(0);
    },
    120_000,
  );
});
