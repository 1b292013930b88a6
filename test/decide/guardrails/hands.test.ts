import { describe, expect, test } from '@jest/globals';
import type { CarePlan } from '@medplum/fhirtypes';
import { GUARDRAILS, guardrails, guardrailWarnings } from '../../../src/decide/guardrails.ts';
import { ownWords } from '../../../src/decide/guardrails/own-words.ts';
import type { Draft, Hand } from '../../../src/decide/guardrails/rule.ts';
import { draft, saying } from './drafts.ts';

describe('G4, G12: whose hands are on a plan', () => {
  const hand = (as: Hand['as'], reference: string | null, kinds: Hand['kinds'] = ['publisher']): Hand => ({
    as,
    at: `at.${as}`,
    reference,
    kinds,
  });
  /** Where the rules of these ids stop a draft; the rules of words are asked elsewhere. */
  const places = (id: 'G4' | 'G12' | 'G2', given: Draft): readonly string[] =>
    GUARDRAILS.filter((rule) => rule.id === id && rule !== ownWords).flatMap(({ check }) => check(given).map(({ at }) => at));

  test('each hand of police, or of nobody known, is named by its place', () => {
    const hands = [
      hand('author', 'Practitioner/a'),
      hand('approver', 'Practitioner/b', ['ed', 'police']),
      hand('care-team', 'Practitioner/c', null),
    ];
    expect(places('G4', draft({ hands }))).toEqual(['at.approver', 'at.care-team']);
    expect(places('G12', draft({ hands: [hand('author', 'Practitioner/a')] }))).toEqual(['Provenance.agent']);
  });

  const AT = 'CarePlan.extension.agreedWithPerson';
  test.each<[string, Draft['agreement'], string | null, readonly string[]]>([
    ['agreed', { agreed: true, reason: null, secondClinician: null }, 'Practitioner/b', []],
    ['no reason', { agreed: false, reason: null, secondClinician: 'Practitioner/c' }, 'Practitioner/b', [`${AT}.reason`]],
    ['a blank reason', { agreed: false, reason: ' \n', secondClinician: 'Practitioner/c' }, 'Practitioner/b', [`${AT}.reason`]],
    ['nobody second', { agreed: false, reason: 'x', secondClinician: null }, 'Practitioner/b', [`${AT}.secondClinician`]],
    ['a blank second', { agreed: false, reason: 'x', secondClinician: ' ' }, 'Practitioner/b', [`${AT}.secondClinician`]],
    ['the approver', { agreed: false, reason: 'x', secondClinician: 'Practitioner/b' }, 'Practitioner/b', [`${AT}.secondClinician`]],
    [
      'an approver who cannot be told from them',
      { agreed: false, reason: 'x', secondClinician: 'Practitioner/c' },
      null,
      [`${AT}.secondClinician`],
    ],
    ['somebody else', { agreed: false, reason: 'x', secondClinician: 'Practitioner/c' }, 'Practitioner/b', []],
    [
      'the approver by another address',
      { agreed: false, reason: 'x', secondClinician: 'https://b.example/fhir/Practitioner/b' },
      'Practitioner/b',
      [`${AT}.secondClinician`],
    ],
    [
      'an earlier version of the approver',
      { agreed: false, reason: 'x', secondClinician: 'Practitioner/b' },
      'Practitioner/b/_history/22',
      [`${AT}.secondClinician`],
    ],
    ['one whose id only begins or ends the same', { agreed: false, reason: 'x', secondClinician: 'Practitioner/b2' }, 'Practitioner/b', []],
    ['one of another type', { agreed: false, reason: 'x', secondClinician: 'RelatedPerson/b' }, 'Practitioner/b', []],
    ['the same URN', { agreed: false, reason: 'x', secondClinician: 'urn:b' }, 'urn:b', [`${AT}.secondClinician`]],
    ['another URN', { agreed: false, reason: 'x', secondClinician: 'urn:c' }, 'urn:b', []],
    [
      'an id with points and lines, of the approver',
      { agreed: false, reason: 'x', secondClinician: 'Practitioner/b-1.2' },
      'x/Practitioner/b-1.2',
      [`${AT}.secondClinician`],
    ],
  ])('without the person’s agreement, and with %s', (_, agreement, approver, expected) => {
    expect(places('G12', draft({ agreement, hands: [hand('author', 'Practitioner/c'), hand('approver', approver)] }))).toEqual(expected);
  });

  test('of several approvers none may be the second clinician', () => {
    const agreement = { agreed: false, reason: 'x', secondClinician: 'Practitioner/c' };
    const hands = [hand('approver', 'Practitioner/b'), hand('approver', 'Practitioner/c')];
    expect(places('G12', draft({ agreement, hands }))).toEqual([`${AT}.secondClinician`]);
  });

  test('an activity that forbids is named by its place; one that does not is not', () => {
    const activity = [{ detail: { doNotPerform: false } }, {}, { detail: { doNotPerform: true } }] as unknown as NonNullable<
      CarePlan['activity']
    >;
    expect(places('G2', draft({ carePlan: { activity } as CarePlan }))).toEqual(['CarePlan.activity[2].detail.doNotPerform']);
    expect(places('G2', draft())).toEqual([]);
  });

  test('what stops is an error, what warns is a warning, and each says its rule', () => {
    const [issue] = guardrails(draft({ hands: [hand('author', 'Practitioner/a', ['police']), hand('approver', 'Practitioner/b')] }));
    expect(issue).toEqual({
      at: 'at.author',
      code: 'business-rule',
      help: 'G4: Police read a plan; they do not write, approve or belong to the team of one.',
      severity: 'error',
    });
    const [warned] = guardrailWarnings(saying('support', 'Please do not call me manipulative'));
    expect(warned).toMatchObject({ at: 'Composition.section[0].text.div', code: 'business-rule', severity: 'warning' });
    expect(warned?.help).toMatch(/^G14: A plan has no labels/);
  });
});
