import type { Category } from '../../src/model/anomaly.ts';

/** How one category of failure is answered, at each door. */
export interface CategoryRow {
  readonly status: number;
  /** R4 issue-type. */
  readonly issue: string;
  /** MSA-1: `AE` where they must change something, `AR` where they need not. */
  readonly msa: 'AE' | 'AR';
  /** ERR-3, HL7 table 0357. */
  readonly error: string;
  /** Whether the same request may succeed later, unchanged. */
  readonly retry: boolean;
}

/** The one table of failure: style rule 7. Our own fault is never answered as theirs. */
export const CATEGORY_TABLE: Readonly<Record<Category, CategoryRow>> = {
  incorrect: { status: 422, issue: 'invalid', msa: 'AE', error: '102', retry: false },
  malformed: { status: 400, issue: 'structure', msa: 'AE', error: '100', retry: false },
  unauthenticated: { status: 401, issue: 'login', msa: 'AR', error: '207', retry: false },
  forbidden: { status: 403, issue: 'forbidden', msa: 'AR', error: '207', retry: false },
  'not-found': { status: 404, issue: 'not-found', msa: 'AE', error: '204', retry: false },
  gone: { status: 410, issue: 'deleted', msa: 'AE', error: '204', retry: false },
  unsupported: { status: 400, issue: 'not-supported', msa: 'AR', error: '200', retry: false },
  conflict: { status: 409, issue: 'conflict', msa: 'AE', error: '206', retry: false },
  stale: { status: 412, issue: 'conflict', msa: 'AE', error: '206', retry: false },
  duplicate: { status: 409, issue: 'duplicate', msa: 'AE', error: '205', retry: false },
  'too-large': { status: 413, issue: 'too-long', msa: 'AE', error: '102', retry: false },
  busy: { status: 429, issue: 'throttled', msa: 'AR', error: '207', retry: true },
  unavailable: { status: 503, issue: 'transient', msa: 'AR', error: '207', retry: true },
  fault: { status: 500, issue: 'exception', msa: 'AR', error: '207', retry: true },
};
