/** What a publisher asks of an approval beyond the guardrails, which nothing bends. */
export interface ApprovalPolicy {
  /** Whether an approver sends back what `$projections` showed: proof that it was shown. */
  readonly signs: 'optional' | 'required';
  /**
   * `agrees-or-second-clinician`: the person agrees, or the reason why not is recorded and a second clinician stands for it. `agrees`: no plan without
   * their agreement. `signs-or-second-clinician`: who agrees is among those who sign.
   */
  readonly person: 'agrees-or-second-clinician' | 'agrees' | 'signs-or-second-clinician';
  /** Whether a draft is approved without a review; `required`: these very bytes are in review, and no change request is open. */
  readonly review: 'optional' | 'required';
  /** Whether a carer (RelatedPerson) may sign beside the person and the clinician. None approves. */
  readonly carers: 'may-sign' | 'never';
}

/** What is asked where nobody asks for more. */
export const DEFAULT_POLICY: ApprovalPolicy = {
  signs: 'optional',
  person: 'agrees-or-second-clinician',
  carers: 'may-sign',
  review: 'optional',
};

/** The policy of a publisher by its ODS code. */
export type PolicyOf = (ods: string) => ApprovalPolicy;
