import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { Consent as FhirConsent, ConsentProvision } from '@medplum/fhirtypes';
import { doubtsOfConsent, fromConsent } from '../../mappings/facts/from-consent.ts';
import type { Resolve } from '../../mappings/facts/reference-of.ts';
import { Extension, System } from '../../profiles/canonicals.ts';
import type { Consent } from '../../src/model/consent.ts';

const example = (name: string): FhirConsent =>
  JSON.parse(readFileSync(new URL(`../../profiles/examples/sharing-consent/${name}.json`, import.meta.url), 'utf8')) as FhirConsent;
const full = example('valid-full');
const resolve: Resolve = (reference) =>
  reference === 'Organization/trust' ? { ods: 'ZZ1' } : reference === 'HealthcareService/ed' ? { recipientId: 'ed' } : null;
const read = (consent: FhirConsent): Consent => fromConsent(consent, resolve, 1000);

/** The example with its one nested provision changed. */
const nested = (change: Partial<ConsentProvision>): Consent => {
  const [first] = full.provision?.provision ?? [];
  return read({ ...full, provision: { ...full.provision, provision: [{ ...first, ...change }] } });
};
const role = { coding: [{ system: System.participationType, code: 'IRCP' }] };

describe('from a Consent', () => {
  test('all of it', () => {
    expect(read(full)).toEqual({
      id: 'consent-1',
      binds: 'ZZ1',
      active: true,
      period: { start: Date.parse('2026-11-01T00:00:00Z'), end: Date.parse('2027-11-01T00:00:00Z') },
      provisions: [
        {
          type: 'permit',
          actors: [{ is: 'kind', kind: 'ambulance' }],
          purposes: ['ETREAT'],
          headings: [],
          period: { start: null, end: null },
        },
        {
          type: 'permit',
          actors: [{ is: 'kind', kind: 'police' }],
          purposes: ['crisis-response'],
          headings: ['please-do', 'who-to-ring'],
          period: { start: null, end: null },
        },
      ],
      supersedes: ['consent-0'],
      undecidable: null,
      recordedAt: 1000,
    });
  });

  test('inactive is a revocation', () => {
    expect(read(example('valid-revoked')).active).toBe(false);
  });

  test.each(['valid-best-interests', 'valid-court-order'])(
    '%s: a basis other than consent ends when it was said to end, and freezes without an end',
    (name) => {
      const basis = example(name);
      const of = (change: (part: { url: string }) => boolean | object): Consent =>
        read({
          ...basis,
          extension: (basis.extension ?? []).map((each) =>
            each.url === Extension.consentBasis
              ? {
                  ...each,
                  extension: (each.extension ?? []).flatMap((part) =>
                    change(part) === true ? [part] : change(part) === false ? [] : [change(part) as never],
                  ),
                }
              : each,
          ),
        });
      const expires = (day: string) => (part: { url: string }) => (part.url === 'expires' ? { url: 'expires', valueDateTime: day } : true);
      // A day ends at midnight in London, in summer, too; no period of the Consent goes beyond it, and an earlier end of the period stands.
      expect(of(expires('2026-12-15')).period.end).toBe(Date.parse('2026-12-16T00:00:00Z'));
      expect(of(expires('2026-07-15')).period.end).toBe(Date.parse('2026-07-15T23:00:00Z'));
      expect(of(expires('2026-12-15')).undecidable).toBeNull();
      expect(of(({ url }) => url !== 'expires').undecidable).toMatch(/has an end/);
      const before = read({ ...basis, provision: { ...basis.provision, period: { end: '2026-06-01' } } });
      expect(before.period.end).toBe(Date.parse('2026-06-01T23:00:00Z'));
    },
  );

  test('it binds the publisher that it names, or all where it says so', () => {
    expect(read(example('valid-binds-all'))).toMatchObject({ binds: null, undecidable: null });
    expect(read({ ...full, organization: [{ reference: 'Organization/trust' }] })).toMatchObject({ binds: 'ZZ1', undecidable: null });
    expect(read({ ...full, organization: [{ reference: 'Organization/nobody' }] }).undecidable).toMatch(/^Consent\.organization/);
  });

  test.each<[string, object, object]>([
    ['an organisation by its code', { identifier: { system: System.odsOrganization, value: 'ZZ3' } }, { is: 'organization', ods: 'ZZ3' }],
    ['a stored organisation', { reference: 'Organization/trust' }, { is: 'organization', ods: 'ZZ1' }],
    ['a stored service', { reference: 'HealthcareService/ed' }, { is: 'service', recipientId: 'ed' }],
    ['a service that nobody knows', { reference: 'HealthcareService/gone' }, { is: 'unresolved' }],
    ['a kind that holds nothing', { identifier: { system: System.kind, value: 'evaluator' } }, { is: 'unresolved' }],
    ['a code of another system', { identifier: { system: 'https://elsewhere.example', value: 'ZZ3' } }, { is: 'unresolved' }],
    ['a name and no more', { display: 'the police' }, { is: 'unresolved' }],
    [
      'two that differ',
      { reference: 'Organization/trust', identifier: { system: System.odsOrganization, value: 'ZZ9' } },
      { is: 'unresolved' },
    ],
  ])('an actor: %s', (_, reference, expected) => {
    expect(nested({ actor: [{ role, reference }] }).provisions[0]?.actors).toEqual([expected]);
  });

  test('G8: no purpose is dropped: one that is not ours makes it undecidable, never "every purpose"', () => {
    const consent = nested({ purpose: [{ system: System.actReason, code: 'HLEGAL' }] });
    expect(consent.undecidable).toBe('Consent.provision.provision[0].purpose[0]: not a purpose of the broker');
    expect(nested({ purpose: [{ system: System.actReason, code: 'crisis-response' }] }).undecidable).not.toBeNull();
  });

  test.each<[string, Partial<ConsentProvision>, string]>([
    ['a heading that is none', { code: [{ coding: [{ system: System.heading, code: 'everything' }] }] }, 'code[0]'],
    ['a heading of another system', { code: [{ coding: [{ system: System.snomed, code: 'please-do' }] }] }, 'code[0]'],
    ['a class', { class: [{ code: 'CarePlan' }] }, 'class'],
    ['a label', { securityLabel: [{ code: 'R' }] }, 'securityLabel'],
    ['data', { data: [{ meaning: 'instance', reference: { reference: 'CarePlan/1' } }] }, 'data'],
    ['a time of data', { dataPeriod: { start: '2026' } }, 'dataPeriod'],
    ['another action', { action: [{ coding: [{ code: 'collect' }] }] }, 'action[0]'],
    ['no type', { type: undefined }, 'type'],
    ['a nested one inside', { provision: [{ type: 'deny' }] }, 'provision'],
    ['a role that is not IRCP', { actor: [{ role: { coding: [{ code: 'CST' }] }, reference: {} }] }, 'actor[0].role'],
    ['a period that cannot be', { period: { start: '2027', end: '2026' } }, 'period'],
  ])('undecidable: %s', (_, change, place) => {
    expect(nested(change).undecidable).toContain(`Consent.provision.provision[0].${place}: `);
  });

  test.each<[string, Partial<FhirConsent>]>([
    ['a root that permits', { provision: { ...full.provision, type: 'permit' } }],
    ['a root without a type', { provision: { ...full.provision, type: undefined } }],
    ['no provision', { provision: undefined }],
    ['another policy', { policy: [{ uri: 'https://elsewhere.example' }] }],
    ['another scope', { scope: { coding: [{ system: System.consentScope, code: 'research' }] } }],
    ['an actor at the root', { provision: { ...full.provision, actor: [{ role, reference: {} }] } }],
    ['a policy rule', { policyRule: { coding: [{ code: 'OPTIN' }] } }],
    ['not verified', { verification: [{ verified: false }] }],
    ['superseding what is no Consent', { extension: [{ url: Extension.supersedes, valueReference: { reference: 'Contract/1' } }] }],
  ])('undecidable: %s', (_, change) => {
    expect(read({ ...full, ...change }).undecidable).toMatch(/^Consent\./);
  });

  test('who writes one is told of every place, whatever is stored; of one in order there is none', () => {
    for (const name of ['valid-full', 'valid-binds-all', 'valid-deny-police', 'valid-best-interests'])
      expect([name, doubtsOfConsent(example(name))]).toEqual([name, []]);
    const actor = (change: object) => ({ role, reference: { identifier: { system: System.kind, value: 'police' } }, ...change });
    const provision = [
      { type: 'permit' as const, actor: [actor({})], class: [{ code: 'CarePlan' }] },
      {
        type: 'deny' as const,
        actor: [
          actor({ role: { coding: [{ system: System.actCode, code: 'IRCP' }] } }),
          actor({ reference: { display: 'the police' } }),
          actor({ reference: { reference: 'Organization/not-stored-yet' } }),
        ],
      },
    ];
    // Without an id, as it is before it is created.
    const { id: _, ...unnamed } = full;
    expect(doubtsOfConsent({ ...unnamed, provision: { ...full.provision, provision } }).map(({ at }) => at)).toEqual([
      'Consent.provision.provision[0].class',
      'Consent.provision.provision[1].actor[0].role',
      'Consent.provision.provision[1].actor[1].reference',
    ]);
  });
});
