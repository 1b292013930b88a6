import { describe, expect, test } from '@jest/globals';
import type { MessageOutcome } from '../../src/decide/combine-outcomes.ts';
import { combineOutcomes } from '../../src/decide/combine-outcomes.ts';
import type { Outcome } from '../../src/model/ledger.ts';

const yes: Outcome = { kind: 'accepted', level: 'application' };
const stored: Outcome = { kind: 'accepted', level: 'stored' };
const no: Outcome = { kind: 'refused', because: 'AE', retry: false };
const later: Outcome = { kind: 'refused', because: 'abandoned', retry: true };
const open: Outcome = { kind: 'unknown', because: 'CA' };
const words = (outcome: Outcome): MessageOutcome => ({ outcome, carries: true });
const cancel = (outcome: Outcome): MessageOutcome => ({ outcome, carries: false });

describe('what became of a parcel', () => {
  test.each([
    ['one message is as it is', 'update', [words(yes)], yes],
    ['the level is the least', 'update', [words(yes), words(stored)], stored],
    ['one that is not known makes it not known', 'update', [cancel(no), words(open)], open],
    ['content that was refused is not there, whatever became of what was to go before it', 'update', [cancel(yes), words(no)], no],
    [
      'content that is there beside a cancellation that was refused is not known',
      'update',
      [cancel(no), words(yes)],
      { kind: 'unknown', because: 'in-part-AE' },
    ],
    [
      'I2 a flag that is there beside a document that was refused is not known',
      'update',
      [words(no), words(yes)],
      { kind: 'unknown', because: 'in-part-AE' },
    ],
    [
      'I2 a document that is there beside a flag that was never sent is not known',
      'update',
      [words(yes), words(later)],
      { kind: 'unknown', because: 'in-part-abandoned' },
    ],
    ['a document and a flag that were both refused are not there', 'update', [words(no), words(later)], { ...no, retry: true }],
    ['I2 a recall of which a part was refused is owed', 'recall', [cancel(yes), cancel(no)], no],
    ['a recall of which all was accepted is done', 'recall', [cancel(yes), cancel(stored)], stored],
  ] satisfies readonly (readonly [string, 'update' | 'recall', [MessageOutcome, ...MessageOutcome[]], Outcome])[])(
    '%s',
    (_, kind, messages, outcome) => {
      expect(combineOutcomes(kind, messages)).toEqual(outcome);
    },
  );
});
