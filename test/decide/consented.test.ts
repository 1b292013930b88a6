import { describe, expect, test } from '@jest/globals';
import type { Consented } from '../../src/decide/consented.ts';
import { consented } from '../../src/decide/consented.ts';
import type { Actor, Consent } from '../../src/model/consent.ts';
import type { Heading } from '../../src/model/heading.ts';
import { HEADINGS } from '../../src/model/heading.ts';
import type { Recipient } from '../../src/model/recipient.ts';
import { consent, deny, NOW, permit, recipient } from './sample.ts';

const ask = (consents: readonly Consent[], who: Partial<Recipient> = {}): Consented =>
  consented(consents, { publisher: 'TRUST1', recipient: recipient(who), purpose: 'ETREAT' }, NOW);
const ALL = 'all';
type Expected = readonly Heading[] | typeof ALL;
const shown = ({ headings }: Consented): Expected => (headings.size === HEADINGS.length ? ALL : [...headings].sort());

const ED: Actor = { is: 'kind', kind: 'ed' };
const POLICE: Actor = { is: 'kind', kind: 'police' };
const UNRESOLVED: Actor = { is: 'unresolved' };
const past = { start: null, end: NOW };
const ahead = { start: NOW + 1, end: null };
const lastMoment = { start: NOW, end: NOW + 1 };

/** Each row: what the person has said, and which headings that permits an ED for emergency treatment. consent.md sections 1.4 and 1.5. */
const ROWS: readonly (readonly [string, readonly Consent[], Expected])[] = [
  ['nothing said: nothing permitted (opt-in)', [], []],
  ['a permit without limits permits all', [consent('a', [permit()])], ALL],
  ['a revoked consent no longer permits', [consent('a', [permit()], { active: false })], []],

  // Actors (1.4, 6: repeats of one element are OR).
  ['a permit for its kind', [consent('a', [permit({ actors: [ED] })])], ALL],
  ['a permit for its organisation', [consent('a', [permit({ actors: [{ is: 'organization', ods: 'REC1' }] })])], ALL],
  ['a permit for its service', [consent('a', [permit({ actors: [{ is: 'service', recipientId: 'recipient' }] })])], ALL],
  ['a permit for another kind is silent here', [consent('a', [permit({ actors: [POLICE] })])], []],
  ['a permit for another organisation is silent here', [consent('a', [permit({ actors: [{ is: 'organization', ods: 'REC2' }] })])], []],
  ['a permit for another service is silent here', [consent('a', [permit({ actors: [{ is: 'service', recipientId: 'other' }] })])], []],
  ['one of several actors is enough', [consent('a', [permit({ actors: [POLICE, ED] })])], ALL],
  ['an unresolved actor is never a permit', [consent('a', [permit({ actors: [UNRESOLVED] })])], []],
  ['an unresolved actor beside the asker does not take its permit', [consent('a', [permit({ actors: [UNRESOLVED, ED] })])], ALL],

  // Purposes and headings (1.4, 6: elements are AND; 1.5: exact, none implies another).
  ['a permit for this purpose', [consent('a', [permit({ purposes: ['COC', 'ETREAT'] })])], ALL],
  ['treatment does not imply emergency treatment', [consent('a', [permit({ purposes: ['TREAT'] })])], []],
  ['a permit for some headings', [consent('a', [permit({ headings: ['triggers', 'safety'] })])], ['safety', 'triggers']],
  ['two permits add up', [consent('a', [permit({ headings: ['triggers'] }), permit({ headings: ['safety'] })])], ['safety', 'triggers']],
  ['elements of one provision are AND', [consent('a', [permit({ actors: [ED], purposes: ['TREAT'], headings: ['triggers'] })])], []],

  // Time.
  ['a consent whose last moment this is permits', [consent('a', [permit()], { period: lastMoment })], ALL],
  ['a consent that ends now does not', [consent('a', [permit()], { period: past })], []],
  ['a consent that begins in a moment does not yet', [consent('a', [permit()], { period: ahead })], []],
  ['a permit that ends now does not', [consent('a', [permit({ period: past })])], []],
  ['a permit that begins in a moment does not yet', [consent('a', [permit({ period: ahead })])], []],
  ['a permit inside both periods', [consent('a', [permit({ period: lastMoment })], { period: lastMoment })], ALL],

  // Deny wins within and across.
  [
    'a nested deny beats a nested permit',
    [consent('a', [permit(), deny({ actors: [ED], headings: ['safety', 'triggers'] })])],
    HEADINGS.filter((one) => one !== 'safety' && one !== 'triggers').toSorted(),
  ],
  ['the order does not matter', [consent('a', [deny({ actors: [ED] }), permit()])], []],
  ['a deny for others takes nothing here', [consent('a', [permit(), deny({ actors: [POLICE] })])], ALL],
  ['a deny for another purpose takes nothing here', [consent('a', [permit(), deny({ purposes: ['TREAT'] })])], ALL],
  ['a deny that names nobody is for everybody', [consent('a', [permit(), deny()])], []],
  ['a deny in another consent wins', [consent('a', [permit()]), consent('b', [permit({ actors: [POLICE] }), deny({ actors: [ED] })])], []],
  [
    'a newer permit does not erase an older deny',
    [consent('a', [deny(), permit()], { recordedAt: NOW - 9_000 }), consent('b', [permit()])],
    [],
  ],
  ['a deny that begins in a moment does not deny yet', [consent('a', [permit(), deny({ period: ahead })])], ALL],
  [
    'a deny of a consent that begins in a moment does not deny yet',
    [consent('a', [permit()]), consent('b', [permit({ actors: [POLICE] }), deny()], { period: ahead })],
    ALL,
  ],
  ['a deny that begins now denies', [consent('a', [permit(), deny({ period: { start: NOW, end: null } })])], []],
  ['a deny that began long ago denies', [consent('a', [permit(), deny({ period: { start: NOW - 9_000, end: null } })])], []],
  ["a deny's end lets nothing out", [consent('a', [permit(), deny({ period: past })])], []],
  [
    'the end of a consent that denies lets nothing out',
    [consent('a', [permit()]), consent('b', [permit({ actors: [POLICE] }), deny()], { period: past })],
    [],
  ],
  ['a revoked deny no longer denies', [consent('a', [permit()]), consent('b', [deny()], { active: false })], ALL],

  // The root.
  ['a root deny without a provision is explicit', [consent('a', [permit()]), consent('b', [])], []],
  ['a root deny without a provision that has not begun is not', [consent('a', [permit()]), consent('b', [], { period: ahead })], ALL],
  [
    'a root deny around a deny of others is silence outside it',
    [consent('a', [permit()]), consent('b', [deny({ actors: [POLICE] })])],
    ALL,
  ],
  ['a root deny around permits is silence outside them', [consent('a', [permit()]), consent('b', [permit({ actors: [POLICE] })])], ALL],

  // Whose plans it binds.
  ["another publisher's consent permits nothing", [consent('a', [permit()], { binds: 'TRUST2' })], []],
  ["another publisher's deny denies nothing", [consent('a', [permit()]), consent('b', [deny()], { binds: 'TRUST2' })], ALL],
  ['one that binds all publishers permits', [consent('a', [permit()], { binds: null })], ALL],
  ['one that binds all publishers denies', [consent('a', [permit()]), consent('b', [deny()], { binds: null })], []],

  // Supersession by link, first.
  [
    'a superseded permit is over',
    [consent('a', [permit()]), consent('b', [permit({ headings: ['triggers'] })], { supersedes: ['a'] })],
    ['triggers'],
  ],
  ['a superseded deny is over', [consent('a', [deny()]), consent('b', [permit()], { supersedes: ['a'] })], ALL],
  [
    'only what is named is superseded',
    [consent('a', [deny()]), consent('b', [deny()]), consent('c', [permit()], { supersedes: ['a'] })],
    [],
  ],
  ['a consent does not supersede itself', [consent('a', [permit()], { supersedes: ['a'] })], ALL],
  [
    'a permit superseded by one that has ended since stays over',
    [consent('a', [permit()]), consent('b', [permit()], { supersedes: ['a'], period: past })],
    [],
  ],
  [
    'a permit superseded by one that was revoked stays over',
    [consent('a', [permit()]), consent('b', [permit()], { supersedes: ['a'], active: false })],
    [],
  ],
  [
    'a permit is in force until its successor begins',
    [consent('a', [permit()]), consent('b', [permit({ headings: ['triggers'] })], { supersedes: ['a'], period: ahead })],
    ALL,
  ],
  [
    'a deny is not let go by a successor that has ended',
    [consent('z', [permit()]), consent('a', [deny()]), consent('b', [permit()], { supersedes: ['a'], period: past })],
    [],
  ],
  [
    'a deny is not let go by a successor that was revoked',
    [consent('z', [permit()]), consent('a', [deny()]), consent('b', [permit()], { supersedes: ['a'], active: false })],
    [],
  ],
  [
    'a deny is not let go by a successor that has not begun',
    [consent('z', [permit()]), consent('a', [deny()]), consent('b', [permit()], { supersedes: ['a'], period: ahead })],
    [],
  ],
];

describe('consented: what the person permits', () => {
  test.each(ROWS)('I4: %s', (_, consents, expected) => {
    expect(shown(ask(consents))).toEqual(expected);
    expect(shown(ask(consents.toReversed()))).toEqual(expected);
    expect(ask(consents).undecidableSince).toBeNull();
  });

  test('I4: a consent for ambulances never implies police', () => {
    const consents = [consent('a', [permit({ actors: [{ is: 'kind', kind: 'ambulance' }] })])];
    expect(shown(ask(consents, { kind: 'ambulance' }))).toBe(ALL);
    expect(shown(ask(consents, { kind: 'police' }))).toEqual([]);
  });
});

/** Each row: consents, and the instant from which a freeze is counted; null where all was decidable. */
const UNDECIDED: readonly (readonly [string, readonly Consent[], number | null])[] = [
  ['one that cannot be computed', [consent('a', [permit()]), consent('b', [], { undecidable: 'why', recordedAt: 70 })], 70],
  [
    'of two, the earlier counts',
    [consent('a', [], { undecidable: 'x', recordedAt: 70 }), consent('b', [], { undecidable: 'y', recordedAt: 50 })],
    50,
  ],
  ['what was revoked leaves no doubt', [consent('a', [permit()]), consent('b', [], { undecidable: 'why', active: false })], null],
  ["another publisher's leaves no doubt here", [consent('a', [permit()]), consent('b', [], { undecidable: 'why', binds: 'TRUST2' })], null],
  ['superseded, it leaves no doubt', [consent('a', [], { undecidable: 'why' }), consent('b', [permit()], { supersedes: ['a'] })], null],
  [
    'superseded by one that has ended, it does',
    [consent('a', [], { undecidable: 'why', recordedAt: 70 }), consent('b', [permit()], { supersedes: ['a'], period: past })],
    70,
  ],
  ['whom a deny names cannot be told', [consent('a', [permit(), deny({ actors: [UNRESOLVED] })], { recordedAt: 70 })], 70],
  [
    'one of several whom a deny names cannot be told',
    [consent('a', [permit(), deny({ actors: [POLICE, UNRESOLVED] })], { recordedAt: 70 })],
    70,
  ],
  [
    'whom a deny of another purpose names does not matter',
    [consent('a', [permit(), deny({ actors: [UNRESOLVED], purposes: ['TREAT'] })])],
    null,
  ],
  [
    'whom a deny names that has not begun does not matter yet',
    [consent('a', [permit(), deny({ actors: [UNRESOLVED], period: ahead })])],
    null,
  ],
  [
    'a deny that names the asker too is decided',
    [consent('a', [permit(), deny({ actors: [UNRESOLVED, ED], headings: ['safety'] })])],
    null,
  ],
  ['whom a permit names that cannot be told is no doubt: it is no permit', [consent('a', [permit({ actors: [UNRESOLVED] })])], null],
  [
    'an explicit deny of everything settles it',
    [consent('a', [], { undecidable: 'why' }), consent('b', [permit({ actors: [POLICE] }), deny()])],
    null,
  ],
  [
    'a deny of something does not',
    [consent('a', [], { undecidable: 'why', recordedAt: 70 }), consent('b', [permit(), deny({ headings: ['safety'] })])],
    70,
  ],
];

describe('consented: what cannot be decided', () => {
  test.each(UNDECIDED)('I11: %s', (_, consents, since) => {
    expect(ask(consents).undecidableSince).toBe(since);
    expect(ask(consents.toReversed()).undecidableSince).toBe(since);
  });

  test('I11: what cannot be computed permits nothing', () => {
    expect(shown(ask([consent('a', [permit()], { undecidable: 'why' })]))).toEqual([]);
  });
});
