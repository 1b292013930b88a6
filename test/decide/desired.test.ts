import { describe, expect, test } from '@jest/globals';
import { closedTo, desired, FREEZE, isInReach } from '../../src/decide/desired.ts';
import type { Actor } from '../../src/model/consent.ts';
import type { Facts } from '../../src/model/facts.ts';
import type { Heading } from '../../src/model/heading.ts';
import { HEADINGS, kindMaySee } from '../../src/model/heading.ts';
import { RECIPIENT_KINDS } from '../../src/model/kind.ts';
import type { Desired } from '../../src/model/ledger.ts';
import { holds } from '../../src/model/ledger.ts';
import {
  agreement,
  consent,
  deny,
  destination,
  facts,
  NOW,
  NUMBER,
  OTHER_NUMBER,
  permit,
  person,
  plan,
  recipient,
  version,
} from './sample.ts';

const pull = destination({ channel: 'pull', address: 'pull:' });
const ahead = NOW + 1_000;
const undecidable = consent('u', [], { undecidable: 'why', recordedAt: NOW - 1_000 });

const why = (want: Desired): string => (holds(want) ? 'holds' : 'freeze' in want ? `freeze: ${want.because}` : want.because);
const held = (want: Desired): Extract<Desired, { hold: string }> => {
  if (!holds(want)) throw new Error(why(want));
  return want;
};

/** Each gate alone, and the last one that lets through. Design section 4. */
const GATES: readonly (readonly [string, Partial<Facts>, string])[] = [
  ['all gates open', {}, 'holds'],
  // 0. Person and reach.
  ['the person has died', { person: person({ alive: false }) }, 'not-alive'],
  ['the record is restricted', { person: person({ restricted: true }) }, 'restricted'],
  ['the record is restricted, on look-up', { person: person({ restricted: true }), destination: pull }, 'restricted'],
  ['there is no NHS number', { person: person({ nhsNumber: null, traced: false }) }, 'not-traced'],
  ['the NHS number is not traced', { person: person({ traced: false }) }, 'not-traced'],
  ['the NHS number is not traced, on look-up', { person: person({ traced: false }), destination: pull }, 'not-traced'],
  [
    'the NHS number is not traced, and the recipient matched',
    { person: person({ traced: false }), destination: pull, matched: true },
    'holds',
  ],
  [
    'matched, and restricted all the same',
    { person: person({ restricted: true, traced: false }), destination: pull, matched: true },
    'restricted',
  ],
  ['matched, and the person has died', { person: person({ alive: false, traced: false }), destination: pull, matched: true }, 'not-alive'],
  ['nobody is in reach', { plan: plan({ reach: { recipientIds: [], areas: [] } }) }, 'out-of-reach'],
  ['another service is in reach', { plan: plan({ reach: { recipientIds: ['other'], areas: [] } }) }, 'out-of-reach'],
  ['out of reach a look-up shows', { plan: plan({ reach: { recipientIds: [], areas: [] } }), destination: pull }, 'holds'],
  // 1. Plan.
  ['the plan is withdrawn', { plan: plan({ withdrawn: true }) }, 'withdrawn'],
  ['no version is approved', { plan: plan({ version: null }) }, 'no-approved-version'],
  ['the review date is over', { plan: plan({ version: version(HEADINGS, { reviewDate: '2020-01-01' }) }) }, 'holds'],
  ['expired, with a contact card', { plan: plan({ version: version(HEADINGS, { expiresAt: NOW }) }) }, 'holds'],
  ['expired, without a contact card', { plan: plan({ version: version(['triggers'], { expiresAt: NOW }) }) }, 'nothing-to-disclose'],
  // 2. Agreement.
  ['there is no agreement', { agreements: [] }, 'no-agreement'],
  ['no agreement is executed', { agreements: [agreement({ executed: false })] }, 'no-agreement'],
  ['the agreement has ended', { agreements: [agreement({ period: { start: null, end: NOW } })] }, 'no-agreement'],
  ['the agreement has not begun', { agreements: [agreement({ period: { start: ahead, end: null } })] }, 'no-agreement'],
  ["the agreement is for police's purpose only", { agreements: [agreement({ purposes: ['crisis-response'] })] }, 'no-agreement'],
  ['without an agreement, on look-up', { agreements: [], destination: pull }, 'no-agreement'],
  // 3. Consent.
  ['there is no consent', { consents: [] }, 'no-consent'],
  ['the consent is revoked', { consents: [consent('c', [permit()], { active: false })] }, 'no-consent'],
  ['another consent denies', { consents: [consent('c', [permit()]), consent('d', [deny()])] }, 'no-consent'],
  ['without consent, on look-up', { consents: [], destination: pull }, 'no-consent'],
  ['a consent cannot be computed', { consents: [consent('c', [permit()]), undecidable] }, 'freeze: consent-undecidable'],
  [
    'a consent cannot be computed, on look-up',
    { consents: [consent('c', [permit()]), undecidable], destination: pull },
    'freeze: consent-undecidable',
  ],
  // 4. Kind, and what was signed for it.
  ['the kind may see none of the words', { plan: plan({ version: version(['coping', 'formulation']) }) }, 'nothing-to-disclose'],
  ['nothing was signed for the kind', { plan: plan({ version: version(HEADINGS, {}, { ed: [] }) }) }, 'nothing-to-disclose'],
  [
    'agreement and consent do not meet, under the one purpose that both name',
    {
      agreements: [agreement({ purposes: ['TREAT'], headings: ['triggers'] })],
      consents: [consent('c', [permit({ purposes: ['TREAT'], headings: ['safety'] })])],
    },
    'nothing-to-disclose',
  ],
  [
    'agreement and consent do not meet',
    { agreements: [agreement({ headings: ['triggers'] })], consents: [consent('c', [permit({ headings: ['safety'] })])] },
    'nothing-to-disclose',
  ],
];

describe('I4: desired: each gate', () => {
  test.each(GATES)('%s', (_, change, expected) => {
    expect(why(desired(facts(change), NOW))).toBe(expected);
  });

  test('without an approved version a plan is closed, whoever asks', () => {
    expect(closedTo(facts({ plan: plan({ version: null }) }))).toBe('no-approved-version');
    expect(closedTo(facts())).toBeNull();
  });

  test('a number that is not traced is neither the identity nor in the digest of what a match let see', () => {
    const untraced = (nhsNumber: string | null) =>
      held(desired(facts({ person: person({ traced: false, nhsNumber }), destination: pull, matched: true }), NOW));
    expect(untraced(NUMBER).place.identity).toBe('-');
    expect(untraced(NUMBER)).toEqual(untraced(OTHER_NUMBER));
    expect(untraced(NUMBER)).toEqual(untraced(null));
    expect(held(desired(facts({ destination: pull, matched: true }), NOW)).place.identity).toBe(NUMBER);
  });

  test('I11: a decided nothing beats a freeze, at every gate', () => {
    const consents = [consent('c', [permit()]), undecidable];
    const decided: readonly Partial<Facts>[] = [
      { person: person({ alive: false }) },
      { person: person({ restricted: true }) },
      { person: person({ traced: false }) },
      { plan: plan({ withdrawn: true }) },
      { plan: plan({ version: null }) },
      { plan: plan({ reach: { recipientIds: [], areas: [] } }) },
      { agreements: [] },
      { agreements: [agreement({ executed: false })] },
    ];
    for (const change of decided) expect(desired(facts({ consents, ...change }), NOW)).toMatchObject({ nothing: true });
    expect(desired(facts({ consents: [...consents, consent('d', [])] }), NOW)).toMatchObject({ nothing: true, because: 'no-consent' });
  });
});

describe('desired: reach', () => {
  const out = { recipientIds: [], areas: [] };
  const rows: readonly (readonly [string, Partial<Facts>, boolean])[] = [
    ['named', { plan: plan() }, true],
    ['by area', { plan: plan({ reach: { recipientIds: [], areas: ['QWO', 'QOP'] } }), recipient: recipient({ areas: ['QOP'] }) }, true],
    ['another area', { plan: plan({ reach: { recipientIds: [], areas: ['QWO'] } }), recipient: recipient({ areas: ['QOP'] }) }, false],
    ['an open contact', { plan: plan({ reach: out }), openContacts: [{ until: null }] }, true],
    ['a contact that ends in a moment', { plan: plan({ reach: out }), openContacts: [{ until: NOW + 1 }] }, true],
    ['a contact that ends now', { plan: plan({ reach: out }), openContacts: [{ until: NOW }] }, false],
    ['none', { plan: plan({ reach: out }) }, false],
  ];
  test.each(rows)('%s', (_, change, expected) => {
    expect(isInReach(facts(change), NOW)).toBe(expected);
    expect(holds(desired(facts(change), NOW))).toBe(expected);
  });
});

describe('I4: desired: headings', () => {
  const shownTo = (change: Partial<Facts>): readonly Heading[] => held(desired(facts(change), NOW)).headings;

  test.each(RECIPIENT_KINDS)('%s is shown what its allow-list holds, and no more', (kind) => {
    expect(shownTo({ recipient: recipient({ kind }) })).toEqual(HEADINGS.filter((heading) => kindMaySee(kind, heading)));
  });

  test('nothing outside what was signed for the kind leaves', () => {
    expect(shownTo({ plan: plan({ version: version(HEADINGS, {}, { ed: ['triggers'] }) }) })).toEqual(['triggers']);
  });

  test('agreement and consent and kind: all must allow', () => {
    const change = {
      agreements: [agreement({ headings: ['triggers', 'safety', 'coping'] })],
      consents: [consent('c', [permit({ headings: ['triggers', 'coping', 'medicines'] })])],
    };
    expect(shownTo(change)).toEqual(['triggers']);
  });

  const pair: readonly Heading[] = ['people', 'do-not-contact'];
  test.each(pair)('H9: without leave for %s its pair is not shown either', (one) => {
    const rest = HEADINGS.filter((heading) => heading !== one);
    for (const change of [{ agreements: [agreement({ headings: rest })] }, { consents: [consent('c', [permit({ headings: rest })])] }]) {
      expect(shownTo(change).filter((heading) => pair.includes(heading))).toEqual([]);
      expect(shownTo(change)).toContain('triggers');
    }
    expect(shownTo({}).filter((heading) => pair.includes(heading))).toEqual(pair);
  });

  test('past hard expiry only whom to ring is left, and only where it is allowed', () => {
    const expired = plan({ version: version(HEADINGS, { expiresAt: NOW }) });
    expect(shownTo({ plan: expired })).toEqual(['who-to-ring']);
    expect(why(desired(facts({ plan: expired, agreements: [agreement({ headings: ['triggers'] })] }), NOW))).toBe('nothing-to-disclose');
    expect(shownTo({ plan: plan({ version: version(HEADINGS, { expiresAt: NOW + 1 }) }) })).toContain('triggers');
  });
});

describe('I4: desired: purposes', () => {
  const police: Actor = { is: 'kind', kind: 'police' };

  test('none implies another: agreement and consent must name the same one', () => {
    const treatOnly = [consent('c', [permit({ purposes: ['TREAT'] })])];
    expect(why(desired(facts({ agreements: [agreement({ purposes: ['ETREAT'] })], consents: treatOnly }), NOW))).toBe('no-consent');
    expect(held(desired(facts({ agreements: [agreement({ purposes: ['TREAT'] })], consents: treatOnly }), NOW)).purpose).toBe('TREAT');
  });

  test('headings of two purposes are never added up: the purpose that shows most is taken', () => {
    const want = held(
      desired(
        facts({
          agreements: [
            agreement({ purposes: ['ETREAT'], headings: ['triggers'] }),
            agreement({ purposes: ['TREAT'], headings: ['safety', 'medicines'] }),
          ],
        }),
        NOW,
      ),
    );
    expect(want).toMatchObject({ purpose: 'TREAT', headings: ['medicines', 'safety'] });
  });

  test('of two that show as much, the one that the kind acts under first', () => {
    expect(held(desired(facts(), NOW)).purpose).toBe('ETREAT');
    expect(held(desired(facts({ recipient: recipient({ kind: 'epr' }) }), NOW)).purpose).toBe('TREAT');
  });

  test('police act under crisis-response alone, and nobody else does', () => {
    const asPolice = { recipient: recipient({ kind: 'police' }) };
    expect(held(desired(facts(asPolice), NOW)).purpose).toBe('crisis-response');
    const care = [agreement({ purposes: ['TREAT', 'ETREAT', 'COC'] })];
    expect(why(desired(facts({ ...asPolice, agreements: care }), NOW))).toBe('no-agreement');
    const forTreatment = [consent('c', [permit({ actors: [police], purposes: ['TREAT', 'ETREAT', 'COC'] })])];
    expect(why(desired(facts({ ...asPolice, consents: forTreatment }), NOW))).toBe('no-consent');
  });

  test('a doubt under a purpose that was not agreed does not freeze', () => {
    const consents = [consent('c', [permit(), deny({ purposes: ['COC'], actors: [{ is: 'unresolved' }] })])];
    expect(why(desired(facts({ consents }), NOW))).toBe('freeze: consent-undecidable');
    expect(why(desired(facts({ consents, agreements: [agreement({ purposes: ['ETREAT'] })] }), NOW))).toBe('holds');
  });
});

describe('desired: until, the next moment at which time alone changes the answer', () => {
  const until = (change: Partial<Facts>, now = NOW): number | null => desired(facts(change), now).until;
  // The day after the review begins in London while British Summer Time lasts.
  const review = Date.parse('2027-05-01T23:00:00Z');
  const rows: readonly (readonly [string, Partial<Facts>, number | null])[] = [
    ['nothing runs out before the review', {}, review],
    ['nothing runs out any more', { plan: plan({ version: version(HEADINGS, { reviewDate: '2020-01-01' }) }) }, null],
    ['the end of an agreement', { agreements: [agreement({ period: { start: null, end: ahead } })] }, ahead],
    ['the start of an agreement', { agreements: [agreement({ period: { start: ahead, end: null } })] }, ahead],
    ['the end of a consent', { consents: [consent('c', [permit()], { period: { start: null, end: ahead } })] }, ahead],
    ['the start of a consent', { consents: [consent('c', [permit()], { period: { start: ahead, end: null } })] }, ahead],
    ['the end of a permit', { consents: [consent('c', [permit({ period: { start: null, end: ahead } })])] }, ahead],
    ['the start of a deny', { consents: [consent('c', [permit(), deny({ period: { start: ahead, end: null } })])] }, ahead],
    [
      'the start of a consent that supersedes',
      { consents: [consent('c', [permit()]), consent('d', [], { supersedes: ['c'], period: { start: ahead, end: null } })] },
      ahead,
    ],
    ['hard expiry', { plan: plan({ version: version(HEADINGS, { expiresAt: ahead }) }) }, ahead],
    ['hard expiry that has passed', { plan: plan({ version: version(HEADINGS, { expiresAt: NOW }) }) }, review],
    ['the end of a contact', { openContacts: [{ until: ahead }] }, ahead],
    ['the end of a contact that has passed, or that is now', { openContacts: [{ until: NOW - 1 }, { until: NOW }] }, review],
    [
      'the earliest of several',
      { agreements: [agreement({ period: { start: null, end: NOW + 9_000 } })], openContacts: [{ until: ahead }] },
      ahead,
    ],
    ['also for nothing', { person: person({ alive: false }), openContacts: [{ until: ahead }] }, ahead],
  ];
  test.each(rows)('%s', (_, change, expected) => {
    expect(until(change)).toBe(expected);
  });

  test('I1: at the end itself it is over: an end is excluded', () => {
    const change = { agreements: [agreement({ period: { start: null, end: ahead } })] };
    expect(why(desired(facts(change), ahead - 1))).toBe('holds');
    expect(why(desired(facts(change), ahead))).toBe('no-agreement');
    expect(until(change, ahead)).toBeNull();
  });

  test('G20 I5: when the review is overdue, whoever holds the plan is told once more, for it has a banner now', () => {
    const held = (now: number): string => {
      const want = desired(facts({}), now);
      return 'hold' in want ? want.hold : 'nothing';
    };
    expect(held(review - 1)).toBe(held(NOW));
    expect(held(review)).not.toBe(held(NOW));
    expect(held(review + 1)).toBe(held(review));
  });

  test('I11: a freeze lasts 24 hours from the moment that is stored with the fact, then it is nothing', () => {
    const consents = [consent('c', [permit()]), undecidable];
    const thaws = undecidable.recordedAt + FREEZE;
    expect(FREEZE).toBe(24 * 60 * 60 * 1_000);
    expect(desired(facts({ consents }), NOW)).toEqual({ freeze: true, because: 'consent-undecidable', until: thaws });
    expect(why(desired(facts({ consents }), thaws - 1))).toBe('freeze: consent-undecidable');
    expect(desired(facts({ consents }), thaws)).toEqual({ nothing: true, because: 'consent-undecidable', until: null });
    const twice = [
      consent('c', [permit(), deny({ purposes: ['ETREAT'], actors: [{ is: 'unresolved' }] })], { recordedAt: NOW - 10 }),
      consent('d', [deny({ purposes: ['TREAT'], actors: [{ is: 'unresolved' }] })], { recordedAt: NOW - 50 }),
    ];
    expect(until({ consents: twice })).toBe(NOW - 50 + FREEZE);
    expect(until({ consents, agreements: [agreement({ period: { start: null, end: ahead } })] })).toBe(ahead);
  });
});
