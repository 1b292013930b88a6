import { describe, expect, test } from '@jest/globals';
import { againstPolicy } from '../../src/decide/approval-policy.ts';
import type { Hand } from '../../src/decide/guardrails/rule.ts';
import { DEFAULT_POLICY } from '../../src/model/approval-policy.ts';

const hand = (reference: string, as: Hand['as'] = 'approver'): Hand => ({ as, at: reference, reference, kinds: ['person'] });
const approval = { hands: [hand('Practitioner/c')], agreed: true, person: 'Patient/p', signs: true, inReview: false };
const at = (...args: Parameters<typeof againstPolicy>) => againstPolicy(...args).map((issue) => issue.at);

describe('what a publisher asks of an approval', () => {
  test('by default nothing beyond the guardrails', () => {
    expect(at(DEFAULT_POLICY, { ...approval, agreed: false, signs: false })).toEqual([]);
    expect(at(DEFAULT_POLICY, { ...approval, hands: [hand('RelatedPerson/r')] })).toEqual([]);
  });
  test('what was shown', () => {
    const policy = { ...DEFAULT_POLICY, signs: 'required' as const };
    expect(at(policy, approval)).toEqual([]);
    expect(at(policy, { ...approval, signs: false })).toHaveLength(1);
  });
  test('each is told as the policy’s, with what to do and where', () => {
    const all = againstPolicy(
      { signs: 'required', person: 'agrees', carers: 'never', review: 'required' },
      { ...approval, hands: [hand('RelatedPerson/r'), { ...hand('x'), reference: null }], agreed: false, signs: false },
    );
    expect(all.map(({ at: place }) => place)).toEqual([
      "Parameters.parameter.where(name='signs')",
      'CarePlan.extension.agreedWithPerson.agreed',
      'CarePlan',
      'RelatedPerson/r',
    ]);
    for (const issue of all) expect(issue).toMatchObject({ code: 'business-rule', help: expect.stringMatching(/^policy: .{15,}/) });
    const [signature] = againstPolicy({ ...DEFAULT_POLICY, person: 'signs-or-second-clinician' }, approval);
    expect(signature?.help).toContain('Patient');
  });
  test('the agreement of the person, whoever else stands for it', () => {
    const policy = { ...DEFAULT_POLICY, person: 'agrees' as const };
    expect(at(policy, approval)).toEqual([]);
    expect(at(policy, { ...approval, agreed: false })).toEqual(['CarePlan.extension.agreedWithPerson.agreed']);
  });
  test('the signature of a person who agrees, as approver and nothing less; none of one who does not', () => {
    const policy = { ...DEFAULT_POLICY, person: 'signs-or-second-clinician' as const };
    expect(at(policy, approval)).toEqual(['Provenance.agent']);
    expect(at(policy, { ...approval, hands: [hand('Patient/p')] })).toEqual([]);
    expect(at(policy, { ...approval, hands: [hand('Patient/p', 'author')] })).toEqual(['Provenance.agent']);
    expect(at(policy, { ...approval, agreed: false })).toEqual([]);
  });
  test('a review of what is approved', () => {
    const policy = { ...DEFAULT_POLICY, review: 'required' as const };
    expect(at(policy, approval)).toEqual(['CarePlan']);
    expect(at(policy, { ...approval, inReview: true })).toEqual([]);
  });
  test('no signature of a carer', () => {
    const policy = { ...DEFAULT_POLICY, carers: 'never' as const };
    expect(at(policy, { ...approval, hands: [hand('Practitioner/c'), hand('RelatedPerson/r')] })).toEqual(['RelatedPerson/r']);
    expect(at(policy, { ...approval, hands: [hand('RelatedPerson/r', 'author')] })).toEqual([]);
  });
});
