import { describe, expect, test } from '@jest/globals';
import { desired, FREEZE } from '../../src/decide/desired.ts';
import { CONSUMER_KINDS, everyConsumer } from '../../src/decide/every-consumer.ts';
import { recallRoad } from '../../src/decide/recall-road.ts';
import { reading } from '../../src/decide/explain.ts';
import type { Actor, Consent } from '../../src/model/consent.ts';
import type { Facts } from '../../src/model/facts.ts';
import type { Heading } from '../../src/model/heading.ts';
import { HEADINGS } from '../../src/model/heading.ts';
import { PURPOSES_OF_KIND, type RecipientKind } from '../../src/model/kind.ts';
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

const locator = destination({ channel: 'nrl', address: 'https://nrl.example/producer/FHIR/R4', recallForm: 'pointer-delete' });
const about = (change: Partial<Facts> = {}): Facts => facts({ recipient: recipient({ kind: 'epr' }), destination: locator, ...change });
const of = (change: Partial<Facts> = {}): Desired => desired(about(change), NOW);
const why = (change: Partial<Facts>): string => {
  const want = of(change);
  return holds(want) ? 'holds' : want.because;
};
const kind = (one: RecipientKind): Actor => ({ is: 'kind', kind: one });
const ORG: Actor = { is: 'organization', ods: 'ANYBODY' };
const SERVICE: Actor = { is: 'service', recipientId: 'anybody' };
const UNRESOLVED: Actor = { is: 'unresolved' };
const all = CONSUMER_KINDS.map(kind);
const each = permit({ actors: all });

/** What the person has said, and whether every consumer may then be shown that there is a plan. */
const ROWS: readonly (readonly [string, readonly Consent[], string])[] = [
  ['nothing said', [], 'no-consent'],
  ['a permit without limits', [consent('a', [permit()])], 'holds'],
  ['a permit for each kind of consumer', [consent('a', [each])], 'holds'],
  [
    'permits of two consents add up',
    [consent('a', [permit({ actors: all.slice(0, 2) })]), consent('b', [permit({ actors: all.slice(2) })])],
    'holds',
  ],
  ...CONSUMER_KINDS.map((one): readonly [string, readonly Consent[], string] => [
    `a permit for all but ${one}`,
    [consent('a', [permit({ actors: all.filter((actor) => actor.is !== 'kind' || actor.kind !== one) })])],
    'no-consent',
  ]),
  ...CONSUMER_KINDS.map((one): readonly [string, readonly Consent[], string] => [
    `${one} is denied`,
    [consent('a', [each]), consent('b', [each, deny({ actors: [kind(one)] })])],
    'no-consent',
  ]),
  ...(['TREAT', 'ETREAT', 'COC'] as const).map((purpose): readonly [string, readonly Consent[], string] => [
    `no permit for ${purpose}`,
    [consent('a', [permit({ purposes: (['TREAT', 'ETREAT', 'COC'] as const).filter((other) => other !== purpose) })])],
    'no-consent',
  ]),
  ['denied for one purpose', [consent('a', [each, deny({ purposes: ['COC'] })])], 'no-consent'],
  ['a permit for organisations and services by name permits nobody', [consent('a', [permit({ actors: [ORG, SERVICE] })])], 'no-consent'],
  ['an organisation is denied: it may be one that looks', [consent('a', [each, deny({ actors: [ORG] })])], 'no-consent'],
  ['a service is denied', [consent('a', [each, deny({ actors: [SERVICE] })])], 'no-consent'],
  ['publishers are denied: trusts look too', [consent('a', [each, deny({ actors: [kind('publisher')] })])], 'no-consent'],
  ['police and an organisation are denied', [consent('a', [each, deny({ actors: [kind('police'), ORG] })])], 'no-consent'],
  ['police alone are denied: they are no consumers', [consent('a', [each, deny({ actors: [kind('police')] })])], 'holds'],
  ['emergency access is ruled out: no consumer asks for it there', [consent('a', [each, deny({ purposes: ['BTG'] })])], 'holds'],
  ['everything is denied', [consent('a', [each]), consent('b', [])], 'no-consent'],
  ['a denied heading leaves something to show', [consent('a', [each, deny({ headings: ['triggers'], actors: [ORG] })])], 'holds'],
  ['a denial that is superseded', [consent('a', [deny({ actors: [ORG] })]), consent('b', [each], { supersedes: ['a'] })], 'holds'],
  ['a denial that has ended denies', [consent('a', [each, deny({ actors: [ORG], period: { start: null, end: NOW - 1 } })])], 'no-consent'],
  ['a denial of whom nobody can tell', [consent('a', [each, deny({ actors: [UNRESOLVED] })])], 'consent-undecidable'],
  ['a permit that ends now', [consent('a', [permit({ period: { start: null, end: NOW } })])], 'no-consent'],
  ["another trust's consent", [consent('a', [each], { binds: 'TRUST9' })], 'no-consent'],
];

describe('who may be shown that there is a plan', () => {
  test.each(ROWS)('I4: %s', (_, consents, expected) => expect(why({ consents })).toBe(expected));

  test('I4: a denial of all headings that one kind would see is one of the kind', () => {
    const only = plan({ version: version(HEADINGS, {}, { 'crisis-line': ['coping'] }) });
    expect(why({ plan: only })).toBe('holds');
    expect(why({ plan: only, consents: [consent('a', [each, deny({ headings: ['coping'], actors: [ORG] })])] })).toBe(
      'nothing-to-disclose',
    );
    expect(why({ plan: plan({ version: version(HEADINGS, {}, { ed: [] }) }) })).toBe('nothing-to-disclose');
  });

  test('each kind is asked for each of its purposes, as nobody in particular', () => {
    const asks = everyConsumer(about());
    expect(asks.map(({ facts: { recipient: asked }, purpose }) => `${asked.kind} ${purpose}`)).toEqual(
      CONSUMER_KINDS.flatMap((one) => PURPOSES_OF_KIND[one].map((purpose) => `${one} ${purpose}`)),
    );
    for (const ask of asks) expect(ask.facts.recipient).toMatchObject({ id: '', ods: '' });
    expect(CONSUMER_KINDS).not.toContain('police');
  });

  test('I11: what cannot be decided is frozen for a day, then none', () => {
    const consents = [consent('a', [each, deny({ actors: [UNRESOLVED] })], { recordedAt: NOW - 1_000 })];
    expect(of({ consents })).toEqual({ freeze: true, because: 'consent-undecidable', until: NOW - 1_000 + FREEZE });
    expect(desired(about({ consents }), NOW + FREEZE)).toMatchObject({ nothing: true, because: 'consent-undecidable' });
  });

  test('I1: it is looked at again when a consent that it rests on ends', () => {
    const consents = [consent('a', [permit({ period: { start: null, end: NOW + 5_000 } })])];
    expect(of({ consents })).toMatchObject({ until: NOW + 5_000 });
    expect(desired(about({ consents }), NOW + 5_000)).toMatchObject({ nothing: true });
  });
});

describe('the other gates of a pointer', () => {
  test.each<readonly [string, Partial<Facts>, string]>([
    ['the person has died', { person: person({ alive: false }) }, 'not-alive'],
    ['the person is restricted (R, V, S-flag)', { person: person({ restricted: true }) }, 'restricted'],
    ['the number is not traced', { person: person({ traced: false }) }, 'not-traced'],
    ['not even where the locator was shown the person by a match', { person: person({ traced: false }), matched: true }, 'not-traced'],
    ['the plan is withdrawn', { plan: plan({ withdrawn: true }) }, 'withdrawn'],
    ['there is no approved version', { plan: plan({ version: null }) }, 'no-approved-version'],
    ['the reach does not name the locator', { plan: plan({ reach: { recipientIds: [], areas: [] } }) }, 'out-of-reach'],
    ['there is no agreement', { agreements: [] }, 'no-agreement'],
    ['the agreement leaves out a purpose', { agreements: [agreement({ purposes: ['TREAT', 'ETREAT'] })] }, 'no-agreement'],
    ['the agreement is for looking up alone', { agreements: [agreement({ reach: 'look-up' })] }, 'no-agreement'],
    ['the agreement has ended', { agreements: [agreement({ period: { start: null, end: NOW } })] }, 'no-agreement'],
    ['the plan is past its hard expiry', { plan: plan({ version: version(HEADINGS, { expiresAt: NOW }) }) }, 'nothing-to-disclose'],
  ])('%s', (_, change, expected) => expect(why(change)).toBe(expected));

  test('I1: past its review date it stays; at its hard expiry it goes', () => {
    const late = plan({ version: version(HEADINGS, { reviewDate: '2020-01-01', expiresAt: NOW + 1 }) });
    expect(of({ plan: late })).toMatchObject({ hold: expect.anything(), until: NOW + 1 });
  });
});

test('I2: a locator that may not be called polls no Task: people delete the pointer', () => {
  expect(recallRoad(locator)).toBe('wire');
  expect(recallRoad({ ...locator, open: false })).toBe('people');
});

describe('what a pointer says', () => {
  const hold = (change: Partial<Facts> = {}): string => {
    const want = of(change);
    if (!holds(want)) throw new Error('none');
    return want.hold;
  };

  test('I4: no heading; and it stands under the number', () => {
    expect(of()).toMatchObject({ headings: [], place: { address: locator.address, identity: NUMBER } });
    expect(of({ person: person({ nhsNumber: OTHER_NUMBER }) })).toMatchObject({ place: { identity: OTHER_NUMBER } });
  });

  test('I5: neither words, review date, name nor consent to more change it', () => {
    const other: readonly Heading[] = ['please-do', 'coping', 'who-to-ring'];
    for (const change of [
      { plan: plan({ version: version(other, { reviewDate: '2031-01-01', carePlanId: 'version-2' }) }) },
      { person: person({ nameDigest: 'other', identityDigest: 'other' }) },
      { consents: [consent('z', [each])] },
      { plan: plan({ version: version(HEADINGS, { reviewDate: '2020-01-01' }) }) },
    ])
      expect(hold(change)).toBe(hold());
  });

  test('another number, another trust and a re-issue do', () => {
    const others = [
      { person: person({ nhsNumber: OTHER_NUMBER }) },
      { plan: plan({ publisher: 'TRUST2' }), consents: [consent('c1', [permit()], { binds: null })] },
      { plan: plan({ version: version(HEADINGS, { reissue: 1 }) }) },
    ].map(hold);
    expect(new Set([hold(), ...others]).size).toBe(4);
  });

  test('I7: the trail names every consent that counted for any consumer, once', () => {
    const consents = [consent('a', [permit({ actors: all.slice(0, 2) })]), consent('b', [permit({ actors: all.slice(2) })])];
    const asked = about({ consents });
    expect(reading(asked, desired(asked, NOW), NOW)).toMatchObject({
      gate: null,
      spoke: [
        { consent: { id: 'a' }, says: 'permit' },
        { consent: { id: 'b' }, says: 'permit' },
      ],
      withheld: [],
    });
    const denied = about({ consents: [consent('a', [each]), consent('no', [deny({ actors: [ORG] })])] });
    expect(reading(denied, desired(denied, NOW), NOW)).toMatchObject({
      gate: 'consent',
      spoke: [{ consent: { id: 'a' } }, { consent: { id: 'no' }, says: 'deny' }],
    });
  });
});
