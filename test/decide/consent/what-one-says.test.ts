import { describe, expect, test } from '@jest/globals';
import { evaluate } from '../../../src/decide/consent/evaluate.ts';
import { whatOneSays } from '../../../src/decide/consent/what-one-says.ts';
import type { ConsentRule, ConsentRules } from '../../../src/model/consent-rules.ts';
import { datum, question, rule, rules } from './rules.ts';

const here = { codes: [{ system: 's', code: 'a' }] };
const elsewhere = { codes: [{ system: 's', code: 'b' }] };
const others = { actors: [{ names: ['ods|ZZB'], resolved: true }] };
const unknown = { actors: [{ names: ['Organization/x'], resolved: false }] };
const ended = { period: { start: null, end: 50 } };
const nested = (type: ConsentRule['type'], at: string, change: Partial<ConsentRule> = {}) => rule({ type, at: `P[${at}]`, ...change });
const root = (type: ConsentRule['type'], ...within: readonly ConsentRule[]): Partial<ConsentRule> => ({ type, at: 'P', nested: within });
/** What it says, at which provision; `nothing` where it says nothing. */
const says = (one: ConsentRules, isReplaced = false): string => {
  const said = whatOneSays(one, datum(here), question(), isReplaced);
  return said.says === 'nothing' ? 'nothing' : `${said.says} ${said.at}: ${said.why}`;
};

const [NESTED_PERMIT, NESTED_DENY] = ['a nested provision permits it', 'a nested provision denies it'];
const [ROOT_PERMIT, ROOT_DENY] = ['the root permits it', 'the root denies, and permits nothing'];
const DOUBT = 'it cannot be told whether this denies it';

describe('what one consent says, and by which provision', () => {
  test.each<[string, Partial<ConsentRule>, string]>([
    ['a root that permits', root('permit'), `permit P: ${ROOT_PERMIT}`],
    ['a root that denies and holds nothing', root('deny'), `deny P: ${ROOT_DENY}`],
    ['a root of neither', root(null), 'undecidable P: the root says neither permit nor deny, by type or by policy rule'],
    ['a root to others', { ...root('deny'), ...others }, 'nothing'],
    [
      'a root of which nobody knows to whom',
      { ...root('permit'), ...unknown },
      'undecidable P: it cannot be told whether it speaks to who asks',
    ],
    ['a root that denies something else', { ...root('deny'), ...elsewhere }, 'nothing'],
    ['a root that denies this', { ...root('deny'), ...here }, `deny P: ${ROOT_DENY}`],
    ['a root that denies it may be this', { ...root('deny'), data: [{ meaning: 'instance', reference: null }] }, `undecidable P: ${DOUBT}`],
    ['a root that permits something else', { ...root('permit'), ...elsewhere }, 'nothing'],
    ['a root that permits it may be this', { ...root('permit'), data: [{ meaning: 'instance', reference: null }] }, 'nothing'],
    ['a root that permitted until it ended', { ...root('permit'), ...ended }, 'nothing'],
    ['a root whose deny stands after its end', { ...root('deny'), ...ended }, `deny P: ${ROOT_DENY}`],
    ['a permit within a root that has ended', { ...root('deny', nested('permit', '0')), ...ended }, 'nothing'],
    ['a permit within a root that denies', root('deny', nested('permit', '0')), `permit P[0]: ${NESTED_PERMIT}`],
    ['a permit of something else within it: silence, not a deny', root('deny', nested('permit', '0', elsewhere)), 'nothing'],
    ['a deny of something else within it: silence too', root('deny', nested('deny', '0', elsewhere)), 'nothing'],
    [
      'a permit two levels down, of something else',
      root('deny', nested('deny', '0', { ...elsewhere, nested: [nested('permit', '0.0', elsewhere)] })),
      'nothing',
    ],
    ['a deny within a root that permits', root('permit', nested('permit', '0'), nested('deny', '1')), `deny P[1]: ${NESTED_DENY}`],
    ['a deny of something else within a root that permits', root('permit', nested('deny', '0', elsewhere)), `permit P: ${ROOT_PERMIT}`],
    [
      'a deny that may be this',
      root('permit', nested('deny', '0', { data: [{ meaning: 'instance', reference: null }] })),
      `undecidable P[0]: ${DOUBT}`,
    ],
    ['a deny that may be of who asks', root('permit', nested('deny', '0', unknown)), `undecidable P[0]: ${DOUBT}`],
    [
      'a certain deny beside a doubtful one',
      root('permit', nested('deny', '0', unknown), nested('deny', '1')),
      `deny P[1]: ${NESTED_DENY}`,
    ],
    ['a permit that may be of who asks', root('deny', nested('permit', '0', unknown)), 'nothing'],
    ['the second of two permits', root('deny', nested('permit', '0', elsewhere), nested('permit', '1')), `permit P[1]: ${NESTED_PERMIT}`],
    ['neither, nested', root('permit', nested(null, '0')), 'undecidable P[0]: a nested provision says neither permit nor deny'],
    ['neither, nested, of something else', root('permit', nested(null, '0', elsewhere)), `permit P: ${ROOT_PERMIT}`],
    ['neither, nested, of something else, within a root that denies', root('deny', nested(null, '0', elsewhere)), `deny P: ${ROOT_DENY}`],
    [
      'a permit within a deny of the same',
      root('permit', nested('deny', '0', { nested: [nested('permit', '0.0')] })),
      'undecidable P[0.0]: permits within a provision that denies the same',
    ],
    [
      'a deny within a deny of the same',
      root('permit', nested('deny', '0', { nested: [nested('deny', '0.0')] })),
      `deny P[0]: ${NESTED_DENY}`,
    ],
    [
      'a permit of something else within a deny',
      root('permit', nested('deny', '0', { nested: [nested('permit', '0.0', elsewhere)] })),
      `deny P[0]: ${NESTED_DENY}`,
    ],
    [
      'a permit within a deny of something else',
      root('deny', nested('deny', '0', { ...elsewhere, nested: [nested('permit', '0.0')] })),
      `permit P[0.0]: ${NESTED_PERMIT}`,
    ],
    [
      'a permit two levels down',
      root('deny', nested('permit', '0', { ...elsewhere, nested: [nested('permit', '0.0')] })),
      `permit P[0.0]: ${NESTED_PERMIT}`,
    ],
    ['a permit within one to others', root('deny', nested('permit', '0', { ...others, nested: [nested('permit', '0.0')] })), 'nothing'],
    ['a permit within one that has ended', root('deny', nested('permit', '0', { ...ended, nested: [nested('permit', '0.0')] })), 'nothing'],
    [
      'a deny within a permit that has ended',
      root('permit', nested('permit', '0', { ...ended, ...elsewhere, nested: [nested('deny', '0.0')] })),
      `deny P[0.0]: ${NESTED_DENY}`,
    ],
  ])('%s', (_, one, expected) => {
    expect(says(rules(one))).toBe(expected);
  });

  test('replaced it permits nothing, and denies as before', () => {
    expect(says(rules(root('permit')), true)).toBe('nothing');
    expect(says(rules(root('deny', nested('permit', '0'))), true)).toBe('nothing');
    expect(says(rules(root('permit', nested('deny', '0'))), true)).toBe(`deny P[0]: ${NESTED_DENY}`);
    expect(says(rules(root('deny')), true)).toBe(`deny P: ${ROOT_DENY}`);
  });

  test('not in force, or of another person, it says nothing; where it cannot be computed, that', () => {
    expect(says(rules(root('deny'), { active: false }))).toBe('nothing');
    expect(says(rules(root('deny'), { patient: 'Patient/q' }))).toBe('nothing');
    expect(says(rules(root('deny'), { patient: null }))).toBe(`deny P: ${ROOT_DENY}`);
    expect(says(rules(root('permit'), { undecidable: 'why' }))).toBe('undecidable Consent: why');
    const ofNobody = whatOneSays(rules(root('permit')), datum({ patient: null }), question(), false);
    expect(ofNobody).toMatchObject({ says: 'permit' });
  });
});

describe('several consents', () => {
  const a = (one: Partial<ConsentRule>, change: Partial<ConsentRules> = {}) =>
    rules(one, { name: 'a', ids: ['Consent/a', 'ids|a'], ...change });
  const b = (one: Partial<ConsentRule>, change: Partial<ConsentRules> = {}) =>
    rules(one, { name: 'b', ids: ['Consent/b'], supersedes: ['Consent/a'], ...change });
  const given = (...all: readonly ConsentRules[]): string => {
    const forward = evaluate(all, question({ data: [datum(here)] }));
    expect(evaluate(all.toReversed(), question({ data: [datum(here)] }))).toEqual(forward);
    const [{ answer, provision, reason } = { answer: '', provision: '', reason: '' }] = forward.data;
    expect(forward.decision).toBe(answer);
    return provision === null ? `${answer}: ${reason}` : `${answer} by ${provision}`;
  };
  const SILENCE = 'deny: no consent in force permits it';
  const silent = root('deny', nested('permit', '0', elsewhere));

  test.each<[string, readonly ConsentRules[], string]>([
    ['none', [], SILENCE],
    ['one that permits', [a(root('permit'))], 'permit by a P'],
    ['a permit beside silence', [a(root('permit')), b(silent, { supersedes: [] })], 'permit by a P'],
    ['a deny beside a permit', [a(root('deny')), b(root('permit'), { supersedes: [] })], 'deny by a P'],
    ['a doubt beside a permit', [a(root(null)), b(root('permit'), { supersedes: [] })], 'undecidable by a P'],
    ['a deny beside a doubt', [a(root(null)), b(root('deny'), { supersedes: [] })], 'deny by b P'],
    ['a deny that was superseded', [a(root('deny')), b(root('permit'))], 'permit by b P'],
    ['a deny superseded by one that has ended', [a(root('deny')), b({ ...root('permit'), ...ended })], 'deny by a P'],
    ['a deny superseded by one that was revoked', [a(root('deny')), b(root('permit'), { active: false })], 'deny by a P'],
    [
      'a deny superseded by one that has not begun',
      [a(root('deny')), b({ ...root('permit'), period: { start: 101, end: null } })],
      'deny by a P',
    ],
    ['a permit that was superseded', [a(root('permit')), b(silent)], SILENCE],
    ['a permit superseded by one that has ended', [a(root('permit')), b({ ...silent, ...ended })], SILENCE],
    ['a permit superseded by one that began and has ended', [a(root('permit')), b({ ...silent, period: { start: 10, end: 50 } })], SILENCE],
    [
      'a permit superseded by one that was revoked before it began',
      [a(root('permit')), b({ ...silent, period: { start: 101, end: null } }, { active: false })],
      SILENCE,
    ],
    [
      'a permit superseded by one that has not begun',
      [a(root('permit')), b({ ...silent, period: { start: 101, end: null } })],
      'permit by a P',
    ],
    [
      'a permit superseded by one that begins and ended at once',
      [a(root('permit')), b({ ...silent, period: { start: 100, end: 100 } })],
      SILENCE,
    ],
    ['one that names itself', [a(root('permit'), { supersedes: ['Consent/a'] })], 'permit by a P'],
    ['superseded by another person’s', [a(root('deny')), b(root('permit'), { patient: 'Patient/q' })], 'deny by a P'],
    ['another that is not named', [a(root('deny')), b(root('permit'), { supersedes: ['Consent/x'] })], 'deny by a P'],
  ])('%s', (_, all, expected) => {
    expect(given(...all)).toBe(expected);
  });

  test('of what is undecidable in one part nothing is permitted, and one part that is permitted is enough otherwise', () => {
    const [known, other] = [datum(here), datum({ ...elsewhere, name: 'other' })];
    const asked =
      (...data: readonly ReturnType<typeof datum>[]) =>
      (one: Partial<ConsentRule>) =>
        evaluate([a(one)], question({ data })).decision;
    const both = asked(known, other);
    expect(both(root('deny', nested('permit', '0', here)))).toBe('permit');
    expect(both(root('deny', nested('permit', '0'), nested('deny', '1', { ...here, ...unknown })))).toBe('undecidable');
    expect(both(root('deny'))).toBe('deny');
    expect(asked()(root('permit'))).toBe('deny');
  });
});
