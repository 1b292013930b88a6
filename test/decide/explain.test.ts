import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decidedBy } from '../../src/decide/decided-by.ts';
import { desired } from '../../src/decide/desired.ts';
import { emergency } from '../../src/decide/emergency.ts';
import { explain, GATES } from '../../src/decide/explain.ts';
import type { Facts } from '../../src/model/facts.ts';
import { holds } from '../../src/model/ledger.ts';
import { agreement, consent, deny, destination, facts, NOW, permit, person, plan, recipient, version } from './sample.ts';

const pull = destination({ channel: 'pull', address: 'pull:' });
const failedAt = (given: Facts): string | undefined => explain(given, NOW).gates.find(({ outcome }) => outcome === 'failed')?.gate;

describe('a decision is explained by the gate at which it stopped', () => {
  test.each<[string, Partial<Facts>, string | undefined]>([
    ['nothing stops it', {}, undefined],
    ['death', { person: person({ alive: false }) }, 'person'],
    ['a restricted record', { person: person({ restricted: true }) }, 'person'],
    ['a withdrawn plan', { plan: plan({ withdrawn: true }) }, 'plan'],
    ['a draft only', { plan: plan({ version: null }) }, 'plan'],
    ['a number that is not traced', { person: person({ traced: false }) }, 'number'],
    ['out of reach', { plan: plan({ reach: { recipientIds: [], areas: [] } }) }, 'reach'],
    ['no agreement', { agreements: [] }, 'agreement'],
    ['no consent', { consents: [] }, 'consent'],
    ['a consent that cannot be computed', { consents: [consent('u', [], { undecidable: 'why' })] }, 'consent'],
    ['nothing for the kind', { recipient: recipient({ kind: 'police' }), plan: plan({ version: version(['medicines']) }) }, 'kind'],
  ])('%s', (_, change, expected) => {
    const given = facts({ ...change, ...(expected === 'reach' ? {} : {}) });
    expect(failedAt(given)).toBe(expected);
    const { gates } = explain(given, NOW);
    expect(gates.map(({ gate }) => gate)).toEqual([...GATES]);
    const at = expected === undefined ? GATES.length : gates.findIndex(({ gate }) => gate === expected);
    expect(gates.map(({ outcome }) => outcome)).toEqual(
      GATES.map((_gate, index) => (index < at ? 'passed' : index === at ? 'failed' : 'not-reached')),
    );
  });

  test('each heading that is left out is told by the first gate that leaves it out', () => {
    const given = facts({
      recipient: recipient({ kind: 'ed' }),
      agreements: [agreement({ headings: ['please-do', 'who-to-ring', 'people', 'coping'] })],
      consents: [consent('c', [permit(), deny({ headings: ['who-to-ring', 'do-not-contact'] })])],
      plan: plan({ version: version(['please-do', 'who-to-ring', 'people', 'do-not-contact', 'coping', 'medicines']) }),
    });
    expect(Object.fromEntries(explain(given, NOW).withheld.map(({ heading, by }) => [heading, by]))).toEqual({
      'who-to-ring': 'consent',
      'do-not-contact': 'agreement',
      medicines: 'agreement',
      coping: 'kind',
      people: 'shown-together',
    });
  });

  test('the trail keeps each provision that brought a heading of its own, and of what cannot be computed the oldest', () => {
    const ofVersion = { version: '3', hash: 'h' };
    const said = [
      consent('a', [deny({ purposes: ['TREAT'] }), permit(), permit()], ofVersion),
      consent('b', [deny({ headings: ['triggers'] }), deny({ headings: ['triggers'] })]),
      consent('silent', [permit()], { active: false }),
    ];
    const { gate, consents, withheld } = decidedBy(facts({ consents: said }), desired(facts({ consents: said }), NOW), NOW);
    expect({ gate, consents }).toEqual({
      gate: null,
      consents: [
        { reference: 'Consent/a/_history/3', hash: 'h', says: 'permit', provision: 1 },
        { reference: 'Consent/b', hash: null, says: 'deny', provision: 0 },
      ],
    });
    expect(withheld.triggers).toBe('consent');
    const unclear = facts({
      consents: [...said, consent('u', [], { undecidable: 'why' }), consent('older', [], { undecidable: 'why', recordedAt: 1 })],
    });
    const frozen = decidedBy(unclear, desired(unclear, NOW), NOW);
    expect([frozen.gate, frozen.consents.at(-1)]).toEqual([
      'consent',
      { reference: 'Consent/older', hash: null, says: 'undecidable', provision: null },
    ]);
    expect(decidedBy(facts({ agreements: [] }), desired(facts({ agreements: [] }), NOW), NOW)).toEqual({
      gate: 'agreement',
      consents: [],
      withheld: {},
    });
  });

  test('of emergency access a missing consent withholds nothing, and a deny does', () => {
    const given = facts({ agreements: [agreement({ purposes: ['BTG'] })], consents: [consent('d', [deny({ headings: ['please-do'] })])] });
    const { consents, withheld } = decidedBy(given, emergency(given, NOW), NOW, true);
    expect(consents.map(({ says, provision }) => `${says} ${provision}`)).toEqual(['deny 0']);
    expect(Object.entries(withheld).filter(([, by]) => by === 'consent')).toEqual([['please-do', 'consent']]);
  });

  test('for whatever facts its answer is that of the gate, and what is shown and what is withheld are all that was signed', () => {
    const bool = fc.boolean();
    const any = fc.record({
      alive: bool,
      traced: bool,
      withdrawn: bool,
      reach: bool,
      agreed: bool,
      permits: bool,
      denies: bool,
      looksUp: bool,
    });
    fc.assert(
      fc.property(any, (on) => {
        const given = facts({
          person: person({ alive: on.alive, traced: on.traced }),
          plan: plan({ withdrawn: on.withdrawn, ...(on.reach ? {} : { reach: { recipientIds: [], areas: [] } }) }),
          agreements: on.agreed ? [agreement()] : [],
          consents: [
            ...(on.permits ? [consent('c', [permit()])] : []),
            ...(on.denies ? [consent('d', [deny({ headings: ['medicines'] })])] : []),
          ],
          destination: on.looksUp ? pull : destination(),
        });
        const { want, gates, withheld } = explain(given, NOW);
        expect(want).toEqual(desired(given, NOW));
        expect(gates.every(({ outcome }) => outcome === 'passed')).toBe(holds(want));
        const signed = Object.keys(given.plan.version?.projections.ed.headings ?? {});
        if (holds(want)) expect([...want.headings, ...withheld.map(({ heading }) => heading)].sort()).toEqual(signed.sort());
      }),
      { numRuns: 300 },
    );
  });
});
