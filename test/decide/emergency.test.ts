import { describe, expect, test } from '@jest/globals';
import { desired } from '../../src/decide/desired.ts';
import { emergency } from '../../src/decide/emergency.ts';
import type { Facts } from '../../src/model/facts.ts';
import { kindMaySee } from '../../src/model/heading.ts';
import { EMERGENCY_KINDS, PURPOSES, PURPOSES_OF_KIND, RECIPIENT_KINDS } from '../../src/model/kind.ts';
import { holds } from '../../src/model/ledger.ts';
import { agreement, consent, deny, facts, NOW, NUMBER, permit, person, plan, recipient, version } from './sample.ts';

const btg = agreement({ purposes: ['BTG'] });
/** An ED whose agreement allows emergency access and nothing else, and a person who has said nothing. */
const base = (change: Partial<Facts> = {}): Facts => facts({ agreements: [btg], consents: [], ...change });
const answer = (given: Facts): string => {
  const want = emergency(given, NOW);
  return holds(want) ? `shows ${want.headings.length}` : want.because;
};
const ALL = `shows ${version().projections.ed && Object.keys(version().projections.ed.headings).filter((each) => kindMaySee('ed', each as never)).length}`;
const denies = (purposes: readonly ('BTG' | 'TREAT' | 'ETREAT' | 'COC')[], headings: readonly 'medicines'[] = []) =>
  consent('d', [deny({ purposes, headings })]);

describe('G23 emergency access, gate by gate', () => {
  test.each<[string, Partial<Facts>, string]>([
    ['the agreement allows it, and nobody has said no', {}, ALL],
    ['a consent was revoked', { consents: [consent('c', [permit()], { active: false })] }, ALL],
    ['a consent permits others only', { consents: [consent('c', [permit({ actors: [{ is: 'kind', kind: 'epr' }] })])] }, ALL],
    ['no agreement at all', { agreements: [] }, 'no-agreement'],
    [
      'an agreement for treatment: no purpose implies BTG',
      { agreements: [agreement({ purposes: ['TREAT', 'ETREAT', 'COC'] })] },
      'no-agreement',
    ],
    ['an agreement that has ended', { agreements: [agreement({ ...btg, period: { start: null, end: NOW } })] }, 'no-agreement'],
    ['an agreement that is no longer executed', { agreements: [agreement({ ...btg, executed: false })] }, 'no-agreement'],
    ['ruled out by name', { consents: [denies(['BTG'])] }, 'ruled-out'],
    ['ruled out by a deny of every purpose', { consents: [denies([])] }, 'ruled-out'],
    ['ruled out by a consent that denies and permits nothing', { consents: [consent('d', [])] }, 'ruled-out'],
    ['a deny of other purposes leaves it open', { consents: [denies(['TREAT', 'ETREAT', 'COC'])] }, ALL],
    ['a permit beside the deny does not undo it', { consents: [denies(['BTG']), consent('c', [permit()])] }, 'ruled-out'],
    [
      'a deny whose end has come stands',
      { consents: [consent('d', [deny({ purposes: ['BTG'], period: { start: null, end: NOW - 1 } })])] },
      'ruled-out',
    ],
    ['one heading ruled out', { consents: [denies(['BTG'], ['medicines'])] }, `shows ${Number(ALL.slice(6)) - 1}`],
    ['a deny of another kind says nothing', { consents: [consent('d', [deny({ actors: [{ is: 'kind', kind: 'police' }] })])] }, ALL],
    ['what cannot be computed shows nothing', { consents: [consent('u', [], { undecidable: 'why' })] }, 'consent-undecidable'],
    ['an actor that cannot be resolved', { consents: [consent('u', [deny({ actors: [{ is: 'unresolved' }] })])] }, 'consent-undecidable'],
    ['the person has died', { person: person({ alive: false }) }, 'not-alive'],
    ['the record is restricted', { person: person({ restricted: true }) }, 'restricted'],
    ['the plan was withdrawn', { plan: plan({ withdrawn: true }) }, 'withdrawn'],
    ['there is a draft only', { plan: plan({ version: null }) }, 'no-approved-version'],
    ['past hard expiry: whom to ring', { plan: plan({ version: version(undefined, { expiresAt: NOW }) }) }, 'shows 1'],
    ['the number is not traced: the person was named', { person: person({ traced: false }) }, ALL],
    ['nobody is in reach: an emergency is anywhere', { plan: plan({ reach: { recipientIds: [], areas: [] } }) }, ALL],
  ])('%s', (_, change, expected) => {
    expect(answer(base(change))).toBe(expected);
  });

  test('what is shown goes to the address that asked, under the number as sent, for BTG and until time alone changes it', () => {
    const end = NOW + 1_000;
    const want = emergency(base({ agreements: [agreement({ ...btg, period: { start: null, end } })] }), NOW);
    const { hold } = desired(facts(), NOW) as { hold: string };
    expect(want).toMatchObject({ place: { address: 'https://ed.example/fhir', identity: NUMBER }, purpose: 'BTG', until: end });
    // The same words are the same digest, whatever for.
    expect(want).toMatchObject({ hold });
    expect(emergency(base({ agreements: [] }), NOW)).toEqual({
      nothing: true,
      because: 'no-agreement',
      until: null,
    });
  });

  test('nobody ruled it out where there is only nothing to show', () => {
    expect(answer(base({ plan: plan({ version: version(['formulation']) }) }))).toBe('nothing-to-disclose');
    const otherHeading = consent('d', [deny({ purposes: ['BTG'], headings: ['medicines'] })]);
    expect(answer(base({ plan: plan({ version: version(['medicines']) }), consents: [otherHeading] }))).toBe('ruled-out');
  });

  test('to a kind that may never have it, it is as if there were no agreement', () => {
    expect(answer(base({ recipient: recipient({ kind: 'police' }), agreements: [agreement({ purposes: PURPOSES })] }))).toBe(
      'no-agreement',
    );
  });

  test('police and publishers are shown nothing, whatever is agreed', () => {
    for (const kind of RECIPIENT_KINDS) {
      const shown = answer(base({ recipient: recipient({ kind }), agreements: [agreement({ purposes: PURPOSES })] })).startsWith('shows');
      expect([kind, shown]).toEqual([kind, EMERGENCY_KINDS.some((one) => one === kind)]);
    }
  });

  test('no kind acts under BTG in any other way: an agreement for it alone discloses nothing', () => {
    expect(Object.values(PURPOSES_OF_KIND).flat()).not.toContain('BTG');
    expect(desired(facts({ agreements: [btg], consents: [consent('c', [permit()])] }), NOW)).toMatchObject({ because: 'no-agreement' });
    expect(desired(facts({ consents: [consent('c', [permit({ purposes: ['BTG'] })])] }), NOW)).toMatchObject({ because: 'no-consent' });
  });
});
