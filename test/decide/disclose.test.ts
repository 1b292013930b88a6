import { describe, expect, test } from '@jest/globals';
import { desired } from '../../src/decide/desired.ts';
import type { Content } from '../../src/decide/disclose.ts';
import { disclose } from '../../src/decide/disclose.ts';
import type { Disclosure } from '../../src/model/disclosure.ts';
import type { Facts } from '../../src/model/facts.ts';
import { HEADINGS } from '../../src/model/heading.ts';
import type { RecipientKind } from '../../src/model/kind.ts';
import { holds } from '../../src/model/ledger.ts';
import { consent, facts, NOW, NUMBER, permit, plan, recipient, version } from './sample.ts';

const content: Content = {
  words: {
    sections: HEADINGS.map((heading) => ({ heading, div: `<div>${heading}</div>` })),
    actions: [
      { heading: 'crisis-steps', description: 'If I shout, give me room' },
      { heading: 'coping', description: 'I walk' },
    ],
    refusals: [
      {
        is: 'legal-proxy',
        heading: 'refusals',
        proxy: 'deputy',
        name: 'Example Testdeputy-Coral',
        registration: '7000-0000-0002',
        from: '2025-06-01',
        until: null,
        telecom: [],
      },
    ],
  },
  person: {
    nhsNumber: NUMBER,
    family: 'Testperson-Amber',
    given: ['Example'],
    preferredName: 'Amber',
    birthDate: '1990-04-01',
    gender: 'other',
    address: { line: ['1 Example Street'], city: 'Exampleton', postalCode: 'ZZ99 3VZ' },
    telecom: [{ system: 'phone', value: '01632 960001' }],
  },
  publisherName: 'Example Trust',
};

const disclosed = { digest: 'd', version: 3, at: NOW - 5_000 };

const show = (change: Partial<Facts> = {}, now = NOW): Disclosure => {
  const all = facts(change);
  const want = desired(all, now);
  if (!holds(want)) throw new Error('nothing is held');
  return disclose(all, want, content, 'opaque', disclosed, now);
};
const to = (kind: RecipientKind, change: Partial<Facts> = {}): Disclosure => show({ recipient: recipient({ kind }), ...change });
const onlyTriggers = { consents: [consent('c', [permit({ headings: ['triggers', 'please-do'] })])] };

describe('I4: disclose', () => {
  test('shows the words and actions under the headings that passed every gate, and no other', () => {
    const shown = show(onlyTriggers);
    expect(shown.sections.map(({ heading }) => heading)).toEqual(['please-do', 'triggers']);
    expect(shown.actions).toEqual([]);
    expect(show().actions.map(({ heading }) => heading)).toEqual(['crisis-steps']);
    expect(to('ambulance').actions.map(({ heading }) => heading)).toEqual(['crisis-steps', 'coping']);
  });

  test('shows refusals and proxies under their heading only, where that passed every gate', () => {
    expect(to('ambulance').refusals).toHaveLength(1);
    for (const shown of [show(onlyTriggers), to('ambulance', onlyTriggers), to('police'), to('crisis-line')])
      expect(shown).not.toHaveProperty('refusals');
  });

  test('G5: police are shown name, preferred name and birth date; no number, address, phone or gender', () => {
    expect(to('police').person).toEqual({
      nhsNumber: null,
      family: 'Testperson-Amber',
      given: ['Example'],
      preferredName: 'Amber',
      birthDate: '1990-04-01',
      gender: null,
      address: null,
      telecom: [],
    });
  });

  test('others are shown the number too, and the rest under "who I am" only', () => {
    expect(show().person).toEqual(content.person);
    expect(show(onlyTriggers).person).toEqual({ ...content.person, gender: null, address: null, telecom: [] });
  });

  test('I4 I5: version and date are those of the disclosure, not of the plan', () => {
    expect(show()).toMatchObject({ id: 'opaque', version: expect.stringMatching(/^3-[0-9a-f]{8}$/), issuedAt: NOW - 5_000 });
    expect(JSON.stringify(show())).not.toContain('version-1');
  });

  test('G20 past its hard expiry it is the contact card', () => {
    const shown = show({ plan: plan({ version: version(HEADINGS, { expiresAt: NOW }) }) });
    expect(shown).toMatchObject({ contactCardOnly: true, actions: [], sections: [{ heading: 'who-to-ring' }] });
    expect(shown.sections).toHaveLength(1);
    expect(show().contactCardOnly).toBe(false);
  });

  test('G20: it is overdue from the day after its review date, by the clock in London', () => {
    const due = { plan: plan({ version: version(HEADINGS, { reviewDate: '2026-07-10' }) }) };
    // British Summer Time: midnight in London is 23:00 UTC.
    expect(show(due, Date.parse('2026-07-10T22:59:59Z')).reviewOverdue).toBe(false);
    expect(show(due, Date.parse('2026-07-10T23:00:00Z')).reviewOverdue).toBe(true);
    // The banner is content: under the same version it would be answered with 304.
    expect(show(due, Date.parse('2026-07-10T23:00:00Z')).version).not.toBe(show(due, Date.parse('2026-07-10T22:59:59Z')).version);
  });

  test('says whose plan it is, and to whom it is shown', () => {
    expect(show()).toMatchObject({ publisher: { ods: 'TRUST1', name: 'Example Trust' }, recipient: { ods: 'REC1' } });
  });

  test('a plan without an approved version is never shown', () => {
    const all = facts();
    const want = desired(all, NOW);
    if (!holds(want)) throw new Error('nothing is held');
    expect(() => disclose({ ...all, plan: plan({ version: null }) }, want, content, 'opaque', disclosed, NOW)).toThrow(
      'nothing may be disclosed',
    );
  });
});
