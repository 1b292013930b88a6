import type { OperationOutcome, OperationOutcomeIssue } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import type { Category, Issue } from '../../src/model/anomaly.ts';
import { CATEGORY_TABLE } from './category-table.ts';

/** What an answer needs of an Anomaly. */
export interface Failure {
  readonly category: Category;
  readonly issues: readonly Issue[];
}

/** The body of a failed request: one issue for each thing that is wrong, with its place in `expression` and help in `details.text`. */
export const toOperationOutcome = ({ category, issues }: Failure): OperationOutcome => ({
  resourceType: 'OperationOutcome',
  // R4 wants at least one issue.
  issue: (issues.length === 0 ? [{ at: null, help: category }] : issues).map((issue) => toIssue(category, issue)),
});

const toIssue = (category: Category, { at, code, help, severity }: Issue): OperationOutcomeIssue => ({
  severity: severity ?? 'error',
  code: toCode(code ?? CATEGORY_TABLE[category].issue),
  details: { coding: [{ system: System.anomaly, code: category }], text: help },
  ...(at === null ? {} : { expression: [at] }),
});

/** The codes of R4 issue-type that the broker answers with; another is the general one. */
const ISSUE_CODES = [
  'invalid',
  'structure',
  'required',
  'value',
  'invariant',
  'security',
  'login',
  'unknown',
  'expired',
  'forbidden',
  'suppressed',
  'processing',
  'not-supported',
  'duplicate',
  'multiple-matches',
  'not-found',
  'deleted',
  'too-long',
  'code-invalid',
  'extension',
  'too-costly',
  'business-rule',
  'conflict',
  'transient',
  'lock-error',
  'no-store',
  'exception',
  'timeout',
  'incomplete',
  'throttled',
  'informational',
] as const satisfies readonly OperationOutcomeIssue['code'][];

const toCode = (code: string): (typeof ISSUE_CODES)[number] => ISSUE_CODES.find((known) => known === code) ?? 'processing';
