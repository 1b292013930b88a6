import { describe, expect, test } from '@jest/globals';
import { desired, FREEZE } from '../../src/decide/desired.ts';
import { everyConsumer } from '../../src/decide/every-consumer.ts';
import { reading } from '../../src/decide/explain.ts';
import { recallRoad } from '../../src/decide/recall-road.ts';
import type { Consent } from '../../src/model/consent.ts';
import type { Facts } from '../../src/model/facts.ts';
import type { Heading } from '../../src/model/heading.ts';
import { HEADINGS, kindMaySee } from '../../src/model/heading.ts';
import { PURPOSES, PURPOSES_OF_KIND, RECIPIENT_KINDS, type RecipientKind } from '../../src/model/kind.ts';
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

/** An event that is told to whoever subscribed to it: for everybody, police and trusts too, or for nobody. */

const service = destination({ channel: 'mns', address: 'https://mns.example', recallForm: 'notification' });
const about = (change: Partial<Facts> = {}): Facts => facts({ recipient: recipient({ kind: 'epr' }), destination: service, ...change });
const of = (change: Partial<Facts> = {}): Desired => desired(about(change), NOW);
const why = (change: Partial<Facts>): string => {
  const want = of(change);
  return holds(want) ? 'holds' : want.because;
};
const hold = (change: Partial<Facts> = {}): string => {
  const want = of(change);
  if (!holds(want)) throw new Error('none');
  return want.hold;
};
const kind = (one: RecipientKind) => ({ is: 'kind', kind: one }) as const;
const all = RECIPIENT_KINDS.map(kind);
const each = permit({ actors: all });
/** What every kind may see. */
const common = HEADINGS.filter((heading) => RECIPIENT_KINDS.every((one) => kindMaySee(one, heading)));
const hidden = HEADINGS.filter((heading) => !common.includes(heading));

describe('whether everybody may be told that there is a plan', () => {
  test.each<readonly [string, readonly Consent[], string]>([
    ['nothing said', [], 'no-consent'],
    ['a permit without limits', [consent('a', [permit()])], 'holds'],
    ['a permit for each kind', [consent('a', [each])], 'holds'],
    ...RECIPIENT_KINDS.map((one): readonly [string, readonly Consent[], string] => [
      `a permit for all but ${one}`,
      [consent('a', [permit({ actors: all.filter((actor) => actor.kind !== one) })])],
      'no-consent',
    ]),
    ...RECIPIENT_KINDS.map((one): readonly [string, readonly Consent[], string] => [
      `${one} is denied`,
      [consent('a', [each, deny({ actors: [kind(one)] })])],
      'no-consent',
    ]),
    ...PURPOSES.filter((purpose) => purpose !== 'BTG').map((purpose): readonly [string, readonly Consent[], string] => [
      `no permit for ${purpose}`,
      [consent('a', [permit({ purposes: PURPOSES.filter((other) => other !== purpose) })])],
      'no-consent',
    ]),
    [
      'an organisation is denied: it may have subscribed',
      [consent('a', [each, deny({ actors: [{ is: 'organization', ods: 'ANY' }] })])],
      'no-consent',
    ],
    ['a denial of whom nobody can tell', [consent('a', [each, deny({ actors: [{ is: 'unresolved' }] })])], 'consent-undecidable'],
  ])('I4: %s', (_, consents, expected) => expect(why({ consents })).toBe(expected));

  test.each<readonly [string, Partial<Facts>, string]>([
    ['the person has died', { person: person({ alive: false }) }, 'not-alive'],
    ['the person is restricted (R, V, S-flag)', { person: person({ restricted: true }) }, 'restricted'],
    ['the number is not traced', { person: person({ traced: false }) }, 'not-traced'],
    ['the plan is withdrawn', { plan: plan({ withdrawn: true }) }, 'withdrawn'],
    ['the reach does not name the service', { plan: plan({ reach: { recipientIds: [], areas: [] } }) }, 'out-of-reach'],
    [
      'the agreement leaves out what police act under',
      { agreements: [agreement({ purposes: ['TREAT', 'ETREAT', 'COC'] })] },
      'no-agreement',
    ],
    ['the plan is past its hard expiry', { plan: plan({ version: version(HEADINGS, { expiresAt: NOW }) }) }, 'nothing-to-disclose'],
    ['police would be shown nothing of it', { plan: plan({ version: version(HEADINGS, {}, { police: [] }) }) }, 'nothing-to-disclose'],
  ])('I1 I4: none where %s', (_, change, expected) => expect(why(change)).toBe(expected));

  test('each kind is asked for each of its purposes, as nobody in particular', () => {
    expect(everyConsumer(about()).map(({ facts: { recipient: asked }, purpose }) => `${asked.kind}${asked.id} ${purpose}`)).toEqual(
      RECIPIENT_KINDS.flatMap((one) => PURPOSES_OF_KIND[one].map((purpose) => `${one} ${purpose}`)),
    );
  });

  test('I11: what cannot be decided is frozen for a day, then none', () => {
    const consents = [consent('a', [each, deny({ actors: [{ is: 'unresolved' }] })], { recordedAt: NOW - 1_000 })];
    expect(of({ consents })).toEqual({ freeze: true, because: 'consent-undecidable', until: NOW - 1_000 + FREEZE });
  });

  test('I7: the trail names every consent that counted for anybody', () => {
    const asked = about({
      consents: [consent('a', [permit({ actors: all.slice(0, 2) })]), consent('b', [permit({ actors: all.slice(2) })])],
    });
    expect(reading(asked, desired(asked, NOW), NOW)).toMatchObject({
      gate: null,
      spoke: [{ consent: { id: 'a' } }, { consent: { id: 'b' } }],
    });
  });
});

describe('what an event is told of', () => {
  test('I4: no heading, and it is under the number', () => {
    expect(of()).toMatchObject({ headings: [], place: { address: service.address, identity: NUMBER } });
  });

  test('I4 I5: what one kind may not see changes nothing, nor do the version and its dates', () => {
    const words = (heading: Heading) => {
      const { projections, ...rest } = version();
      const changed = Object.fromEntries(
        Object.entries(projections).map(([one, { hash, headings }]) => [
          one,
          { hash, headings: headings[heading] === undefined ? headings : { ...headings, [heading]: 'other words' } },
        ]),
      ) as typeof projections;
      return plan({ version: { ...rest, projections: changed } });
    };
    expect(hidden.length).toBeGreaterThan(0);
    for (const heading of hidden) expect([heading, hold({ plan: words(heading) })]).toEqual([heading, hold()]);
    expect(hold({ plan: plan({ version: version(HEADINGS, { carePlanId: 'version-2' }) }) })).toBe(hold());
    expect(hold({ person: person({ identityDigest: 'another address' }) })).toBe(hold());
    for (const heading of common) expect(hold({ plan: words(heading) })).not.toBe(hold());
  });

  test('I4: consent that takes a heading from one kind makes it hidden for all', () => {
    const [first, second] = common;
    const narrow = [consent('a', [each, deny({ actors: [kind('ed')], headings: [first as Heading] })])];
    const without = plan({ version: version(HEADINGS.filter((one) => one !== first)) });
    expect(hold({ consents: narrow })).toBe(hold({ plan: without, consents: narrow }));
    expect(hold({ consents: narrow })).not.toBe(hold());
    expect(hold({ plan: plan({ version: version(HEADINGS.filter((one) => one !== second)) }), consents: narrow })).not.toBe(
      hold({ consents: narrow }),
    );
  });

  test('I5: a name, a review date, its passing, a re-issue, a trust and a number do', () => {
    const late = '2020-01-01';
    const changes = [
      {},
      { person: person({ nameDigest: 'other' }) },
      { plan: plan({ version: version(HEADINGS, { reviewDate: '2031-01-01' }) }) },
      { plan: plan({ version: version(HEADINGS, { reviewDate: late }) }) },
      { plan: plan({ version: version(HEADINGS, { reissue: 1 }) }) },
      { plan: plan({ publisher: 'TRUST2' }), consents: [consent('c1', [permit()], { binds: null })] },
      { person: person({ nhsNumber: OTHER_NUMBER }) },
    ];
    expect(new Set(changes.map(hold)).size).toBe(changes.length);
    // It is looked at again when the review ends.
    expect(of()).toMatchObject({ until: Date.parse('2027-05-01T23:00:00Z') });
    expect(of({ plan: plan({ version: version(HEADINGS, { reviewDate: late }) }) })).toMatchObject({ until: null });
  });
});

test('I2: an event service that may not be called polls no Task: people tell those whom it told', () => {
  expect(recallRoad(service)).toBe('wire');
  expect(recallRoad({ ...service, open: false })).toBe('people');
});
