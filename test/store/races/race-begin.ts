import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { desired } from '../../../src/decide/desired.ts';
import type { Protections } from '../../../src/decide/protections.ts';
import { PROTECTED } from '../../../src/decide/protections.ts';
import { step } from '../../../src/decide/step.ts';
import type { Arena } from './arena.ts';
import { FROZEN, report } from './arena.ts';
import type { Forbidding } from './forbidding.ts';
import { FORBIDDING } from './forbidding.ts';

interface Tally {
  begun: number;
  refused: number;
  /** Content begun after the forbidding fact had committed. */
  late: number;
  /** Something may be held that is not wanted, and no recall follows from it. */
  forgotten: number;
}

async function race(arena: Arena, { forbid, allow }: Forbidding, on: Protections, rounds: number, from = 1): Promise<Tally> {
  const { ground, watch } = arena;
  const ledger = ground.ledger(on);
  const tally: Tally = { begun: 0, refused: 0, late: 0, forgotten: 0 };
  let takes = 8;
  await watch.count();
  await arena.run(
    rounds,
    async (lane, round) => {
      await allow(ground, lane, round);
      await arena.renew(lane);
      const { claim, look, want, attempt } = await arena.aim(ledger, lane);
      const startedAt = performance.now();
      const fact = forbid(ground, lane, round).then(() => {
        takes = takes * 0.9 + (performance.now() - startedAt) * 0.1;
      });
      await wait(Math.random() * takes);
      const begun = await ledger.begin(claim, look, want, attempt, FROZEN);
      await fact;
      if (begun === null) tally.refused++;
      else tally.begun++;
      const after = await ledger.look(claim);
      const then = step(desired(after.facts, after.now), after.ledger, after.now, after.facts.destination);
      if (after.ledger.copies.length > 0 && then.kind !== 'recall') tally.forgotten++;
    },
    from,
  );
  tally.late = await watch.count();
  for (const lane of arena.lanes) await allow(ground, lane, from + Math.ceil(rounds / arena.lanes.length));
  return tally;
}

/** Begin against each fact that forbids it: the order of their commits decides, and no content is begun after the fact's. */
export function raceBegin(arena: () => Arena, rounds: number, timeout: number): void {
  describe.each(FORBIDDING)('begin against $fact', (forbidding) => {
    test(
      `I1: of ${rounds} none begins content after it has committed, and what was begun before is to be recalled`,
      async () => {
        const tally = await race(arena(), forbidding, PROTECTED, rounds);
        expect(tally).toMatchObject({ late: 0, forgotten: 0 });
        // It was a race: both came first, often.
        expect(tally.begun).toBeGreaterThan(rounds / 20);
        expect(tally.refused).toBeGreaterThan(rounds / 20);
      },
      timeout,
    );
    test.each(['policyLock', 'secondDecision'] as const)(
      'without %s some do',
      async (protection) => {
        const on = { ...PROTECTED, [protection]: false };
        const run = async (some: number, from: number): Promise<number> => (await race(arena(), forbidding, on, some, from)).late;
        const tally = await arena().runUntilLost(rounds, run);
        report(`begin against ${forbidding.fact}, without ${protection}: of ${tally.rounds} ${tally.lost} begin content too late`);
        expect(tally.lost).toBeGreaterThan(0);
      },
      timeout,
    );
  });
}
