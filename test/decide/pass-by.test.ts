import { describe, expect, test } from '@jest/globals';
import { step } from '../../src/decide/step.ts';
import type { Action, Desired, LastAttempt, Ledger } from '../../src/model/ledger.ts';
import type { Destination } from '../../src/model/recipient.ts';
import { copy, destination, ELSEWHERE, HERE, ledger, LIFETIME, NOW } from './sample.ts';

const hold = (digest = 'digest-1', until: number | null = null): Desired => ({
  hold: digest,
  place: HERE,
  headings: ['please-do'],
  purpose: 'ETREAT',
  until,
});
const nothing = (until: number | null = null): Desired => ({ nothing: true, because: 'no-consent', until });
const last = (change: Partial<LastAttempt> = {}): LastAttempt => ({
  id: 'last',
  kind: 'update',
  place: HERE,
  effect: 'digest-1',
  since: NOW - 10_000,
  sequence: { epoch: 1, count: 1 },
  documentId: 'document-last',
  documents: [],
  outcome: 'unknown',
  ...change,
});
const go = (want: Desired, state: Ledger, change: Partial<Destination> = {}): Action => step(want, state, NOW, destination(change));
const kindOf = (action: Action): string =>
  action.kind === 'rest' ? 'rest' : `${action.kind} ${action.place.identity === HERE.identity ? 'here' : 'elsewhere'}`;

describe('step: a recall of the old identity that nobody answers does not hold the new one back for ever', () => {
  const away = copy('a', 1, { place: ELSEWHERE });
  const lost = last({ kind: 'recall', effect: null, place: ELSEWHERE, documents: ['document-a'] });
  const state = (since: number, change: Partial<Ledger> = {}): Ledger => ledger([away], { last: lost, recallSince: since, ...change });

  test('within the lifetime of a message it goes on', () => {
    expect(kindOf(go(hold(), state(NOW - LIFETIME)))).toBe('recall elsewhere');
  });
  test('after it the new copy takes its turn', () => {
    expect(kindOf(go(hold(), state(NOW - LIFETIME - 1)))).toBe('update here');
  });
  test('and then the recall again', () => {
    expect(kindOf(go(hold(), state(NOW - LIFETIME - 1, { last: last({ outcome: 'accepted' }), copies: [away, copy('b', 2)] })))).toBe(
      'recall elsewhere',
    );
  });
  test('a recall that was answered held nothing back: the next place is asked before the new copy', () => {
    expect(kindOf(go(hold(), state(0, { recallSince: null, last: { ...lost, outcome: 'accepted' } })))).toBe('recall elsewhere');
  });
  test('the turn is that of the new copy only after a recall: not after an update of the old place, nor after a read', () => {
    expect(kindOf(go(hold(), state(NOW - LIFETIME - 1, { last: last({ place: ELSEWHERE }) })))).toBe('recall elsewhere');
    expect(kindOf(go(hold(), state(NOW - LIFETIME - 1, { last: null })))).toBe('recall elsewhere');
  });
  test('also when the new copy is held: it keeps asking', () => {
    expect(kindOf(go(hold(), state(NOW - LIFETIME - 1, { copies: [away, copy('b', 2)] })))).toBe('recall elsewhere');
  });
  test('with nothing wanted there is nothing to pass by', () => {
    expect(kindOf(go(nothing(), state(NOW - LIFETIME - 1)))).toBe('recall elsewhere');
  });
  test('of two places the one that has just failed to answer comes last', () => {
    const other = { address: 'https://old.example', identity: HERE.identity };
    const two = state(NOW - 1_000, { copies: [away, copy('b', 2, { place: other })] });
    expect(go(nothing(), two)).toMatchObject({ kind: 'recall', place: other });
    expect(go(nothing(), { ...two, last: { ...lost, place: other } })).toMatchObject({ kind: 'recall', place: ELSEWHERE });
    expect(go(nothing(), { ...two, last: { ...lost, outcome: 'accepted' } })).toMatchObject({ kind: 'recall', place: ELSEWHERE });
  });
});
