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

const NHS = 'https://fhir.nhs.uk/CodeSystem/http-error-codes';
/** The code of NHS exchange that goes with each status. */
const NHS_CODES: Readonly<Record<number, string>> = {
  400: 'REC_BAD_REQUEST',
  401: 'REC_UNAUTHORIZED',
  403: 'REC_FORBIDDEN',
  404: 'REC_NOT_FOUND',
  405: 'REC_METHOD_NOT_ALLOWED',
  406: 'REC_NOT_ACCEPTABLE',
  409: 'REC_CONFLICT',
  410: 'REC_NOT_FOUND',
  412: 'REC_CONFLICT',
  413: 'REC_BAD_REQUEST',
  415: 'REC_UNSUPPORTED_MEDIA_TYPE',
  422: 'REC_UNPROCESSABLE_ENTITY',
};

/** An OperationOutcome of errors with every field that it has, and no other, as it comes with a status. */
export const outcomeOf = (status: number, ...issues: readonly ExpectedIssue[]) => ({
  resourceType: 'OperationOutcome',
  issue: issues.map(({ category, code, text, at }) => ({
    severity: 'error',
    code,
    details: {
      coding: [
        { system: ANOMALY, code: category },
        { system: NHS, code: NHS_CODES[status] },
      ],
      text,
    },
    ...(at === null ? {} : { expression: [at] }),
  })),
});

/** Expects a refusal: its status, and every field of its outcome. */
export const expectRefusal = (
  { status, body }: { readonly status: number; readonly body: unknown },
  expected: number,
  ...issues: readonly ExpectedIssue[]
): void => expect({ status, body }).toEqual({ status: expected, body: outcomeOf(expected, ...issues) });

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
/** What `$validate` says of a Patient without narrative: a warning, which forbids nothing. */
export const NO_NARRATIVE = {
  severity: 'warning',
  code: 'invariant',
  details: { text: 'A resource should have narrative for robust management (dom-6)' },
  expression: ['Patient'],
};
