import { describe, expect, test } from '@jest/globals';
import { type ApprovalEvidence, checkApproval } from '../../src/decide/check-approval.ts';
import { RECIPIENT_KINDS } from '../../src/model/kind.ts';

const hashes = Object.fromEntries(RECIPIENT_KINDS.map((kind) => [kind, `hash of ${kind}`]));
const whole: ApprovalEvidence = {
  row: { bytes: 'b', projections: hashes },
  words: { bytes: 'b', projections: hashes, stored: hashes, changed: [] },
  seal: { signature: 'good', differs: [] },
};
const found = (change: Partial<ApprovalEvidence>) =>
  checkApproval({ ...whole, ...change }).map(({ what, kind }) => `${what} ${kind ?? '-'}`);
const words = (change: Partial<NonNullable<ApprovalEvidence['words']>>): Partial<ApprovalEvidence> => ({
  words: { bytes: 'b', projections: hashes, stored: hashes, changed: [], ...change },
});

describe('an approved version is held against its seal', () => {
  test('one that is whole has no findings', () => expect(checkApproval(whole)).toEqual([]));

  test.each<[string, Partial<ApprovalEvidence>, readonly string[]]>([
    ['no seal', { seal: null }, ['unsealed -']],
    ['a key that nobody vouches for', { seal: { signature: 'unknown-key', differs: ['bytes'] } }, ['key -']],
    ['another Provenance', { seal: { signature: 'wrong', differs: ['bytes'] } }, ['seal -']],
    ['what differs, each by itself', { seal: { signature: 'good', differs: ['number', 'approver'] } }, ['provenance -', 'provenance -']],
    ['other bytes', words({ bytes: 'c' }), ['bytes -']],
    ['bytes that give other words for a kind', words({ projections: { ...hashes, police: 'other' } }), ['projection police']],
    ['other words that leave to a kind', words({ stored: { ...hashes, ed: 'other' } }), ['words ed']],
    ['no words for a kind', words({ stored: { ...hashes, ed: undefined } as never }), ['words ed']],
    ['resources that were changed', words({ changed: ['CarePlan', 'Composition'] }), ['record -', 'record -']],
    ['words that were erased', { words: null }, ['erased -']],
    ['words that were erased, and the seal with them', { words: null, seal: null }, ['erased -']],
    ['words that were erased, and another Provenance', { words: null, seal: { signature: 'wrong', differs: [] } }, ['seal -', 'erased -']],
  ])('%s', (_what, change, expected) => {
    expect(found(change)).toEqual(expected);
  });

  test('what differs is named, and each finding says why', () => {
    const all = checkApproval({
      ...whole,
      ...words({ bytes: 'c', changed: ['CarePlan'] }),
      seal: { signature: 'good', differs: ['number'] },
    });
    expect(all.map(({ why }) => why)).toEqual([
      expect.stringMatching(/: number$/),
      expect.stringContaining('hash that was signed'),
      expect.stringMatching(/^the CarePlan /),
    ]);
  });
});
