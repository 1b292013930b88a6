import type { Coding, OperationOutcome, OperationOutcomeIssue } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import type { Category, Issue } from '../../src/model/anomaly.ts';
import { CATEGORY_TABLE, NHS_CODES } from './category-table.ts';

/** What an answer needs of an Anomaly. */
export interface Failure {
  readonly category: Category;
  readonly issues: readonly Issue[];
}

/** How NHS exchange names the failure, beside the broker's own name for it: the code system, and the HTTP status of the answer. */
export interface NhsCoding {
  readonly system: string;
  readonly status: number;
}

/**
 * The body of an answer that says something: one issue for each thing, with its place in `expression` and help in `details.text`. What is wrong
 * has a coding: the category, and the NHS code where `nhs` is given (`REC_`: the receiver of the request says so).
 */
export const toOperationOutcome = ({ category, issues }: Failure, nhs: NhsCoding | null = null): OperationOutcome => ({
  resourceType: 'OperationOutcome',
  // R4 wants at least one issue.
  issue: (issues.length === 0 ? [{ at: null, help: category }] : issues).map((issue) => toIssue(category, issue, nhs)),
});

const codingOf = (category: Category, nhs: NhsCoding | null): Coding[] => {
  const code = nhs === null ? undefined : NHS_CODES[nhs.status];
  return [
    { system: System.anomaly, code: category },
    ...(nhs === null || code === undefined ? [] : [{ system: nhs.system, code: `REC_${code}` }]),
  ];
};

const toIssue = (category: Category, { at, code, help, severity = 'error' }: Issue, nhs: NhsCoding | null): OperationOutcomeIssue => ({
  severity,
  code: toCode(code ?? CATEGORY_TABLE[category].issue),
  details: { ...(severity === 'error' ? { coding: codingOf(category, nhs) } : {}), text: help },
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
