import { describe, expect, test } from '@jest/globals';
import { emptyLedger } from '../../src/decide/attempt.ts';
import { endedByHand, idsNeeded } from '../../src/decide/end-by-hand.ts';
import { owedCopies } from '../../src/decide/owed.ts';
import { step } from '../../src/decide/step.ts';
import { chaseEndOf, chaseEndText } from '../../src/model/chase-end.ts';
import type { Copy } from '../../src/model/copy.ts';
import type { Desired, Ledger } from '../../src/model/ledger.ts';
import { VIEW } from '../../src/store/look.ts';

const NOW = 1_000_000;
const LIFETIME = 60_000;
const place = { address: 'https://epr.example/fhir', identity: '9990000018' };
const elsewhere = { address: 'https://old.example/fhir', identity: '9990000018' };
const destination = {
  ...VIEW,
  channel: 'fhir-messaging' as const,
  address: place.address,
  refusesLowerSequence: true,
  replaceHidesOld: true,
  lifetime: LIFETIME,
};
const nothing: Desired = { nothing: true, because: 'no-consent', until: null };
const copy = (count: number, changed: Partial<Copy> = {}): Copy => ({
  id: `c${count}`,
  place,
  effect: `digest-${count}`,
  headings: ['please-do'],
  documentId: `d${count}`,
  sequence: { epoch: 1, count },
  state: 'uncertain',
  againAt: null,
  acceptedSince: false,
  ...changed,
});
const ledgerOf = (...copies: readonly Copy[]): Ledger => ({
  ...emptyLedger(1),
  copies,
  sequence: { epoch: 1, count: 9 },
  recallSince: 5,
  failures: 7,
  last: null,
});
const ids = Array.from({ length: 4 }, (_, at) => ({ id: `hand-${at}`, documentId: `doc-${at}` }));
const end = (ledger: Ledger, covered: readonly Copy[] = owedCopies(nothing, ledger, destination)) =>
  endedByHand(ledger, covered, { level: 'attested', at: NOW, epoch: 1, destination, ids });

describe('A chase that a person ends', () => {
  test('counts as a recall that was accepted: what lay there is gone, and the key rests', () => {
    const { ledger, recalls } = end(ledgerOf(copy(1), copy(2, { state: 'held' })));
    expect(ledger.copies).toEqual([]);
    expect(ledger).toMatchObject({ failures: 0, recallSince: null, last: null, sequence: { epoch: 1, count: 10 } });
    expect(recalls).toMatchObject([{ id: 'hand-0', action: { kind: 'recall', documents: ['d1', 'd2'] }, sequence: { count: 10 } }]);
    expect(step(nothing, ledger, NOW, destination)).toEqual({ kind: 'rest', lookAt: null });
  });

  test('I2: what may still arrive is recalled when it may have, though the recipient refuses lower sequences: no message put it in order', () => {
    const arriving = copy(3, { againAt: NOW + 1_000 });
    const { ledger } = end(ledgerOf(copy(1), arriving));
    expect(ledger.copies).toEqual([{ ...arriving, acceptedSince: true }]);
    expect(step(nothing, ledger, NOW, destination)).toMatchObject({ kind: 'rest', lookAt: NOW + 1_000 });
    expect(step(nothing, ledger, NOW + 1_000, destination)).toMatchObject({ kind: 'recall', documents: ['d3'], retryOf: null });
  });

  test('I2: a copy that came after it is recalled', () => {
    const { ledger } = end(ledgerOf(copy(1)));
    const later = { ...ledger, copies: [...ledger.copies, copy(11, { state: 'held' })] };
    expect(step(nothing, later, NOW + 5, destination)).toMatchObject({ kind: 'recall', documents: ['d11'] });
  });

  test('covers the documents that were named, and no other', () => {
    const [one, other] = [copy(1), copy(2)];
    const { ledger, recalls } = end(ledgerOf(one, other), [one]);
    expect(ledger.copies).toEqual([other]);
    expect(recalls[0]?.action).toMatchObject({ documents: ['d1'] });
    expect(step(nothing, ledger, NOW, destination)).toMatchObject({ kind: 'recall', documents: ['d2'] });
  });

  test('counts a recall for each place, each with a sequence of its own, under its own identifiers', () => {
    const old = copy(1, { place: elsewhere });
    const { ledger, recalls } = end(ledgerOf(old, copy(2)));
    expect(idsNeeded([old, copy(2)])).toBe(2);
    expect(ledger.copies).toEqual([]);
    expect(recalls.map(({ action, sequence }) => [action.place.address, sequence.count])).toEqual([
      [elsewhere.address, 10],
      [place.address, 11],
    ]);
  });

  test('an attempt under way stays the last, so that its own answer is still worked in', () => {
    const open = {
      id: 'c2',
      kind: 'recall' as const,
      place,
      effect: null,
      since: 1,
      sequence: { epoch: 1, count: 9 },
      documentId: 'd',
      documents: ['d1'],
      outcome: 'open' as const,
    };
    expect(end({ ...ledgerOf(copy(1)), last: open }).ledger.last).toEqual(open);
    // One that nobody answered is not repeated: what is asked next is another matter.
    expect(end({ ...ledgerOf(copy(1)), last: { ...open, outcome: 'unknown' } }).ledger.last).toBeNull();
  });

  test('is about what may no longer be held, and about nothing while that cannot be decided', () => {
    const held: Desired = { hold: 'digest-2', place, headings: ['please-do'], purpose: 'crisis-response', until: null };
    const ledger = ledgerOf(copy(1), copy(2, { state: 'held' }), copy(3, { place: elsewhere }), copy(4, { effect: null }));
    expect(owedCopies(held, ledger, destination).map(({ id }) => id)).toEqual(['c3']);
    expect(owedCopies(held, ledger, { ...destination, replaceHidesOld: false }).map(({ id }) => id)).toEqual(['c1', 'c3']);
    expect(owedCopies(nothing, ledger, destination).map(({ id }) => id)).toEqual(['c1', 'c2', 'c3']);
    expect(owedCopies({ freeze: true, because: 'consent-undecidable', until: NOW }, ledger, destination)).toEqual([]);
  });

  test('is written as one word, and read again', () => {
    expect(chaseEndOf(chaseEndText({ level: 'retained-by-law', basis: 'legal-claim' }))).toEqual({
      level: 'retained-by-law',
      basis: 'legal-claim',
    });
    expect(chaseEndOf(chaseEndText({ level: 'attested', basis: null }))).toEqual({ level: 'attested', basis: null });
    expect([chaseEndOf('http-500'), chaseEndOf(null), chaseEndOf('toString')]).toEqual([null, null, null]);
  });
});
