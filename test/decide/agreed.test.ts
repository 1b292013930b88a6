import { describe, expect, test } from '@jest/globals';
import { agreed } from '../../src/decide/agreed.ts';
import type { Agreement } from '../../src/model/agreement.ts';
import { agreement, NOW } from './sample.ts';

const ROWS: readonly (readonly [string, readonly Partial<Agreement>[], readonly string[]])[] = [
  ['no agreement allows nothing', [], []],
  ['one that is not executed allows nothing', [{ executed: false }], []],
  ['one in force allows its headings', [{ headings: ['please-do', 'triggers'] }], ['please-do', 'triggers']],
  ['one for another purpose allows nothing', [{ purposes: ['TREAT', 'COC', 'crisis-response'] }], []],
  ['one that has no purpose allows nothing', [{ purposes: [] }], []],
  ['one that has no heading allows nothing', [{ headings: [] }], []],
  ['one that begins now allows', [{ headings: ['triggers'], period: { start: NOW, end: null } }], ['triggers']],
  ['one that begins in a moment does not yet', [{ period: { start: NOW + 1, end: null } }], []],
  ['one whose last moment this is allows', [{ headings: ['triggers'], period: { start: null, end: NOW + 1 } }], ['triggers']],
  ['one that ends now does not', [{ period: { start: null, end: NOW } }], []],
  [
    'two in force add up, those that are not add nothing',
    [{ headings: ['triggers'] }, { headings: ['please-do', 'triggers'] }, { headings: ['safety'], executed: false }],
    ['please-do', 'triggers'],
  ],
];

describe('G7 agreed: what the agreements of a pair allow for ETREAT', () => {
  test.each(ROWS)('%s', (_, changes, expected) => {
    const headings = agreed(changes.map(agreement), 'ETREAT', NOW);
    expect([...headings].sort()).toEqual(expected);
  });
});
