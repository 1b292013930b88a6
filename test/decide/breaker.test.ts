import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { afterDelivery, afterQuiet, type Breaker, CALM, nextProbe, type Sign, signOf } from '../../src/decide/breaker.ts';
import { MINUTE } from '../../src/model/instant.ts';
import type { Outcome } from '../../src/model/ledger.ts';

const LIMITS = { probeEvery: 60_000, places: 16 };
const ANSWERED: Sign = { sign: 'answered' };
const NOTHING: Sign = { sign: 'nothing' };
const trouble = (because = 'timeout'): Sign => ({ sign: 'trouble', because });

interface Seen {
  readonly sign: Sign;
  readonly key?: string;
  readonly at?: number;
}
const play = (seen: readonly Seen[], from: Breaker = CALM, limits = LIMITS): Breaker =>
  seen.reduce((breaker, { sign, key = 'k', at = 0 }) => afterDelivery(breaker, { sign, key, now: at, chance: 0.5 }, limits), from);
const troubles = (count: number, keys: readonly string[] = ['a', 'b'], because?: string): readonly Seen[] =>
  Array.from({ length: count }, (_none, place) => ({ sign: trouble(because), key: keys[place % keys.length] ?? '' }));
const OPEN = play(troubles(5));

describe('what an outcome says of its recipient', () => {
  const unknown = (because: string): Outcome => ({ kind: 'unknown', because });
  const refused = (because: string, retry: boolean): Outcome => ({ kind: 'refused', because, retry });
  test.each<[string, Outcome, Sign['sign']]>([
    ['an acceptance is an answer', { kind: 'accepted', level: 'transport' }, 'answered'],
    ['a refusal of content is no trouble of the recipient', refused('http-422', false), 'answered'],
    ['a refusal of content over MLLP is none either', refused('AE-207', false), 'answered'],
    ['an answer that is still to come is an answer', unknown('answer-pending'), 'answered'],
    ['silence is trouble', unknown('timeout'), 'trouble'],
    ['busy is trouble', unknown('http-503'), 'trouble'],
    ['an answer to another message is trouble', unknown('answer-to-another'), 'trouble'],
    ['no connection is trouble, although nothing was stored', refused('not-connected', true), 'trouble'],
    ['turned away before the content was looked at is trouble', refused('http-401', true), 'trouble'],
    ['our own time that ran out says nothing', refused('abandoned', true), 'nothing'],
    ['a Task that waits for a person says nothing', unknown('recall-task-open'), 'nothing'],
    ['people who are asked by hand say nothing of an address', unknown('recall-by-hand-open'), 'nothing'],
    ['nor does a copy that ends by agreement', unknown('ends-by-agreement'), 'nothing'],
    ['an attempt that was stopped as another’s says nothing', { kind: 'refused', because: 'misaddressed', retry: true }, 'nothing'],
    ['a message that is stored was taken', unknown('CA'), 'answered'],
  ])('%s', (_sentence, outcome, sign) => expect(signOf(outcome).sign).toBe(sign));
});

describe('a breaker', () => {
  test('opens at the fifth trouble in a row, and says since when and why', () => {
    expect(play(troubles(4)).state).toBe('closed');
    const open = play(troubles(5).map((each, place) => ({ ...each, at: 1_000 * (place + 1) })));
    expect(open).toMatchObject({ state: 'open', since: 1_000, troubles: 5, because: 'timeout' });
    expect(open.probeAt).toBeGreaterThan(5_000);
  });

  test('one answer between them, and they are in no row', () => {
    expect(play([...troubles(4), { sign: ANSWERED }, ...troubles(4)]).state).toBe('closed');
    expect(play([...troubles(4), { sign: NOTHING }, ...troubles(1)]).state).toBe('open');
  });

  test('troubles that are far apart are in no row', () => {
    expect(play(troubles(20).map((each, place) => ({ ...each, at: place * 11 * MINUTE }))).state).toBe('closed');
  });

  test('one key that is never answered is not its recipient: its content may be the reason', () => {
    expect(play(troubles(50, ['poison'])).state).toBe('closed');
    expect(play(troubles(5, ['any'], 'not-connected')).state).toBe('open');
  });

  test('open, it stays so until something is answered; then it lets in one, and more each time that all were answered', () => {
    expect(play(troubles(10), OPEN)).toMatchObject({ state: 'open', since: OPEN.since, probeAt: OPEN.probeAt });
    const half = play([{ sign: ANSWERED }], OPEN);
    expect(half).toMatchObject({ state: 'half-open', ramp: 1 });
    const ramps = Array.from(
      { length: 8 },
      (_none, place) =>
        play(
          Array.from({ length: place }, () => ({ sign: ANSWERED })),
          half,
        ).ramp,
    );
    expect(ramps).toEqual([1, 2, 2.5, 3, 3 + 1 / 3, 3 + 2 / 3, 4, 4.25].map((each) => expect.closeTo(each, 6)));
  });

  test('half-open, a trouble halves what is let in, and opens it again where that was one', () => {
    const half: Breaker = { ...OPEN, state: 'half-open', ramp: 8, probeAt: null };
    expect(play(troubles(1), half)).toMatchObject({ state: 'half-open', ramp: 4 });
    expect(play(troubles(4), half)).toMatchObject({ state: 'open', since: OPEN.since });
  });

  test('nothing due any more ends the ramp, and not an open breaker', () => {
    expect(afterQuiet({ ...OPEN, state: 'half-open' })).toEqual(CALM);
    expect(afterQuiet(OPEN)).toBe(OPEN);
  });

  const signs = fc.array(
    fc.record({
      sign: fc.constantFrom<Sign>(ANSWERED, NOTHING, trouble(), trouble('not-connected')),
      key: fc.constantFrom('a', 'b', 'c'),
      at: fc.nat(1_000_000),
    }),
    { maxLength: 60 },
  );
  test('whatever happens: it opens after five troubles and no fewer, only an answer leads out, and its ramp stays within its places', () => {
    fc.assert(
      fc.property(signs, fc.integer({ min: 1, max: 64 }), (unsorted, places) => {
        const seen = [...unsorted].sort((a, b) => a.at - b.at);
        let before = CALM;
        let row = 0;
        for (const one of seen) {
          const after = play([one], before, { ...LIMITS, places });
          row = one.sign.sign === 'trouble' ? row + 1 : one.sign.sign === 'answered' ? 0 : row;
          if (before.state === 'closed' && after.state === 'open') expect(row).toBeGreaterThanOrEqual(5);
          if (before.state === 'closed') expect(after.state).not.toBe('half-open');
          if (before.state === 'open' && after.state !== 'open') expect([one.sign.sign, after.state]).toEqual(['answered', 'half-open']);
          if (after.state === 'open') expect(after.probeAt).not.toBeNull();
          if (after.state !== 'closed') expect(after.since).not.toBeNull();
          expect(after.ramp).toBeGreaterThanOrEqual(1);
          expect(after.ramp).toBeLessThanOrEqual(Math.max(1, places));
          expect(after.keys.length).toBeLessThanOrEqual(2);
          before = after;
        }
      }),
    );
  });

  test('whatever happened: answers alone close it in the end, and five more troubles open it again', () => {
    fc.assert(
      fc.property(signs, fc.integer({ min: 1, max: 32 }), (seen, places) => {
        const limits = { ...LIMITS, places };
        const some = play(seen, CALM, limits);
        const closed = play(
          Array.from({ length: places * places + 2 }, () => ({ sign: ANSWERED })),
          some,
          limits,
        );
        expect(closed).toEqual(CALM);
        expect(play(troubles(5), closed, limits).state).toBe('open');
      }),
    );
  });

  test('the next probe is spread around its interval', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (chance) => {
        const away = nextProbe(1_000, 60_000, chance) - 1_000;
        expect(away).toBeGreaterThanOrEqual(45_000);
        expect(away).toBeLessThanOrEqual(75_000);
      }),
    );
    expect(nextProbe(0, 60_000, 0)).not.toBe(nextProbe(0, 60_000, 0.5));
  });
});
