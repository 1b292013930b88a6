import { expect } from '@jest/globals';
import type { Category } from '../../src/model/anomaly.ts';

/** One issue as a test expects it, whole. */
export interface ExpectedIssue {
  readonly category: Category;
  /** R4 issue-type. */
  readonly code: string;
  readonly text: string;
  /** Null where no place is named. */
  readonly at: string | null;
}

const ANOMALY = 'https://crisis-plan-broker.example/fhir/CodeSystem/anomaly';

/** An OperationOutcome of errors with every field that it has, and no other. */
export const outcomeOf = (...issues: readonly ExpectedIssue[]) => ({
  resourceType: 'OperationOutcome',
  issue: issues.map(({ category, code, text, at }) => ({
    severity: 'error',
    code,
    details: { coding: [{ system: ANOMALY, code: category }], text },
    ...(at === null ? {} : { expression: [at] }),
  })),
});

/** Expects a refusal: its status, and every field of its outcome. */
export const expectRefusal = (
  { status, body }: { readonly status: number; readonly body: unknown },
  expected: number,
  ...issues: readonly ExpectedIssue[]
): void => expect({ status, body }).toEqual({ status: expected, body: outcomeOf(...issues) });

export const NOT_FOUND: ExpectedIssue = { category: 'not-found', code: 'not-found', text: 'there is no such resource here', at: null };
export const STALE: ExpectedIssue = {
  category: 'stale',
  code: 'conflict',
  text: 'another version is the newest: read it, and try again',
  at: 'http.If-Match',
};
export const DELETED: ExpectedIssue = {
  category: 'gone',
  code: 'deleted',
  text: 'was deleted: its versions are in its _history',
  at: null,
};
