import { describe, expect, test } from '@jest/globals';
import { desired } from '../../src/decide/desired.ts';
import type { Facts } from '../../src/model/facts.ts';
import type { Heading } from '../../src/model/heading.ts';
import type { Desired } from '../../src/model/ledger.ts';
import { holds } from '../../src/model/ledger.ts';
import { agreement, consent, destination, facts, NOW, NUMBER, OTHER_NUMBER, permit, person, plan, recipient, version } from './sample.ts';

const held = (want: Desired): Extract<Desired, { hold: string }> => {
  if (!holds(want)) throw new Error('nothing is held');
  return want;
};

describe('I5: desired: the digest covers what the recipient sees, and nothing else', () => {
  const digestOf = (change: Partial<Facts>): string => held(desired(facts(change), NOW)).hold;
  const words = version(['please-do', 'triggers', 'who-i-am']);
  const changed = (heading: Heading): ReturnType<typeof version> => {
    const kinds = Object.entries(words.projections).map(([kind, one]) => [
      kind,
      { hash: `${kind} changed`, headings: { ...one.headings, [heading]: 'other words' } },
    ]);
    return { ...words, carePlanId: 'version-2', projections: Object.fromEntries(kinds) as typeof words.projections };
  };
  const base: Partial<Facts> = { plan: plan({ version: words }) };
  const police = recipient({ kind: 'police' });

  const same: readonly (readonly [string, Partial<Facts>, Partial<Facts>])[] = [
    ['a new version with the same words', base, { plan: plan({ version: { ...words, carePlanId: 'version-2' } }) }],
    ['words that police may not see', { ...base, recipient: police }, { plan: plan({ version: changed('triggers') }), recipient: police }],
    [
      'another number, for police',
      { ...base, recipient: police },
      { ...base, recipient: police, person: person({ nhsNumber: OTHER_NUMBER }) },
    ],
    [
      'another address, for police',
      { ...base, recipient: police },
      { ...base, recipient: police, person: person({ identityDigest: 'moved' }) },
    ],
    ['another destination', base, { ...base, destination: destination({ address: 'https://other.example/fhir' }) }],
    ['another agreement', base, { ...base, agreements: [agreement({ id: 'other' })] }],
    ['another consent', base, { ...base, consents: [consent('other', [permit()])] }],
  ];
  test.each(same)('the same: %s', (_, one, other) => {
    expect(digestOf(one)).toBe(digestOf(other));
  });

  const differs: readonly (readonly [string, Partial<Facts>, Partial<Facts>])[] = [
    ['words that it may see', base, { plan: plan({ version: changed('triggers') }) }],
    ['a heading less', base, { ...base, consents: [consent('c', [permit({ headings: ['please-do'] })])] }],
    ['another number', base, { ...base, person: person({ nhsNumber: OTHER_NUMBER }) }],
    ['another address', base, { ...base, person: person({ identityDigest: 'moved' }) }],
    ['another name, for police', { ...base, recipient: police }, { ...base, recipient: police, person: person({ nameDigest: 'other' }) }],
    ['another review date', base, { plan: plan({ version: { ...words, reviewDate: '2028-01-01' } }) }],
    ['issued again', base, { plan: plan({ version: { ...words, reissue: 1 } }) }],
    [
      'the contact card, even where nothing else was shown',
      { plan: plan({ version: version(['who-to-ring']) }) },
      { plan: plan({ version: version(['who-to-ring'], { expiresAt: NOW }) }) },
    ],
  ];
  test.each(differs)('another: %s', (_, one, other) => {
    expect(digestOf(one)).not.toBe(digestOf(other));
  });

  test('without "who I am" the address is not shown, and does not count; the number does', () => {
    const consents = [consent('c', [permit({ headings: ['triggers'] })])];
    expect(digestOf({ ...base, consents, person: person({ identityDigest: 'moved' }) })).toBe(digestOf({ ...base, consents }));
    expect(digestOf({ ...base, consents, person: person({ nhsNumber: OTHER_NUMBER }) })).not.toBe(digestOf({ ...base, consents }));
  });
});

describe('desired: the place', () => {
  test('is the address, and the number as sent', () => {
    expect(held(desired(facts(), NOW)).place).toEqual({ address: 'https://ed.example/fhir', identity: NUMBER });
  });
  test('I4: police are sent no number', () => {
    expect(held(desired(facts({ recipient: recipient({ kind: 'police' }) }), NOW)).place.identity).toBe('-');
  });
});
