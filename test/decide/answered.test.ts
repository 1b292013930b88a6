import { describe, expect, test } from '@jest/globals';
import { answered, begun, settled, settledUnknown } from '../../src/decide/attempt.ts';
import { step } from '../../src/decide/step.ts';
import type { Copy } from '../../src/model/copy.ts';
import type { Desired, Ledger, Outcome } from '../../src/model/ledger.ts';
import { attempt, destination, ELSEWHERE, HERE, ledger, LIFETIME, NOW, recallMove, uncertain, updateMove } from './sample.ts';

const ACCEPTED: Outcome = { kind: 'accepted', level: 'application' };
const REFUSED: Outcome = { kind: 'refused', because: 'http-422', retry: false };
const UNKNOWN: Outcome = { kind: 'unknown', because: 'timeout' };
const ids = ({ copies }: Ledger): readonly string[] => copies.map(({ id }) => id);
const one = (state: Ledger, id: string): Copy => {
  const found = state.copies.find((each) => each.id === id);
  if (found === undefined) throw new Error(`no copy ${id}`);
  return found;
};

describe('[3a.2] [3a.8] an answer that comes by a message of its own', () => {
  const BY = NOW + 30_000;
  const AWAITED: Outcome = { kind: 'unknown', because: 'answer-pending', answerBy: BY };
  const it = attempt('u', 5, updateMove());
  const open = begun(ledger([]), it, { lifetime: LIFETIME });
  const awaited = settled(open, it, AWAITED, destination());
  const told = (outcome: Outcome, ...ids_: readonly string[]) => ({
    attempts: (ids_.length === 0 ? ['u'] : ids_).map((id) => ({ id, begunAt: NOW, headings: ['please-do'] as const })),
    kind: 'update' as const,
    since: NOW,
    outcome,
  });
  const wanted: Desired = { hold: 'digest-1', place: HERE, headings: ['please-do'], purpose: 'TREAT', until: null };
  const NOTHING: Desired = { nothing: true, because: 'no-consent', until: null };
  const later = (state: Ledger, want: Desired, now: number) => step(want, state, now, destination());

  test('what is awaited is no failure, stays uncertain, and rests until its deadline; then it is retried with its ids, as a failure', () => {
    expect(awaited).toMatchObject({ failures: 0, last: { outcome: 'unknown' } });
    expect(one(awaited, 'u')).toMatchObject({ state: 'uncertain', answerBy: BY });
    expect(later(awaited, wanted, NOW + 1)).toEqual({ kind: 'rest', lookAt: BY });
    const move = later(awaited, wanted, BY);
    expect(move).toMatchObject({ kind: 'update', retryOf: { id: 'u' } });
    if (move.kind === 'rest') throw new Error('it is owed');
    const again = begun(awaited, { ...attempt('u2', 5, move), begunAt: BY }, { lifetime: LIFETIME });
    expect(again.failures).toBe(1);
    expect([one(again, 'u').answerBy, one(again, 'u').overtaken]).toEqual([undefined, undefined]);
  });

  test('I1 I2: a recall, and an update with other words, do not wait for it', () => {
    expect(later(awaited, NOTHING, NOW + 1)).toMatchObject({ kind: 'recall' });
    expect(later(awaited, { ...wanted, hold: 'digest-2' }, NOW + 1)).toMatchObject({ kind: 'update', retryOf: null });
  });

  test('a recall that is awaited is not sent again before its deadline, and holds no update elsewhere back for longer than a lifetime', () => {
    const recalled = attempt('r', 6, recallMove({ documents: ['document-u'] }));
    const state = settled(begun(awaited, recalled, { lifetime: LIFETIME }), recalled, AWAITED, destination());
    expect(later(state, NOTHING, NOW + 1)).toEqual({ kind: 'rest', lookAt: BY });
    const elsewhere = { ...wanted, place: ELSEWHERE };
    expect(later(state, elsewhere, NOW + 1)).toEqual({ kind: 'rest', lookAt: BY });
    const slow = settled(
      begun(awaited, recalled, { lifetime: LIFETIME }),
      recalled,
      { ...AWAITED, answerBy: NOW + 9 * LIFETIME },
      destination(),
    );
    expect(later(slow, elsewhere, NOW + 1)).toEqual({ kind: 'rest', lookAt: NOW + LIFETIME + 1 });
    expect(later(slow, elsewhere, NOW + LIFETIME + 1)).toMatchObject({ kind: 'update', place: ELSEWHERE });
  });

  test('ok makes it held, as the same answer in the exchange would', () => {
    expect(answered(awaited, told(ACCEPTED), destination())).toEqual(settled(open, it, ACCEPTED, destination()));
  });

  test('before the exchange has ended: whatever that says then, the answer stands', () => {
    const heard = answered(open, told(ACCEPTED), destination());
    if (heard === null) throw new Error('it is heard');
    expect(one(heard, 'u').state).toBe('held');
    for (const outcome of [AWAITED, UNKNOWN, REFUSED, ACCEPTED]) expect(settled(heard, it, outcome, destination())).toEqual(heard);
    expect(settledUnknown(heard, 'u')).toEqual(heard);
  });

  test('I2 I3: so where copies end by agreement: it has its end, and is renewed before that', () => {
    const ends = destination({ recallForm: 'expires', copiesEndAfter: 20 * LIFETIME });
    const began = begun(ledger([]), it, { lifetime: LIFETIME, copiesEndAfter: 20 * LIFETIME });
    const inTime = one(settled(began, it, ACCEPTED, ends), 'u').endsAt ?? 0;
    const byMessage = settled(settled(began, it, REFUSED, ends), it, ACCEPTED, ends);
    const refused = answered(began, told(REFUSED), ends);
    if (refused === null) throw new Error('it is heard');
    const inBoth = answered(refused, told(ACCEPTED), ends);
    for (const state of [byMessage, inBoth]) {
      if (state === null) throw new Error('it is heard');
      const { endsAt = 0 } = one(state, 'u');
      // Never sooner than it may have ended there, and no later than another lifetime.
      expect(endsAt).toBeGreaterThanOrEqual(inTime);
      expect(endsAt).toBeLessThanOrEqual(inTime + LIFETIME);
      expect(step(wanted, state, endsAt - 1, ends).kind).toBe('update');
    }
  });

  test('I2: refused by a message and accepted in the exchange, or the other way round: they hold it', () => {
    const refused = answered(open, told(REFUSED), destination());
    if (refused === null) throw new Error('it is heard');
    expect(refused.copies).toEqual([]);
    expect(settled(refused, it, AWAITED, destination())).toEqual(refused);
    expect(one(settled(refused, it, ACCEPTED, destination()), 'u').state).toBe('held');
    const inExchange = settled(open, it, REFUSED, destination());
    expect(answered(inExchange, told(ACCEPTED), destination())?.copies).toMatchObject([{ id: 'u', effect: 'digest-1', state: 'held' }]);
  });

  test('a refusal empties what was tried once; of several tries it does not say which', () => {
    expect(answered(awaited, told(REFUSED), destination())).toMatchObject({ copies: [], failures: 1, last: { outcome: 'refused' } });
    const again = { ...attempt('u2', 5, updateMove()), begunAt: BY };
    const twice = begun(awaited, again, { lifetime: LIFETIME });
    const after = answered(twice, told(REFUSED, 'u', 'u2'), destination());
    expect(after === null ? [] : ids(after)).toEqual(['u', 'u2']);
    expect(after).toMatchObject({ last: { outcome: 'refused' } });
  });

  test('transient-error: it is asked for again under the same ids, and nothing is waited for', () => {
    const after = answered(awaited, told(UNKNOWN), destination());
    expect(after).toMatchObject({ failures: 1, last: { outcome: 'unknown' } });
    expect(after?.copies[0]?.answerBy).toBeUndefined();
    expect(settled(answered(open, told(UNKNOWN), destination()) ?? open, it, AWAITED, destination()).copies[0]?.answerBy).toBeUndefined();
  });

  const overtaking: readonly (readonly [string, Ledger])[] = [
    ['a recall was begun since', begun(awaited, attempt('r', 6, recallMove()), { lifetime: LIFETIME })],
    ['other words were begun since', begun(awaited, attempt('n', 6, updateMove({ effect: 'digest-2' })), { lifetime: LIFETIME })],
    [
      'a recall was refused since: what came before it is not known any more',
      settled(begun(awaited, attempt('r', 6, recallMove()), { lifetime: LIFETIME }), attempt('r', 6, recallMove()), REFUSED, destination()),
    ],
    [
      'a recall was accepted since',
      settled(
        begun(awaited, attempt('r', 6, recallMove()), { lifetime: LIFETIME }),
        attempt('r', 6, recallMove()),
        ACCEPTED,
        destination(),
      ),
    ],
    ['it was answered before', settled(open, it, ACCEPTED, destination())],
    ['there is no such attempt', ledger([])],
  ];
  test.each(overtaking)('I2: late, it tells nothing: %s', (_, state) => {
    for (const outcome of [ACCEPTED, REFUSED, UNKNOWN]) expect(answered(state, told(outcome), destination())).toBeNull();
  });

  test('something begun elsewhere since does not make it tell nothing', () => {
    const elsewhere = begun(awaited, attempt('x', 6, recallMove({ place: ELSEWHERE })), { lifetime: LIFETIME });
    const after = answered(elsewhere, told(ACCEPTED), destination());
    expect(after === null ? null : one(after, 'u').state).toBe('held');
    expect(after?.last).toMatchObject({ id: 'x', outcome: 'open' });
  });

  test('I2: an older copy in doubt is said again after the late answer, as after one in the exchange', () => {
    const state = settled(
      begun(ledger([uncertain('p', 1, NOW + 1, { effect: 'digest-0' })]), it, { lifetime: LIFETIME }),
      it,
      AWAITED,
      destination(),
    );
    const after = answered(state, told(ACCEPTED), destination());
    expect(after === null ? null : one(after, 'p')).toMatchObject({ state: 'uncertain', acceptedSince: true });
  });

  test('I3: an operator asks once more: nothing is waited for, the ids of the header stay and the Bundle is another; once', () => {
    const asked: Ledger = { ...awaited, replay: true };
    const move = later(asked, wanted, NOW + 1);
    expect(move).toMatchObject({ kind: 'update', resubmits: true, retryOf: { id: 'u' } });
    if (move.kind === 'rest') throw new Error('it is owed');
    expect(begun(asked, attempt('u2', 5, move), { lifetime: LIFETIME }).replay).toBeUndefined();
    const refused = { ...settled(open, it, REFUSED, destination()), replay: true as const };
    expect(later(refused, wanted, NOW + 1)).toMatchObject({ resubmits: true, retryOf: { id: 'u' } });
    expect(later({ ...refused, replay: undefined as never }, wanted, NOW + 1)).toMatchObject({ retryOf: null });
    // What may not be held is not sent, whoever asks; and after a lifetime its ids are forgotten.
    expect(later(asked, NOTHING, NOW + 1)).toMatchObject({ kind: 'recall' });
    expect(later(asked, wanted, NOW + LIFETIME + 1)).toMatchObject({ kind: 'update', retryOf: null });
    expect(later({ ...settled(open, it, ACCEPTED, destination()), replay: true }, wanted, NOW + 1)).toMatchObject({ kind: 'rest' });
  });
});
