import type { ApprovalPolicy } from '../model/approval-policy.ts';
import type { Issue } from '../model/anomaly.ts';
import type { Hand } from './guardrails/rule.ts';

/** An approval as a policy looks at it. */
export interface Approval {
  readonly hands: readonly Hand[];
  readonly agreed: boolean;
  /** Literal reference of the person: `Patient/x`. */
  readonly person: string;
  /** Whether the approver said what was shown. */
  readonly signs: boolean;
  /** Whether what would be signed is in review. */
  readonly inReview: boolean;
}

const issue = (at: string, help: string): Issue => ({ at, code: 'business-rule', help: `policy: ${help}` });

/** Where an approval is not what its publisher asks of one; empty where it is. */
export const againstPolicy = ({ signs, person, carers, review }: ApprovalPolicy, approval: Approval): readonly Issue[] => {
  const signatures = approval.hands.filter(({ as }) => as === 'approver');
  const ofCarers = signatures.filter(({ reference }) => reference?.startsWith('RelatedPerson/') === true);
  const personSigns = signatures.some(({ reference }) => reference === approval.person);
  return [
    ...(signs === 'required' && !approval.signs
      ? [issue("Parameters.parameter.where(name='signs')", 'an approver sends back what $projections showed')]
      : []),
    ...(person === 'agrees' && !approval.agreed
      ? [issue('CarePlan.extension.agreedWithPerson.agreed', 'no plan here without the agreement of the person')]
      : []),
    ...(person === 'signs-or-second-clinician' && approval.agreed && !personSigns
      ? [issue('Provenance.agent', 'a person who agrees is among those who sign: their Patient, as attester')]
      : []),
    ...(review === 'required' && !approval.inReview
      ? [issue('CarePlan', 'a draft is approved while it is in review, as it was submitted: $submit-for-review comes first')]
      : []),
    ...(carers === 'never' ? ofCarers.map(({ at }) => issue(at, 'a carer signs no plan here')) : []),
  ];
};
