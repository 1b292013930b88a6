import { describe, expect, test } from '@jest/globals';
import type { Contract } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { Extension, System } from '../../profiles/canonicals.ts';
import { agreed } from '../../src/decide/agreed.ts';
import { fromContract } from '../../mappings/facts/from-contract.ts';
import { fromFramework } from '../../mappings/facts/from-framework.ts';
import type { Resolve } from '../../mappings/facts/reference-of.ts';
import { HEADINGS } from '../../src/model/heading.ts';

const NOW = Date.parse('2026-11-27T12:00:00Z');
const PURPOSES = ['TREAT', 'ETREAT', 'COC', 'crisis-response'] as const;
const nobody: Resolve = () => null;

interface Said {
  readonly publishers: readonly string[];
  readonly recipients: readonly string[];
  readonly headings: readonly string[] | null;
  readonly purposes: readonly string[] | null;
  readonly end: string | null;
  readonly reach: 'in-reach' | 'look-up' | null;
  readonly status: 'executed' | 'terminated';
}
const parties = (role: string, codes: readonly string[]) =>
  codes.map((value) => ({
    reference: [{ identifier: { system: System.odsOrganization, value } }],
    role: { coding: [{ system: System.agreementRole, code: role }] },
  }));
const contractOf = (id: string, said: Said): Contract =>
  ({
    resourceType: 'Contract',
    id,
    status: said.status,
    applies: { start: '2026-01-01', ...(said.end === null ? {} : { end: said.end }) },
    term: [
      {
        ...(said.reach === null ? {} : { extension: [{ url: Extension.agreementReach, valueCode: said.reach }] }),
        offer: { party: [...parties('publisher', said.publishers), ...parties('recipient', said.recipients)] },
        ...(said.headings === null
          ? {}
          : { asset: [{ type: said.headings.map((code) => ({ coding: [{ system: System.heading, code }] })) }] }),
        ...(said.purposes === null
          ? {}
          : {
              action: said.purposes.map((code) => ({
                intent: { coding: [{ system: code === 'crisis-response' ? System.purpose : System.actReason, code }] },
              })),
            }),
      },
    ],
  }) as Contract;

const term = (isWhole: boolean): fc.Arbitrary<Said> => {
  const some = (list: readonly string[]) => fc.subarray([...list], { minLength: 1 });
  const or = (list: readonly string[]) => (isWhole ? some(list) : fc.option(some(list)));
  return fc.record({
    publishers: fc.subarray(['PA', 'PB', 'PC'], { minLength: isWhole ? 1 : 0 }),
    recipients: fc.subarray(['RA', 'RB', 'RC'], { minLength: isWhole ? 1 : 0 }),
    headings: or(HEADINGS.slice(0, 6)),
    purposes: or(PURPOSES),
    end: fc.constantFrom(null, '2026-06-30', '2027-06-30'),
    reach: fc.constantFrom(null, null, 'in-reach' as const, 'look-up' as const),
    status: fc.constantFrom('executed' as const, 'executed' as const, 'terminated' as const),
  });
};
const inDate = ({ end, status }: Said): boolean => status === 'executed' && end !== '2026-06-30';
/** What one Contract by itself would let pass for a purpose. */
const allows = ({ headings, purposes }: Said, purpose: string): readonly string[] =>
  purposes !== null && !purposes.includes(purpose) ? [] : (headings ?? HEADINGS);
const isOneSided = ({ publishers, recipients }: Said): boolean => publishers.length === 0 || recipients.length === 0;

describe('a framework and those who joined it', () => {
  test('I4 each pair is let exactly what the framework and both by whom it joined let pass, while all of them are in force', () => {
    fc.assert(
      fc.property(term(true), fc.array(term(false), { maxLength: 4 }), (national, joined) => {
        const pairs = fromFramework(
          { contract: contractOf('national', national), resolve: nobody },
          joined.map((each, nth) => ({ contract: contractOf(`joined-${nth}`, each), resolve: nobody })),
        );
        const whole = { ...national, headings: null, purposes: null, end: null, reach: null, status: 'executed' as const };
        const sides = (side: 'publishers' | 'recipients', code: string): readonly Said[] => [
          ...(national[side].includes(code) ? [whole] : []),
          ...joined.filter((each) => isOneSided(each) && each[side].includes(code)),
        ];
        for (const publisher of ['PA', 'PB', 'PC'])
          for (const recipient of ['RA', 'RB', 'RC'])
            for (const purpose of PURPOSES) {
              const expected = sides('publishers', publisher).flatMap((from) =>
                sides('recipients', recipient).flatMap((to) => {
                  const all = [national, from, to];
                  const reaches = new Set(all.flatMap(({ reach }) => reach ?? []));
                  if (!all.every(inDate) || reaches.size > 1) return [];
                  return HEADINGS.filter((heading) => all.every((each) => allows(each, purpose).includes(heading)));
                }),
              );
              const theirs = pairs.filter(
                (pair) => pair.publisher === publisher && 'ods' in pair.recipient && pair.recipient.ods === recipient,
              );
              const got = agreed(
                theirs.map(({ agreement }) => agreement),
                purpose,
                NOW,
              );
              expect([...got].sort()).toEqual([...new Set(expected)].sort());
            }
      }),
      { numRuns: 300 },
    );
  });

  test('I4 a Contract that inherits, and names both sides, lets no more pass than its framework, and not to anybody else', () => {
    fc.assert(
      fc.property(term(true), term(true), (national, local) => {
        const pairs = fromContract(contractOf('local', local), nobody, contractOf('national', national));
        for (const { publisher, recipient, agreement } of pairs) {
          expect(local.publishers).toContain(publisher);
          expect('ods' in recipient && local.recipients.includes(recipient.ods)).toBe(true);
          for (const purpose of PURPOSES)
            for (const heading of agreed([agreement], purpose, NOW)) {
              expect(inDate(national) && inDate(local)).toBe(true);
              expect(allows(national, purpose)).toContain(heading);
              expect(allows(local, purpose)).toContain(heading);
            }
          expect([national.reach, local.reach].every((reach) => reach === null || reach === agreement.reach)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a pair says on which Contracts it rests', () => {
    const said: Said = {
      publishers: ['PA'],
      recipients: ['RA'],
      headings: ['please-do'],
      purposes: ['TREAT'],
      end: null,
      reach: null,
      status: 'executed',
    };
    const joining = { ...said, publishers: [], recipients: ['RB'], headings: null, purposes: null };
    const pairs = fromFramework({ contract: contractOf('national', said), resolve: nobody }, [
      { contract: contractOf('joined', joining), resolve: nobody },
    ]);
    expect(pairs.map(({ recipient, agreement: { id, restsOn } }) => [recipient, id, restsOn])).toEqual([
      [{ ods: 'RA' }, 'national', undefined],
      [{ ods: 'RB' }, 'national', ['joined']],
    ]);
    expect(fromContract(contractOf('local', said), nobody, contractOf('national', said))[0]?.agreement.restsOn).toEqual(['national']);
  });
});
