/** How a person ends a chase by hand, with the words under which it is shown: a closed list. Each is a level of a recall. */
export const CHASE_ENDS = {
  attested: 'A person attests that the recipient has given it up',
  'retained-by-law': 'The recipient keeps it because the law has it keep it',
  'use-stopped': 'The recipient cannot remove it, and has stopped using it',
} as const;
export type ChaseEnd = keyof typeof CHASE_ENDS;

export const isChaseEnd = (value: string): value is ChaseEnd => Object.hasOwn(CHASE_ENDS, value);

/** By what law a recipient keeps what it may no longer use: a closed list. */
export const RETENTION_BASES = {
  'records-retention': 'its records have to be kept for a set time (Public Records Act 1958, Records Management Code of Practice)',
  'legal-claim': 'it is needed for a legal claim (UK GDPR article 17(3)(e))',
  inquiry: 'a coroner or a statutory inquiry has required that it is kept (Coroners and Justice Act 2009, Inquiries Act 2005)',
  safeguarding: 'safeguarding law has it kept (Care Act 2014, Children Act 1989)',
} as const;
export type RetentionBasis = keyof typeof RETENTION_BASES;

export const isRetentionBasis = (value: string): value is RetentionBasis => Object.hasOwn(RETENTION_BASES, value);

/** How a chase ended by hand, and by what law where it is kept. */
export interface EndedByHand {
  readonly level: ChaseEnd;
  readonly basis: RetentionBasis | null;
}

/** As the row of the delivery says it, which is what the recall then was: `retained-by-law/legal-claim`. */
export const chaseEndText = ({ level, basis }: EndedByHand): string => (basis === null ? level : `${level}/${basis}`);

/** Reads it; null where the recipient answered by itself. */
export const chaseEndOf = (because: string | null): EndedByHand | null => {
  const [level = '', basis = ''] = (because ?? '').split('/');
  return isChaseEnd(level) ? { level, basis: isRetentionBasis(basis) ? basis : null } : null;
};
