import { describe, expect, test } from '@jest/globals';
import { changedHeadings, type Worded } from '../../src/decide/changed-headings.ts';
import { reviewState } from '../../src/decide/review-state.ts';
import type { Refusal } from '../../src/model/refusal.ts';
import { version } from './sample.ts';

describe('where a draft stands', () => {
  test.each([
    ['never submitted', { bytes: 'b', reviewed: null, openRequests: 0 }, 'draft'],
    ['other bytes than were submitted', { bytes: 'c', reviewed: 'b', openRequests: 3 }, 'draft'],
    ['the bytes that were submitted', { bytes: 'b', reviewed: 'b', openRequests: 0 }, 'in-review'],
    ['a change was asked for', { bytes: 'b', reviewed: 'b', openRequests: 1 }, 'changes-requested'],
  ] as const)('%s: %s', (_what, now, state) => expect(reviewState(now)).toBe(state));
});

const proxy = { is: 'legal-proxy', heading: 'refusals', name: 'Testattorney' } as unknown as Refusal;
const worded = (change: Partial<Worded> = {}): Worded => ({
  sections: [
    { heading: 'who-to-ring', div: '<div>Ring</div>' },
    { heading: 'please-do', div: '<div>Speak slowly</div>' },
  ],
  actions: [{ heading: 'crisis-steps', description: 'Count to ten' }],
  projections: version(['please-do', 'who-to-ring', 'crisis-steps']).projections,
  ...change,
});
const changes = (before: Worded | null, after: Worded) =>
  changedHeadings(before, after).map(({ heading, change }) => `${heading} ${change}`);

describe('a draft against the version in force, heading by heading', () => {
  test('in the order in which a plan is read; where nothing is in force everything is added', () => {
    expect(changes(null, worded())).toEqual(['please-do added', 'crisis-steps added', 'who-to-ring added']);
    expect(changes(worded(), worded())).toEqual(['please-do same', 'crisis-steps same', 'who-to-ring same']);
  });

  test('words, actions and refusals that came, went or are others', () => {
    const [ring, please] = worded().sections;
    if (ring === undefined || please === undefined) throw new Error('there are two');
    expect(changes(worded(), worded({ sections: [please] }))).toContain('who-to-ring removed');
    expect(changes(worded({ sections: [please] }), worded())).toContain('who-to-ring added');
    expect(changes(worded(), worded({ sections: [ring, { ...please, div: '<div>Speak up</div>' }] }))).toContain('please-do changed');
    expect(changes(worded(), worded({ actions: [{ heading: 'crisis-steps', description: 'Walk' }] }))).toContain('crisis-steps changed');
    expect(changes(worded(), worded({ actions: [] }))).toContain('crisis-steps removed');
    expect(changes(worded(), worded({ refusals: [proxy] }))).toEqual([
      'please-do same',
      'crisis-steps same',
      'who-to-ring same',
      'refusals added',
    ]);
    expect(changes(worded({ refusals: [proxy] }), worded({ refusals: [] }))).toContain('refusals removed');
  });

  test('both are shown as they are', () => {
    const [please] = changedHeadings(null, worded());
    expect(please).toMatchObject({ before: null, after: { div: '<div>Speak slowly</div>', actions: [], refusals: [] } });
    const steps = changedHeadings(worded(), worded()).find(({ heading }) => heading === 'crisis-steps');
    expect(steps?.before).toEqual({ div: null, actions: ['Count to ten'], refusals: [] });
  });

  test('a kind is named where what it would be shown is another, by the hashes that are signed', () => {
    const police = version(['please-do', 'who-to-ring', 'crisis-steps'], {}, { police: ['who-to-ring'] }).projections;
    const kinds = (before: Worded | null, after: Worded) =>
      Object.fromEntries(changedHeadings(before, after).map(({ heading, kinds: seeing }) => [heading, seeing]));
    expect(kinds(worded(), worded({ projections: police }))).toEqual({
      'please-do': ['police'],
      'crisis-steps': ['police'],
      'who-to-ring': [],
    });
    expect(kinds(null, worded({ projections: police }))['please-do']).toEqual(['publisher', 'epr', 'ed', 'ambulance', 'crisis-line']);
  });
});
