import { describe, expect, test } from '@jest/globals';
import type { Consent as FhirConsent, ConsentProvision, Resource } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { CONSENT_POLICY, System } from '../../../profiles/canonicals.ts';
import { fromConsent } from '../../../mappings/facts/from-consent.ts';
import { consented } from '../../../src/decide/consented.ts';
import { desired } from '../../../src/decide/desired.ts';
import type { Actor, Consent, Provision } from '../../../src/model/consent.ts';
import type { Facts } from '../../../src/model/facts.ts';
import { type Heading, HEADINGS } from '../../../src/model/heading.ts';
import { DAY } from '../../../src/model/instant.ts';
import { PURPOSES, RECIPIENT_KINDS } from '../../../src/model/kind.ts';
import { holds } from '../../../src/model/ledger.ts';
import type { Period } from '../../../src/model/period.ts';
import { agreement, consent, facts, NOW, recipient, version } from '../sample.ts';
import { ask, consentWith, ODS, recipient as actorOf, supersedes } from './builders.ts';
import { naively } from './naive.ts';

const RUNS = { numRuns: 2_000, seed: 20_261_126 };

const instant = fc.integer({ min: -3, max: 3 }).map((days) => NOW + days * DAY);
const period: fc.Arbitrary<Period> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ start: null, end: null }) },
  { weight: 2, arbitrary: fc.tuple(fc.option(instant), fc.option(instant)).map(([start, end]) => ({ start, end })) },
);
// A few headings, so that consents meet.
const heading: fc.Arbitrary<Heading> = fc.constantFrom('please-do', 'who-to-ring', 'medicines', 'people', 'do-not-contact');
const actor: fc.Arbitrary<Actor> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('ed', 'police', 'ambulance').map((kind): Actor => ({ is: 'kind', kind: kind as 'ed' })) },
  { weight: 3, arbitrary: fc.constantFrom('REC1', 'REC2').map((ods): Actor => ({ is: 'organization', ods })) },
  { weight: 2, arbitrary: fc.constantFrom('recipient', 'other').map((recipientId): Actor => ({ is: 'service', recipientId })) },
  { weight: 1, arbitrary: fc.constant<Actor>({ is: 'unresolved' }) },
);
const provision: fc.Arbitrary<Provision> = fc.record({
  type: fc.constantFrom('permit', 'permit', 'permit', 'permit', 'permit', 'deny'),
  actors: fc.oneof(fc.constant([]), fc.array(actor, { maxLength: 2 })),
  purposes: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.subarray([...PURPOSES]) }),
  headings: fc.uniqueArray(heading, { maxLength: 3 }),
  period,
});
const NAMES = ['c0', 'c1', 'c2', 'c3'];
const consents: fc.Arbitrary<readonly Consent[]> = fc
  .array(
    fc.record({
      binds: fc.constantFrom('TRUST1', 'TRUST1', 'TRUST1', null, 'TRUST2'),
      active: fc.constantFrom(true, true, true, true, false),
      period,
      provisions: fc.oneof(
        { weight: 9, arbitrary: fc.array(provision, { minLength: 1, maxLength: 3 }) },
        { weight: 1, arbitrary: fc.constant([]) },
      ),
      supersedes: fc.subarray(NAMES, { maxLength: 1 }),
      undecidable: fc.oneof({ weight: 19, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constant('cannot be read') }),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((all) => all.map(({ provisions, ...change }, index) => consent(`c${index}`, provisions, change)));
const agreements = fc.array(
  fc
    .record({
      executed: fc.constantFrom(true, true, true, false),
      period,
      purposes: fc.oneof(fc.constant(PURPOSES), fc.subarray([...PURPOSES], { minLength: 1 })),
      headings: fc.oneof(fc.constant(HEADINGS), fc.uniqueArray(heading, { minLength: 1, maxLength: 5 })),
    })
    .map((change) => agreement(change)),
  { minLength: 1, maxLength: 3 },
);
const situation: fc.Arbitrary<Facts> = fc
  .record({
    consents,
    agreements,
    kind: fc.constantFrom('ed', 'ed', 'ambulance', ...RECIPIENT_KINDS),
    ods: fc.constantFrom('REC1', 'REC2'),
    expiresAt: fc.option(instant),
    alive: fc.integer({ min: 0, max: 19 }).map((one) => one > 0),
    traced: fc.constantFrom(true, true, true, true, true, false),
    matched: fc.boolean(),
    withdrawn: fc.integer({ min: 0, max: 19 }).map((one) => one === 0),
    isNamed: fc.constantFrom(true, true, true, false),
    contact: fc.option(fc.option(instant)),
  })
  .map(({ kind, ods, expiresAt, alive, traced, withdrawn, isNamed, contact, ...rest }) => {
    const whole = facts({ ...rest, recipient: recipient({ kind, ods }) });
    return {
      ...whole,
      person: { ...whole.person, alive, traced },
      plan: {
        ...whole.plan,
        withdrawn,
        version: version(HEADINGS, { expiresAt }),
        reach: { ...whole.plan.reach, recipientIds: isNamed ? ['recipient'] : [] },
      },
      openContacts: contact === null ? [] : [{ until: contact }],
    };
  });

const released = (one: Facts, now: number): readonly Heading[] => {
  const want = desired(one, now);
  return holds(want) ? want.headings : [];
};
const isWithin = (some: readonly Heading[], all: readonly Heading[]): boolean => some.every((one) => all.includes(one));

describe('what a recipient may hold', () => {
  test('I4 is never more than a naive reading of the rules, and is it where everything can be decided', () => {
    let held = 0;
    fc.assert(
      fc.property(situation, instant, (one, now) => {
        const most = naively(one, now);
        const want = desired(one, now);
        const headings = holds(want) ? want.headings : [];
        held += headings.length > 0 ? 1 : 0;
        expect(headings.filter((each) => !most.has(each))).toEqual([]);
        const isDecidable = !('freeze' in want) && !('because' in want && want.because === 'consent-undecidable');
        if (isDecidable) expect(headings).toHaveLength(most.size);
      }),
      RUNS,
    );
    // A property that nothing ever holds would be true of nothing.
    expect(held).toBeGreaterThan(150);
  });

  test('I4 does not grow by a deny, by the end of an agreement, or by fewer headings in one', () => {
    fc.assert(
      fc.property(situation, instant, provision, fc.nat(), fc.nat(), (one, now, denied, which, what) => {
        const before = released(one, now);
        const more = consent('more', [{ ...denied, type: 'deny' }]);
        expect(isWithin(released({ ...one, consents: [...one.consents, more] }, now), before)).toBe(true);
        const { agreements: all } = one;
        if (all.length === 0) return;
        const at = which % all.length;
        expect(isWithin(released({ ...one, agreements: all.filter((_, index) => index !== at) }, now), before)).toBe(true);
        const narrower = all.map((each, index) =>
          index === at ? { ...each, headings: each.headings.filter((_, nth) => nth !== what % each.headings.length) } : each,
        );
        // Of several purposes the one that shows most is taken: narrower may be another, never one that shows more.
        expect(released({ ...one, agreements: narrower }, now).length).toBeLessThanOrEqual(before.length);
      }),
      RUNS,
    );
  });

  test('I4 is the same in whatever order consents and agreements came to be', () => {
    fc.assert(
      fc.property(situation, instant, (one, now) => {
        const turned = { ...one, consents: one.consents.toReversed(), agreements: one.agreements.toReversed() };
        expect(desired(turned, now)).toEqual(desired(one, now));
      }),
      RUNS,
    );
  });
});

const day = (at: number): string => new Date(at).toISOString();
const fhirPeriod = ({ start, end }: Period): object => ({
  period: { ...(start === null ? {} : { start: day(start) }), ...(end === null ? {} : { end: day(end) }) },
});
const fhirActor = (one: Actor) => {
  switch (one.is) {
    case 'kind':
      return actorOf({ identifier: { system: System.kind, value: one.kind } });
    case 'organization':
      return actorOf(ODS(one.ods));
    case 'service':
      return actorOf({ reference: `HealthcareService/${one.recipientId}` });
    case 'unresolved':
      return actorOf({ reference: 'Organization/gone' });
    default:
      return one satisfies never;
  }
};
const isReadable = ({ start, end }: Period): boolean => start === null || end === null || start <= end;
const fhirProvision = ({ type, actors, purposes, headings, period: when }: Provision): ConsentProvision => ({
  type,
  ...(actors.length === 0 ? {} : { actor: actors.map(fhirActor) }),
  ...(purposes.length === 0
    ? {}
    : { purpose: purposes.map((code) => ({ system: code === 'crisis-response' ? System.purpose : System.actReason, code })) }),
  ...(headings.length === 0 ? {} : { code: headings.map((code) => ({ coding: [{ system: System.heading, code }] })) }),
  ...(isReadable(when) ? fhirPeriod(when) : {}),
});
const organization = { identifier: { system: System.odsOrganization, value: 'TRUST1' } };
const fhirConsent = (one: Consent): FhirConsent =>
  consentWith(
    {
      type: 'deny',
      ...(isReadable(one.period) ? fhirPeriod(one.period) : {}),
      ...(one.provisions.length === 0 ? {} : { provision: one.provisions.map(fhirProvision) }),
    },
    {
      id: one.id,
      status: one.active ? 'active' : 'inactive',
      policy: [{ uri: CONSENT_POLICY }],
      organization: [organization],
      ...supersedes(...one.supersedes),
    },
  );
const service = (id: string, ods: string, kind: string): Resource => ({
  resourceType: 'HealthcareService',
  id,
  providedBy: { identifier: { system: System.odsOrganization, value: ods } },
  type: [{ coding: [{ system: System.kind, code: kind }] }],
});

describe('$evaluate', () => {
  test('answers of consents of the broker’s own profile what its gate answers', () => {
    let permitted = 0;
    const purpose = fc.constantFrom(...PURPOSES);
    fc.assert(
      fc.property(consents, purpose, instant, fc.constantFrom('REC1', 'REC2'), (all, why, now, ods) => {
        const written = all.map(fhirConsent);
        const known = [service('recipient', ods, 'ed'), service('other', 'REC3', 'ambulance')];
        const resolve = (reference: string) => (reference.startsWith('HealthcareService/') ? { recipientId: reference.slice(18) } : null);
        const gate = consented(
          written.map((one) => fromConsent(one, resolve, NOW)),
          { publisher: 'TRUST1', recipient: recipient({ ods, kind: 'ed' }), purpose: why },
          now,
        );
        const answer = ask({
          consents: written,
          headings: HEADINGS,
          actor: { reference: 'HealthcareService/recipient' },
          known,
          purpose: { system: why === 'crisis-response' ? System.purpose : System.actReason, code: why },
          at: day(now),
        });
        const released = answer.data.flatMap(({ datum, answer: each }) => (each === 'permit' ? [datum.name] : []));
        permitted += released.length > 0 ? 1 : 0;
        // The gate freezes where anything cannot be decided; here it is said of each heading.
        if (gate.undecidableSince === null) expect(released).toEqual(HEADINGS.filter((each) => gate.headings.has(each)));
        else expect(released.filter((each) => !gate.headings.has(each as Heading))).toEqual([]);
      }),
      RUNS,
    );
    expect(permitted).toBeGreaterThan(300);
  });
});
