import { describe, expect, test } from '@jest/globals';
import { desired } from '../../src/decide/desired.ts';
import { reading } from '../../src/decide/explain.ts';
import type { Facts } from '../../src/model/facts.ts';
import { RECIPIENT_KINDS } from '../../src/model/kind.ts';
import { holds } from '../../src/model/ledger.ts';
import { deny, destination, facts, NOW, OTHER_NUMBER, person, plan, recipient, version, consent } from './sample.ts';

const flagOnly = destination({ channel: 'hl7v2-mllp', address: 'mllp://ed.example:2575', hl7v2: { messageForm: 'adt-a31-flag' } });
const both = destination({ ...flagOnly, hl7v2: { messageForm: 'mdm-and-adt-a31-flag' } });
const of = (change: Partial<Facts>) => {
  const want = desired(facts({ destination: flagOnly, ...change }), NOW);
  if (!holds(want)) throw new Error('it holds nothing');
  return want;
};

describe('an address that is told only that there is a plan', () => {
  test('[3b.8] I4 is shown no heading, and what it holds says nothing of the words', () => {
    expect(of({}).headings).toEqual([]);
    const longer = plan({ version: version(['please-do'], { reviewDate: '2031-01-01' }) });
    expect(of({ plan: longer }).hold).toBe(of({}).hold);
    expect(desired(facts({ destination: both }), NOW)).not.toMatchObject({ headings: [] });
  });

  test('[3b.8] I5 holds something else when the person is named otherwise, or it is to be told again', () => {
    expect(of({ person: person({ nhsNumber: OTHER_NUMBER }) }).hold).not.toBe(of({}).hold);
    // A person has it told again.
    expect(of({ plan: plan({ version: version(undefined, { reissue: 1 }) }) }).hold).not.toBe(of({}).hold);
    expect(of({ person: person({ nameDigest: 'another name' }) }).hold).not.toBe(of({}).hold);
  });

  test.each(RECIPIENT_KINDS)('[3b.8] I4 the flag passes the same gates as the document: %s', (kind) => {
    const to = { recipient: recipient({ kind }) };
    for (const change of [
      {},
      { agreements: [] },
      { consents: [] },
      { consents: [consent('no', [deny()])] },
      { person: person({ restricted: true }) },
      { plan: plan({ withdrawn: true }) },
      { plan: plan({ reach: { recipientIds: [], areas: [] } }) },
    ] satisfies readonly Partial<Facts>[]) {
      const flag = desired(facts({ ...to, ...change, destination: flagOnly }), NOW);
      const document = desired(facts({ ...to, ...change, destination: destination({ ...flagOnly, hl7v2: {} }) }), NOW);
      expect(holds(flag)).toBe(holds(document));
      expect('because' in flag && flag.because).toBe('because' in document && document.because);
    }
  });

  test('the trail names no gate for words that the address did not ask for', () => {
    const asked = facts({ destination: flagOnly });
    expect(reading(asked, desired(asked, NOW), NOW).withheld.map(({ by }) => by)).not.toContain('shown-together');
  });
});
