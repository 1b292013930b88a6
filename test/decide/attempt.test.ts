import { describe, expect, test } from '@jest/globals';
import { begun, disclosedAs, emptyLedger, nextSequence, settled, settledUnknown } from '../../src/decide/attempt.ts';
import { readBy, refusedBy } from '../../src/decide/read-by.ts';
import { backoff } from '../../src/decide/retry.ts';
import { step } from '../../src/decide/step.ts';
import { compareSequence } from '../../src/model/copy.ts';
import type { Copy } from '../../src/model/copy.ts';
import type { Attempt, Desired, LastAttempt, Ledger, Outcome } from '../../src/model/ledger.ts';
import type { Destination } from '../../src/model/recipient.ts';
import { attempt, copy, destination, ELSEWHERE, HERE, ledger, LIFETIME, NOW, recallMove, uncertain, updateMove } from './sample.ts';

const ACCEPTED: Outcome = { kind: 'accepted', level: 'application' };
const REFUSED: Outcome = { kind: 'refused', because: 'http-422', retry: false };
const UNKNOWN: Outcome = { kind: 'unknown', because: 'timeout' };
const ids = ({ copies }: Ledger): readonly string[] => copies.map(({ id }) => id);
const one = (state: Ledger, id: string): Copy => {
  const found = state.copies.find((each) => each.id === id);
  if (found === undefined) throw new Error(`no copy ${id}`);
  return found;
};
const retryOf: LastAttempt = {
  id: 'first',
  kind: 'update',
  place: HERE,
  effect: 'digest-1',
  since: NOW - 9_000,
  sequence: { epoch: 1, count: 4 },
  documentId: 'document-first',
  documents: [],
  outcome: 'unknown',
};

const FILED_FOR_GOOD = { channel: 'hl7v2-mllp', recallForm: 'manual' } as const;

describe('nextSequence', () => {
  test('is one higher in its epoch, begins again in a higher one, and a retry keeps its own', () => {
    const state = ledger([copy('a', 4)]);
    expect(nextSequence(state, updateMove(), 1)).toEqual({ epoch: 1, count: 5 });
    expect(nextSequence(state, updateMove(), 2)).toEqual({ epoch: 2, count: 1 });
    expect(nextSequence(state, updateMove({ retryOf }), 2)).toEqual({ epoch: 1, count: 4 });
    expect(compareSequence({ epoch: 2, count: 1 }, { epoch: 1, count: 9 })).toBeGreaterThan(0);
  });
});

describe('begun: before the wire', () => {
  const start = (state: Ledger, it: Attempt): Ledger => begun(state, it, { lifetime: LIFETIME });

  test('I2: an update leaves its own uncertain copy, which may arrive until send_before and a lifetime have passed', () => {
    const after = start(emptyLedger(1), attempt('u', 1, updateMove()));
    expect(after.copies).toEqual([uncertain('u', 1, NOW + 5_000 + LIFETIME)]);
    expect(after).toMatchObject({
      sequence: { epoch: 1, count: 1 },
      last: { id: 'u', kind: 'update', outcome: 'open', effect: 'digest-1' },
      recallSince: null,
    });
  });

  test('I2: a recall makes uncertain what it recalls, leaves a copy without content, and notes since when', () => {
    const after = start(
      ledger([copy('a', 1), copy('x', 2, { place: ELSEWHERE })]),
      attempt('r', 3, recallMove({ documents: ['document-a'] })),
    );
    expect(one(after, 'a').state).toBe('uncertain');
    expect(one(after, 'x').state).toBe('held');
    expect(one(after, 'r')).toMatchObject({ effect: null, headings: [], state: 'uncertain' });
    expect(after).toMatchObject({ recallSince: NOW, last: { kind: 'recall', documents: ['document-a'] } });
    expect(start({ ...after, recallSince: NOW - 7 }, attempt('r2', 4, recallMove())).recallSince).toBe(NOW - 7);
  });

  test('each attempt has a copy of its own; an update leaves the others as they were', () => {
    const after = start(ledger([copy('a', 1), uncertain('b', 2, NOW + 1)]), attempt('u', 3, updateMove({ effect: 'digest-2' })));
    expect(ids(after)).toEqual(['a', 'b', 'u']);
    expect(one(after, 'a').state).toBe('held');
  });

  const spent: readonly (readonly [string, Copy, boolean])[] = [
    [
      'the same ids, can no longer arrive: the new attempt may be refused, and then what the earlier one left is there',
      uncertain('p', 3, NOW),
      false,
    ],
    ['a recall with the same ids, can no longer arrive: the new attempt covers it', uncertain('p', 3, NOW, { effect: null }), true],
    ['the same ids, may still arrive', uncertain('p', 3, NOW + 1), false],
    ['the same sequence elsewhere', uncertain('p', 3, NOW, { place: ELSEWHERE }), false],
    ['other content that can no longer arrive may have arrived', uncertain('p', 2, NOW), false],
    ['a recall that can no longer arrive, and after which nothing was accepted', uncertain('p', 2, NOW, { effect: null }), true],
    ['a recall that can no longer arrive, but was overtaken', uncertain('p', 2, NOW, { effect: null, acceptedSince: true }), false],
    ['a recall that may still arrive', uncertain('p', 2, NOW + 1, { effect: null }), false],
    ['a held copy', copy('p', 2), false],
  ];
  test.each(spent)('what is spent: %s', (_, before, gone) => {
    expect(ids(start(ledger([before]), attempt('u', 3, updateMove()))).includes('p')).toBe(!gone);
  });
});

describe('I2: the same ids again and again', () => {
  const again = (state: Ledger, id: string, at: number): [Ledger, Attempt] => {
    const it = { ...attempt(id, 3, updateMove()), begunAt: at, sendBefore: at + 1 };
    return [begun(state, it, { lifetime: LIFETIME }), it];
  };
  const LATER = 2 * LIFETIME;

  test('a try that was stored and not answered stays on record when a later one is refused', () => {
    const [first] = again(emptyLedger(1), 'first', NOW);
    const [second, it] = again(settledUnknown(first, 'first'), 'second', NOW + LATER);
    expect(ids(settled(second, it, REFUSED, destination()))).toEqual(['first']);
  });

  test('however many tries, two copies of them at most once they can no longer arrive; one after an answer', () => {
    let state = emptyLedger(1);
    for (let count = 1; count <= 5; count++) state = settledUnknown(again(state, `try-${count}`, NOW + count * LATER)[0], `try-${count}`);
    expect(ids(state)).toEqual(['try-4', 'try-5']);
    const [open, it] = again(state, 'last', NOW + 6 * LATER);
    expect(ids(settled(open, it, ACCEPTED, destination()))).toEqual(['last']);
  });
});

describe('settled', () => {
  const settle = (copies: readonly Copy[], it: Attempt, outcome: Outcome, change: Partial<Destination> = {}): Ledger =>
    settled(begun(ledger(copies), it, { lifetime: LIFETIME }), it, outcome, destination(change));
  const update = attempt('u', 5, updateMove());
  const recall = attempt('r', 5, recallMove());

  test('I2: unknown: everything stays as it was written before the wire, and it counts as a failure', () => {
    const after = settle([copy('a', 1)], update, UNKNOWN);
    expect(ids(after)).toEqual(['a', 'u']);
    expect(one(after, 'u')).toMatchObject({ state: 'uncertain', acceptedSince: false });
    expect(after).toMatchObject({ failures: 1, last: { outcome: 'unknown' } });
    expect(settledUnknown(begun(ledger([copy('a', 1)]), update, { lifetime: LIFETIME }), 'u')).toEqual(after);
    expect(settledUnknown(after, 'another').last).toEqual(after.last);
  });

  test('refused removes only its own copy', () => {
    const after = settle([copy('a', 1), uncertain('b', 2, NOW + 1)], update, REFUSED);
    expect(ids(after)).toEqual(['a', 'b']);
    expect(after).toMatchObject({ failures: 1, last: { outcome: 'refused' } });
  });

  test('accepted: its copy is held, nothing of it is in doubt, and failures are forgotten', () => {
    const it = begun(ledger([], { failures: 3 }), update, { lifetime: LIFETIME });
    const after = settled(it, update, ACCEPTED, destination());
    expect(after.copies).toEqual([copy('u', 5)]);
    expect(after).toMatchObject({ failures: 0, last: { outcome: 'accepted' } });
  });

  test('an accepted recall leaves no copy of its own, and ends what it had begun', () => {
    const after = settle([copy('a', 1)], recall, ACCEPTED);
    expect(after.copies).toEqual([]);
    expect(after.recallSince).toBeNull();
    expect(settle([copy('a', 1)], recall, UNKNOWN).recallSince).toBe(NOW);
  });

  test('an accepted update does not end a recall elsewhere', () => {
    const it = begun(ledger([copy('x', 1, { place: ELSEWHERE })], { recallSince: NOW - 5 }), update, { lifetime: LIFETIME });
    expect(settled(it, update, ACCEPTED, destination()).recallSince).toBe(NOW - 5);
  });

  test('when what is sent has ended there by agreement: at the latest, so counted from when it can last arrive', () => {
    const agreed = { lifetime: LIFETIME, copiesEndAfter: 5 * LIFETIME };
    const [own] = begun(ledger([]), update, agreed).copies;
    expect(own?.endsAt).toBe(update.sendBefore + 6 * LIFETIME);
    // A recall has no content to end. What was sent before an end was agreed has one from now on, and no other is moved.
    const after = begun(ledger([copy('a', 1), copy('b', 2, { endsAt: NOW + 3 })]), recall, agreed).copies;
    expect(after.map(({ endsAt }) => endsAt)).toEqual([recall.begunAt + 5 * LIFETIME, NOW + 3, undefined]);
    expect(begun(ledger([]), update, { lifetime: LIFETIME }).copies[0]).not.toHaveProperty('endsAt');
  });

  /** What an acceptance at sequence 5, first said at NOW, does to another copy. */
  const others: readonly (readonly [string, Copy, Partial<Destination>, 'gone' | 'stays' | 'waits'])[] = [
    ['answered, lower, here', copy('p', 1, { effect: 'digest-0' }), {}, 'gone'],
    ['in doubt, can no longer arrive', uncertain('p', 1, NOW), {}, 'gone'],
    ['in doubt, may still arrive', uncertain('p', 1, NOW + 1), {}, 'waits'],
    ['in doubt, may still arrive, but lower sequences are refused', uncertain('p', 1, NOW + 1), { refusesLowerSequence: true }, 'gone'],
    ['a recall in doubt that may still arrive', uncertain('p', 1, NOW + 1, { effect: null }), {}, 'waits'],
    ['in doubt elsewhere', uncertain('p', 1, NOW, { place: ELSEWHERE }), { refusesLowerSequence: true }, 'stays'],
    ['answered elsewhere', copy('p', 1, { place: ELSEWHERE }), { refusesLowerSequence: true }, 'stays'],
    ['of a higher sequence', uncertain('p', 6, NOW), { refusesLowerSequence: true }, 'stays'],
    ['held, of a higher sequence', copy('p', 6), { refusesLowerSequence: true }, 'stays'],
    ['of an older epoch with a higher count', uncertain('p', 9, NOW, { sequence: { epoch: 0, count: 9 } }), {}, 'gone'],
    ['a second document that no message cancels', copy('p', 1, { effect: 'digest-0' }), FILED_FOR_GOOD, 'waits'],
    [
      'one that has ended',
      copy('p', 1, { endsAt: NOW }),
      { ...FILED_FOR_GOOD, recallForm: 'expires', copiesEndAfter: 5 * LIFETIME },
      'gone',
    ],
    [
      'one that has not ended',
      copy('p', 1, { endsAt: NOW + 1 }),
      { ...FILED_FOR_GOOD, recallForm: 'expires', copiesEndAfter: 5 * LIFETIME },
      'waits',
    ],
    ['with the same ids, may still arrive', uncertain('p', 5, NOW + 1), { refusesLowerSequence: true }, 'waits'],
  ];
  test.each(others)('I2: what an acceptance empties: %s', (_, before, change, expected) => {
    const after = settle([before], update, ACCEPTED, change);
    const found = after.copies.find(({ id }) => id === 'p');
    expect(found === undefined ? 'gone' : found.acceptedSince ? 'waits' : 'stays').toBe(expected);
    if (expected === 'stays') expect(found).toEqual(before);
    if (expected === 'waits') expect(found?.state).toBe(change.channel === undefined ? 'uncertain' : before.state);
  });

  test('an acceptance counts from the first attempt with its ids', () => {
    const retry = attempt('u2', 5, updateMove({ retryOf }), { since: NOW - 9_000 });
    expect(one(settle([uncertain('p', 1, NOW - 9_000 + 1)], retry, ACCEPTED), 'p').acceptedSince).toBe(true);
    expect(ids(settle([uncertain('p', 1, NOW - 9_000)], retry, ACCEPTED))).toEqual(['u2']);
  });

  test('an attempt that is answered does not move when the others are said again', () => {
    const before = uncertain('p', 1, NOW + 7);
    expect(one(settle([before], update, ACCEPTED), 'p').againAt).toBe(NOW + 7);
  });
});

describe('readBy: a read by a recipient that stores what it reads', () => {
  const read = { id: 'read', place: HERE, effect: 'digest-1', headings: ['please-do'] as const, at: NOW, lifetime: LIFETIME };

  test('I2: leaves an uncertain copy without a document, with a higher sequence', () => {
    const after = readBy(ledger([copy('a', 1)]), read, 1);
    expect(ids(after)).toEqual(['a', 'read']);
    expect(one(after, 'read')).toMatchObject({
      documentId: '',
      state: 'uncertain',
      againAt: NOW + LIFETIME,
      sequence: { epoch: 1, count: 2 },
      acceptedSince: false,
    });
    expect(after.sequence).toEqual({ epoch: 1, count: 2 });
    expect(readBy(ledger([copy('a', 1)]), read, 2).sequence).toEqual({ epoch: 2, count: 1 });
  });

  test('reading the same again moves its time on, and leaves one copy; reading something else leaves two', () => {
    const once = readBy(emptyLedger(1), read, 1);
    expect(ids(readBy(once, { ...read, id: 'again', at: NOW + 9 }, 1))).toEqual(['again']);
    expect(ids(readBy(once, { ...read, id: 'other', effect: 'digest-2' }, 1))).toEqual(['read', 'other']);
    expect(ids(readBy(once, { ...read, id: 'there', place: ELSEWHERE }, 1))).toEqual(['read', 'there']);
  });

  test('what was pushed is not taken for what was read', () => {
    expect(ids(readBy(ledger([uncertain('a', 1, NOW)]), read, 1))).toEqual(['a', 'read']);
  });

  test('an attempt that is open stays so; nothing else is a retry any more', () => {
    expect(readBy(begun(emptyLedger(1), attempt('u', 1, updateMove()), { lifetime: LIFETIME }), read, 1).last).toMatchObject({
      id: 'u',
      outcome: 'open',
    });
    expect(readBy(ledger([], { last: retryOf }), read, 1).last).toBeNull();
  });

  test('I2: a read while an update is open is not emptied by its acceptance', () => {
    const it = attempt('u', 1, updateMove());
    const after = settled(
      readBy(begun(emptyLedger(1), it, { lifetime: LIFETIME }), { ...read, effect: 'digest-2' }, 1),
      it,
      ACCEPTED,
      destination(),
    );
    expect(ids(after)).toEqual(['u', 'read']);
    expect(one(after, 'u').state).toBe('held');
  });
});

describe('a read while an update is open whose retry keeps its sequence', () => {
  const read = { id: 'read', place: HERE, effect: 'digest-2', headings: ['please-do'] as const, at: NOW, lifetime: LIFETIME };
  const it = attempt('u', 1, updateMove());
  const lost = settled(readBy(begun(emptyLedger(1), it, { lifetime: LIFETIME }), read, 1), it, UNKNOWN, destination());

  test('I2: the sequence of the read is not given out again', () => {
    if (lost.last === null) throw new Error('it is still the last attempt');
    const move = updateMove({ retryOf: lost.last });
    const retry = attempt('u2', 1, move, { sequence: nextSequence(lost, move, 1) });
    const after = begun(lost, retry, { lifetime: LIFETIME });
    expect(retry.sequence).toEqual({ epoch: 1, count: 1 });
    expect(after.sequence).toEqual({ epoch: 1, count: 2 });
    expect(nextSequence(after, updateMove(), 1)).toEqual({ epoch: 1, count: 3 });
  });
});

describe('I4 I5: how a recipient counts its disclosure', () => {
  test('one higher, and of now, only when what it sees is not what it last saw', () => {
    const first = disclosedAs(emptyLedger(1), 'd1', 10);
    expect(first).toEqual({ digest: 'd1', version: 1, at: 10 });
    const state = ledger([], { disclosed: first });
    expect(disclosedAs(state, 'd1', 20)).toEqual(first);
    expect(disclosedAs(state, 'd2', 30)).toEqual({ digest: 'd2', version: 2, at: 30 });
  });
  test('a recall does not count', () => {
    const state = ledger([copy('a', 1)], { disclosed: { digest: 'd1', version: 4, at: 10 } });
    expect(begun(state, attempt('r', 2, recallMove()), { lifetime: LIFETIME }).disclosed).toEqual({ digest: 'd1', version: 4, at: 10 });
  });
});

describe('backoff', () => {
  const rows: readonly (readonly [number, number, number])[] = [
    [1, 500, 1_000],
    [2, 1_000, 2_000],
    [4, 4_000, 8_000],
    [7, 30_000, 60_000],
    [50, 30_000, 60_000],
    [0, 500, 1_000],
  ];
  test.each(rows)('after %i failures between %i and %i ms', (failures, least, most) => {
    expect(backoff(failures, 1_000, 60_000, 0)).toBe(least);
    expect(backoff(failures, 1_000, 60_000, 0.999_999)).toBe(most);
  });
});

describe('refusedBy: a read that was refused', () => {
  const wanted: Desired = { hold: 'digest-1', place: HERE, headings: ['please-do'], purpose: 'TREAT', until: null };

  test('I3: where something was told, it is in doubt from a higher sequence on, once', () => {
    const told = ledger([copy('a', 1)]);
    const after = refusedBy(told, 'vain', 1);
    expect(ids(after)).toEqual(['a', 'vain']);
    expect(one(after, 'vain')).toMatchObject({
      effect: null,
      place: HERE,
      documentId: '',
      againAt: null,
      sequence: { epoch: 1, count: 2 },
    });
    expect(refusedBy(after, 'again', 1)).toBe(after);
    expect(step(wanted, after, NOW, destination())).toMatchObject({ kind: 'update', retryOf: null });
  });

  test('I3: what was under way when it read does not settle it; what is told after does', () => {
    const it = attempt('u', 1, updateMove());
    const open = refusedBy(begun(emptyLedger(1), it, { lifetime: LIFETIME }), 'vain', 1);
    expect(open.last).toMatchObject({ id: 'u', outcome: 'open' });
    const answered = settled(open, it, ACCEPTED, destination());
    expect(ids(answered)).toEqual(['u', 'vain']);
    const again = attempt('v', 3, updateMove());
    expect(ids(settled(begun(answered, again, { lifetime: LIFETIME }), again, ACCEPTED, destination()))).toEqual(['v']);
  });

  test('where nothing was told, or a recall was begun after it, nothing changes', () => {
    const nothing = emptyLedger(1);
    expect(refusedBy(nothing, 'vain', 1)).toBe(nothing);
    const recalled = ledger([copy('a', 1), uncertain('r', 2, NOW + 5_000, { effect: null })]);
    expect(refusedBy(recalled, 'vain', 1)).toBe(recalled);
  });
});
