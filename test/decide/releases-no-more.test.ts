import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { desired } from '../../src/decide/desired.ts';
import { disclose } from '../../src/decide/disclose.ts';
import type { Consent, Provision } from '../../src/model/consent.ts';
import type { Facts } from '../../src/model/facts.ts';
import { type Heading, HEADINGS } from '../../src/model/heading.ts';
import { DAY, type Instant } from '../../src/model/instant.ts';
import { PURPOSES_OF_KIND } from '../../src/model/kind.ts';
import { holds } from '../../src/model/ledger.ts';
import type { Period } from '../../src/model/period.ts';
import { naively } from './consent/naive.ts';
import { instant, provision, situation } from './consent/situation.ts';
import { consent, NUMBER, permit } from './sample.ts';

const RUNS = { numRuns: 300, seed: 20_261_127 };

const content = {
  words: {
    sections: HEADINGS.map((heading) => ({ heading, div: `<div>${heading}</div>` })),
    actions: HEADINGS.map((heading) => ({ heading, description: `action of ${heading}` })),
  },
  person: {
    nhsNumber: NUMBER,
    family: 'Testperson-Amber',
    given: ['Example'],
    preferredName: null,
    birthDate: '1990-04-01',
    gender: null,
    address: null,
    telecom: [],
  },
  publisherName: 'Example Trust',
};
/** The headings under which any word leaves: read off the disclosure, not off the decision. */
const shown = (facts: Facts, now: Instant): readonly Heading[] => {
  const want = desired(facts, now);
  if (!holds(want)) return [];
  const { sections, actions } = disclose(facts, want, content, 'opaque', { digest: want.hold, version: 1, at: now }, now);
  return HEADINGS.filter((heading) => [...sections, ...actions].some((one) => one.heading === heading));
};

/** What may happen to a plan's facts; each comes to the nth of what is there. */
type Event = (facts: Facts, now: Instant, nth: number, said: Provision) => Facts;
const nthChanged = <T>(all: readonly T[], nth: number, change: (one: T) => T): readonly T[] =>
  all.map((one, index) => (index === nth % all.length ? change(one) : one));
const without = <T>(all: readonly T[], nth: number): readonly T[] => all.filter((_, index) => index !== nth % all.length);
const ended = (period: Period, now: Instant): Period => ({ ...period, end: Math.min(period.end ?? now, now) });

/** Each takes away. Of a permit whose last heading goes the whole permit goes: an empty list would permit everything. */
const TAKES_AWAY: Readonly<Record<string, Event>> = {
  'a deny is added': (facts, _now, nth, said) => ({
    ...facts,
    consents: [...facts.consents, consent(`deny-${nth}`, [{ ...said, type: 'deny' }])],
  }),
  'an agreement ends by its date': (facts, now, nth) => ({
    ...facts,
    agreements: nthChanged(facts.agreements, nth, (one) => ({ ...one, period: ended(one.period, now) })),
  }),
  'an agreement is terminated': (facts, _now, nth) => ({
    ...facts,
    agreements: nthChanged(facts.agreements, nth, (one) => ({ ...one, executed: false })),
  }),
  'an agreement lists a heading less': (facts, _now, nth) => ({
    ...facts,
    agreements: nthChanged(facts.agreements, nth, (one) => ({ ...one, headings: without(one.headings, nth) })),
  }),
  'an agreement lists a purpose less': (facts, _now, nth) => ({
    ...facts,
    agreements: nthChanged(facts.agreements, nth, (one) => ({ ...one, purposes: without(one.purposes, nth) })),
  }),
  'a permit lists a heading less': (facts, _now, nth) => ({
    ...facts,
    consents: nthChanged(facts.consents, nth, (one: Consent) => ({
      ...one,
      provisions: one.provisions.flatMap((each) => {
        if (each.type === 'deny') return [each];
        const headings = without(each.headings.length === 0 ? HEADINGS : each.headings, nth);
        return headings.length === 0 ? [] : [{ ...each, headings }];
      }),
    })),
  }),
  'a projection of the kind holds a heading less': (facts, _now, nth) => {
    const { version } = facts.plan;
    if (version === null) return facts;
    const { kind } = facts.recipient;
    const { hash, headings } = version.projections[kind];
    const rest = Object.fromEntries(without(Object.entries(headings), nth));
    return {
      ...facts,
      plan: { ...facts.plan, version: { ...version, projections: { ...version.projections, [kind]: { hash, headings: rest } } } },
    };
  },
};

/** With person, plan and reach out of the way, and one permit of everything: what is left to decide is what this is about. */
const open = situation.map((facts): Facts => {
  const { person, plan, consents } = facts;
  const { reach } = plan;
  return {
    ...facts,
    person: { ...person, alive: true, traced: true },
    plan: { ...plan, withdrawn: false, reach: { ...reach, recipientIds: ['recipient'] } },
    consents: [...consents, consent('base', [permit()])],
  };
});
/** Under one purpose alone: of several the one that shows most is taken, and less of one may make it another. */
const underOne = (facts: Facts): Facts => {
  const [purpose = 'TREAT'] = PURPOSES_OF_KIND[facts.recipient.kind];
  return { ...facts, agreements: facts.agreements.map((one) => ({ ...one, purposes: one.purposes.includes(purpose) ? [purpose] : [] })) };
};
const isWithin = (some: readonly Heading[], all: readonly Heading[]): boolean => some.every((one) => all.includes(one));

describe('I4: what leaves', () => {
  test('is never more than a naive reading releases, in whatever order consents, agreements and clocks come', () => {
    const add: Event = (facts, _now, nth, said) => ({ ...facts, consents: [...facts.consents, consent(`late-${nth}`, [said])] });
    const revoke: Event = (facts, _now, nth) => ({
      ...facts,
      consents: nthChanged(facts.consents, nth, (one) => ({ ...one, active: false })),
    });
    const replace: Event = (facts, _now, nth) => {
      const old = facts.consents[nth % facts.consents.length];
      if (old === undefined) return facts;
      return { ...facts, consents: [{ ...old, id: `after-${nth}`, supersedes: [old.id] }, ...facts.consents] };
    };
    const sign: Event = (facts, now, nth) => ({
      ...facts,
      agreements: nthChanged(facts.agreements, nth, (one) => ({ ...one, executed: true, period: { start: now, end: null } })),
    });
    const wait: Event = (facts) => facts;
    const event = fc.constantFrom<Event>(add, revoke, replace, sign, sign, wait, wait, ...Object.values(TAKES_AWAY));
    const steps = fc.array(fc.tuple(event, fc.nat({ max: 50 }), fc.integer({ min: 0, max: DAY }), provision), {
      minLength: 1,
      maxLength: 6,
    });
    let left = 0;
    fc.assert(
      fc.property(open, instant, steps, (first, start, all) => {
        let [facts, now] = [first, start];
        for (const [happens, nth, later, said] of all) {
          now += later;
          facts = happens(facts, now, nth, said);
          const leaves = shown(facts, now);
          left += leaves.length > 0 ? 1 : 0;
          const most = naively(facts, now);
          expect(leaves.filter((heading) => !most.has(heading))).toEqual([]);
          // The order in which facts came to be is none of the answer.
          const turned = { ...facts, consents: facts.consents.toReversed(), agreements: facts.agreements.toReversed() };
          expect(shown(turned, now)).toEqual(leaves);
        }
      }),
      RUNS,
    );
    // Of histories in which nothing ever leaves this would be true, whatever was built.
    expect(left).toBeGreaterThan(100);
  });

  test.each(Object.entries(TAKES_AWAY))('is never more once %s', (_, takeAway) => {
    let took = 0;
    fc.assert(
      fc.property(open.map(underOne), instant, fc.nat({ max: 50 }), provision, (facts, now, nth, said) => {
        const [before, after] = [shown(facts, now), shown(takeAway(facts, now, nth, said), now)];
        expect(isWithin(after, before)).toBe(true);
        took += after.length < before.length ? 1 : 0;
      }),
      RUNS,
    );
    expect(took).toBeGreaterThan(5);
  });

  test('is never more by the clock alone, where nothing is still to begin', () => {
    const begun = ({ end }: Period): Period => ({ start: null, end });
    const allBegun = (facts: Facts): Facts => ({
      ...facts,
      agreements: facts.agreements.map((one) => ({ ...one, period: begun(one.period) })),
      consents: facts.consents.map((one) => ({
        ...one,
        period: begun(one.period),
        provisions: one.provisions.map((each) => ({ ...each, period: begun(each.period) })),
      })),
    });
    let took = 0;
    fc.assert(
      fc.property(open.map(underOne).map(allBegun), instant, fc.integer({ min: 1, max: 4 * DAY }), (facts, now, later) => {
        const [before, after] = [shown(facts, now), shown(facts, now + later)];
        expect(isWithin(after, before)).toBe(true);
        took += after.length < before.length ? 1 : 0;
      }),
      RUNS,
    );
    expect(took).toBeGreaterThan(5);
  });
});
