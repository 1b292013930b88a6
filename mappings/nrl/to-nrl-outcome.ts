import type { OperationOutcome } from '@medplum/fhirtypes';

/** What an NRL error is told by. */
export interface NrlFailure {
  /** Code system of the codes: the sources disagree, so it is set (nhs.md section 1). */
  readonly system: string;
  /** `INVALID_PARAMETER` and its kin. */
  readonly code: string;
  /** R4 issue-type. */
  readonly issue: OperationOutcome['issue'][number]['code'];
  readonly help: string;
  /** The place, as R4 writes it (`http.` and the name); null where no place is meant. */
  readonly at: string | null;
}

/** The display of a code is the code in words. */
const inWords = (code: string): string => code.charAt(0) + code.slice(1).toLowerCase().replaceAll('_', ' ');

/** An error as the NRL writes it: one issue, its code in `details`, and help in `diagnostics`, which never holds a value of a person. */
export const toNrlOutcome = ({ system, code, issue, help, at }: NrlFailure): OperationOutcome => ({
  resourceType: 'OperationOutcome',
  issue: [
    {
      severity: 'error',
      code: issue,
      details: { coding: [{ system, code, display: inWords(code) }] },
      diagnostics: help,
      ...(at === null ? {} : { expression: [at] }),
    },
  ],
});
