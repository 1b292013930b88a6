import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Answered, answered, begun, emptyLedger, nextSequence, settled } from '../../src/decide/attempt.ts';
import { carriesContent, samePlace } from '../../src/model/copy.ts';
import type { Attempt, Ledger, Outcome } from '../../src/model/ledger.ts';
import { attempt, destination, ELSEWHERE, HERE, LIFETIME, NOW, recallMove, updateMove } from './sample.ts';

const OUTCOMES: readonly Outcome[] = [
  { kind: 'accepted', level: 'application' },
  { kind: 'refused', because: 'fatal-error', retry: false },
  { kind: 'unknown', because: 'transient-error' },
];
const AWAITED: Outcome = { kind: 'unknown', because: 'answer-pending', answerBy: NOW + LIFETIME / 2 };

/** One thing that befalls a ledger: something is begun and its exchange ends somehow, or is still going on. */
interface Begun {
  readonly what: 'update-1' | 'update-2' | 'recall' | 'again';
  readonly elsewhere: boolean;
  readonly ends: Outcome | null;
  readonly later: number;
}
const aBegun: fc.Arbitrary<Begun> = fc.record({
  what: fc.constantFrom('update-1', 'update-2', 'recall', 'again'),
  elsewhere: fc.boolean(),
  ends: fc.constantFrom(AWAITED, AWAITED, AWAITED, null, ...OUTCOMES),
  later: fc.nat(LIFETIME),
});

/** The ledger after all of them, and what was begun. */
const play = (events: readonly Begun[]): { readonly state: Ledger; readonly attempts: readonly Attempt[] } => {
  let state = emptyLedger(1);
  let now = NOW;
  const attempts: Attempt[] = [];
  for (const { what, elsewhere, ends, later } of events) {
    now += later;
    const { last } = state;
    const place = elsewhere ? ELSEWHERE : HERE;
    const repeats = what === 'again' && last !== null && last.outcome !== 'accepted' ? last : null;
    const kind = repeats?.kind ?? (what === 'recall' ? 'recall' : 'update');
    const effect = repeats?.effect ?? (what === 'update-2' ? 'digest-2' : 'digest-1');
    const move =
      kind === 'recall'
        ? recallMove({ place: repeats?.place ?? place, retryOf: repeats })
        : updateMove({ place: repeats?.place ?? place, effect, retryOf: repeats });
    const it = {
      ...attempt(`a${attempts.length}`, 1, move, { begunAt: now, since: repeats?.since ?? now, sendBefore: now + 5_000 }),
      sequence: nextSequence(state, move, 1),
    };
    attempts.push(it);
    state = begun(state, it, { lifetime: LIFETIME });
    if (ends !== null) state = settled(state, it, ends, destination());
  }
  return { state, attempts };
};
const answerTo = (attempts: readonly Attempt[], named: Attempt, outcome: Outcome): Answered => {
  const same = attempts.filter(({ sequence, action }) => sequence.count === named.sequence.count && action.kind === named.action.kind);
  return {
    attempts: same.map(({ id, begunAt, action }) => ({ id, begunAt, headings: action.kind === 'update' ? action.headings : [] })),
    kind: named.action.kind,
    since: same[0]?.since ?? named.since,
    outcome,
  };
};
const aHistory = fc.record({
  events: fc.array(aBegun, { minLength: 1, maxLength: 6 }),
  which: fc.nat(5),
  outcome: fc.constantFrom(...OUTCOMES),
});
const holds = (run: (state: Ledger, attempts: readonly Attempt[], named: Attempt, outcome: Outcome) => void): void => {
  fc.assert(
    fc.property(aHistory, ({ events, which, outcome }) => {
      const { state, attempts } = play(events);
      run(state, attempts, attempts[which % attempts.length] as Attempt, outcome);
    }),
    { numRuns: 5_000 },
  );
};

describe('[3a.8] whatever was begun, and whichever of it is answered late', () => {
  test('I2: no content is forgotten but what the answer itself proves: lower and settled at its place, or the one try that was refused', () => {
    holds((state, attempts, named, outcome) => {
      const after = answered(state, answerTo(attempts, named, outcome), destination());
      if (after === null) return;
      for (const copy of state.copies.filter(carriesContent)) {
        if (after.copies.some(({ id }) => id === copy.id)) continue;
        expect(samePlace(copy.place, named.action.place)).toBe(true);
        if (outcome.kind === 'refused') expect(attempts.filter(({ sequence }) => sequence.count === named.sequence.count)).toHaveLength(1);
        else {
          expect(outcome.kind).toBe('accepted');
          // What may still arrive after what was accepted is not forgotten.
          const newest = Math.max(
            ...attempts.filter(({ sequence }) => sequence.count === named.sequence.count).map(({ begunAt }) => begunAt),
          );
          expect(copy.againAt === null || copy.againAt <= newest).toBe(true);
        }
      }
    });
  });

  test('I2: where anything was begun at its place since, it changes nothing', () => {
    holds((state, attempts, named, outcome) => {
      const since = attempts.filter(
        ({ sequence, action }) => sequence.count > named.sequence.count && samePlace(action.place, named.action.place),
      );
      if (since.length > 0) expect(answered(state, answerTo(attempts, named, outcome), destination())).toBeNull();
    });
  });

  test('other places keep what they had, and nothing that was held becomes less', () => {
    holds((state, attempts, named, outcome) => {
      const after = answered(state, answerTo(attempts, named, outcome), destination());
      if (after === null) return;
      const elsewhere = ({ copies }: Ledger) => copies.filter(({ place }) => !samePlace(place, named.action.place));
      expect(elsewhere(after)).toEqual(elsewhere(state));
      if (outcome.kind !== 'accepted')
        for (const copy of state.copies.filter((each) => each.state === 'held')) expect(after.copies).toContainEqual(copy);
    });
  });

  test('said twice it counts once', () => {
    holds((state, attempts, named, outcome) => {
      const answer = answerTo(attempts, named, outcome);
      const after = answered(state, answer, destination());
      if (after !== null) expect(answered(after, answer, destination())).toBeNull();
    });
  });

  test('whatever its exchange says after it, an acceptance that was heard stands', () => {
    holds((state, attempts, _, outcome) => {
      const open = attempts.at(-1) as Attempt;
      if (state.last?.outcome !== 'open') return;
      const heard = answered(state, answerTo(attempts, open, { kind: 'accepted', level: 'application' }), destination());
      if (heard !== null) expect(settled(heard, open, outcome, destination())).toEqual(heard);
    });
  });
});
