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
import { PURPOSES } from '../../../src/model/kind.ts';
import { holds } from '../../../src/model/ledger.ts';
import type { Period } from '../../../src/model/period.ts';
import { consent, NOW, recipient } from '../sample.ts';
import { ask, consentWith, ODS, recipient as actorOf, supersedes } from './builders.ts';
import { naively } from './naive.ts';
import { consents, instant, provision, situation } from './situation.ts';

const RUNS = { numRuns: 2_000, seed: 20_261_126 };

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
