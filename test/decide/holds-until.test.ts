import { describe, expect, test } from '@jest/globals';
import { holdsUntil } from '../../src/decide/holds-until.ts';
import { HOUR } from '../../src/model/instant.ts';
import { agreement, consent, deny, facts, NOW, permit, person, plan } from './sample.ts';

const END = NOW + 12 * HOUR;
const during = (start: number | null, end: number | null) => ({
  start: start === null ? null : NOW + start * HOUR,
  end: end === null ? null : NOW + end * HOUR,
});
const out = plan({ reach: { recipientIds: [], areas: [] } });

describe('I1 whether somebody may be flagged to the end of a list', () => {
  test.each([
    ['nothing ends', {}, true],
    ['nobody may hold it now', { person: person({ restricted: true }) }, false],
    ['a consent ends before', { consents: [consent('a', [permit({ period: during(null, 5) })])] }, false],
    ['a consent ends with the list', { consents: [consent('a', [permit({ period: during(null, 12) })])] }, true],
    ['a consent ends a moment before', { consents: [consent('a', [permit({ period: { start: null, end: END - 1 } })])] }, false],
    ['a consent begins later', { consents: [consent('a', [permit({ period: during(1, null) })])] }, false],
    [
      'one consent ends and another has begun',
      { consents: [consent('a', [permit({ period: during(null, 5) })]), consent('b', [permit({ period: during(4, null) })])] },
      true,
    ],
    [
      'one ends and the other begins an hour later',
      { consents: [consent('a', [permit({ period: during(null, 5) })]), consent('b', [permit({ period: during(6, null) })])] },
      false,
    ],
    [
      'a deny begins in the middle, and ends',
      { consents: [consent('a', [permit()]), consent('b', [deny({ period: during(3, 4) })])] },
      false,
    ],
    ['a deny begins after the end', { consents: [consent('a', [permit()]), consent('b', [deny({ period: during(13, null) })])] }, true],
    ['an agreement ends before', { agreements: [agreement({ period: during(null, 11) })] }, false],
    ['a contact ends before', { plan: out, openContacts: [{ until: NOW + HOUR }] }, false],
    ['a contact is open', { plan: out, openContacts: [{ until: null }] }, true],
  ] as const)('%s', (_, change, expected) => {
    expect(holdsUntil(facts(change), NOW, END)).toBe(expected);
  });

  test('a list that has ended is held by nobody’s leave, and asks nothing', () => {
    expect(holdsUntil(facts({ person: person({ alive: false }) }), END, END)).toBe(true);
  });
});
