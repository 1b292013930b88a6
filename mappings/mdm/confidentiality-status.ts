import type { Coding } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';

/** Table 0272 as HL7 v2.5 has it: V very restricted, R restricted, U usual control. */
export type ConfidentialityStatus = 'V' | 'R' | 'U';

/**
 * TXA-18 of what carries these security labels: the confidentiality that the label says (v3-Confidentiality). N, M, L and U are under usual
 * control. What has no label is treated as the strictest, as in FHIR's own rule for labels that are not understood.
 */
export const confidentialityStatus = (security: readonly Coding[] | undefined): ConfidentialityStatus => {
  const codes = (security ?? []).filter(({ system }) => system === System.confidentiality).map(({ code }) => code);
  if (codes.length === 0 || codes.includes('V')) return 'V';
  return codes.includes('R') ? 'R' : 'U';
};
