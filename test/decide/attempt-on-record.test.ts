import { describe, expect, test } from '@jest/globals';
import { begun, settled } from '../../src/decide/attempt.ts';
import { refusedBy } from '../../src/decide/read-by.ts';
import { attempt, copy, destination, ELSEWHERE, HERE, ledger, LIFETIME, NOW, recallMove, uncertain, updateMove } from './sample.ts';

const LATER = NOW + LIFETIME;
const nothingTold = uncertain('n', 2, LATER, { effect: null, headings: [], documentId: '', againAt: null });

describe('an attempt on record', () => {
  test('an update: what is said of it, as the last, as a copy and as a disclosure', () => {
    const after = begun(ledger([]), attempt('u', 1, updateMove()), { lifetime: LIFETIME });
    const shared = { id: 'u', place: HERE, effect: 'digest-1', sequence: { epoch: 1, count: 1 }, documentId: 'document-u' };
    expect(after.last).toEqual({ ...shared, kind: 'update', since: NOW, documents: [], outcome: 'open' });
    expect(after.copies).toEqual([
      { ...shared, headings: ['please-do'], state: 'uncertain', againAt: NOW + 5_000 + LIFETIME, acceptedSince: false },
    ]);
    expect(after.disclosed).toEqual({ digest: 'digest-1', version: 1, at: NOW });
    expect(after.recallSince).toBeNull();
  });

  test('a recall names its documents, discloses nothing, and counts from when it was first begun', () => {
    const disclosed = { digest: 'digest-1', version: 4, at: NOW - 9 };
    const after = begun(ledger([copy('a', 1)], { disclosed }), attempt('r', 2, recallMove({ documents: ['document-a'] })), {
      lifetime: LIFETIME,
    });
    expect(after.last).toMatchObject({ kind: 'recall', effect: null, documents: ['document-a'], outcome: 'open' });
    expect(after).toMatchObject({ disclosed, recallSince: NOW });
    expect(begun({ ...after, recallSince: NOW - 7 }, attempt('s', 3, recallMove()), { lifetime: LIFETIME }).recallSince).toBe(NOW - 7);
  });

  test('that nothing was found at a read stays on record: it was answered, and can be told again', () => {
    const after = begun(ledger([nothingTold]), attempt('u', 3, updateMove()), { lifetime: LIFETIME });
    expect(after.copies.map(({ id }) => id)).toEqual(['n', 'u']);
  });

  test('an earlier try of the same ids that can no longer arrive goes with the acceptance, from that very instant on', () => {
    const state = (againAt: number) => ledger([uncertain('first', 2, againAt), uncertain('second', 2, LATER)]);
    const accept = (againAt: number) =>
      settled(state(againAt), attempt('second', 2, updateMove()), { kind: 'accepted', level: 'application' }, destination()).copies;
    expect(accept(NOW - 1).map(({ id }) => id)).toEqual(['second']);
    expect(accept(NOW).map(({ id }) => id)).toEqual(['second']);
    expect(accept(NOW + 1)).toMatchObject([
      { id: 'first', state: 'uncertain', acceptedSince: true },
      { id: 'second', state: 'held' },
    ]);
  });

  test.each(['accepted', 'refused', 'unknown'] as const)(
    '%s, it says nothing of an attempt that came after it, nor where there is none',
    (kind) => {
      const outcome =
        kind === 'accepted'
          ? ({ kind, level: 'application' } as const)
          : kind === 'refused'
            ? { kind, because: 'x', retry: false }
            : { kind, because: 'x' };
      const mine = attempt('u', 1, updateMove());
      const lastOf = (state: Parameters<typeof settled>[0]) => settled(state, mine, outcome, destination()).last;
      const { last } = begun(ledger([]), mine, { lifetime: LIFETIME });
      if (last === null) throw new Error('no attempt is on record');
      expect(lastOf(ledger([], { last }))).toEqual({ ...last, outcome: kind });
      expect(lastOf(ledger([], { last: { ...last, id: 'other' } }))).toEqual({ ...last, id: 'other' });
      expect(lastOf(ledger([], { last: null }))).toBeNull();
    },
  );
});

describe('a read that found nothing', () => {
  const told = copy('b', 3, { place: ELSEWHERE });

  test('I3: is put on record whole, where the newest that was told was told, and asks for nothing by itself', () => {
    const after = refusedBy(ledger([copy('a', 1), told]), 'n', 1);
    expect(after.copies.at(-1)).toEqual({
      id: 'n',
      place: ELSEWHERE,
      effect: null,
      headings: [],
      documentId: '',
      sequence: { epoch: 1, count: 4 },
      state: 'uncertain',
      againAt: null,
      acceptedSince: false,
    });
    expect(after.sequence).toEqual({ epoch: 1, count: 4 });
  });

  test('I3: once it is on record it is not put there again; an older one does not count', () => {
    const older = { ...nothingTold, sequence: { epoch: 1, count: 2 } };
    const state = ledger([copy('a', 1), older, told]);
    const after = refusedBy(state, 'n', 1);
    expect(after.copies.map(({ id }) => id)).toEqual(['a', 'n', 'b', 'n']);
    expect(refusedBy(after, 'm', 1)).toBe(after);
    expect(refusedBy(ledger([nothingTold]), 'm', 1).copies).toEqual([nothingTold]);
  });

  test('I3: in a new epoch it begins to count again', () => {
    expect(refusedBy(ledger([told]), 'n', 2).sequence).toEqual({ epoch: 2, count: 1 });
    expect(refusedBy(ledger([told]), 'n', 2).copies.at(-1)?.sequence).toEqual({ epoch: 2, count: 1 });
  });

  test('I3: what came before it is no longer the last, but for an attempt that is still open', () => {
    const { last } = begun(ledger([]), attempt('u', 1, updateMove()), { lifetime: LIFETIME });
    if (last === null) throw new Error('no attempt is on record');
    expect(refusedBy(ledger([told], { last }), 'n', 1).last).toBe(last);
    expect(refusedBy(ledger([told], { last: { ...last, outcome: 'accepted' } }), 'n', 1).last).toBeNull();
    expect(refusedBy(ledger([told], { last: null }), 'n', 1).last).toBeNull();
  });
});
