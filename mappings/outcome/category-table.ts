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

/**
 * The code of NHS exchange for each HTTP status, without the prefix that says who failed (CodeSystem England-HTTPErrorCodes, the one that BaRS
 * uses). It has none for 410, 412, 413, 414, 417, 428 and 431: there it is the nearest of the same meaning to the sender.
 */
export const NHS_CODES: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  406: 'NOT_ACCEPTABLE',
  408: 'TIMEOUT',
  409: 'CONFLICT',
  410: 'NOT_FOUND',
  412: 'CONFLICT',
  413: 'BAD_REQUEST',
  414: 'BAD_REQUEST',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  417: 'BAD_REQUEST',
  422: 'UNPROCESSABLE_ENTITY',
  428: 'BAD_REQUEST',
  429: 'TOO_MANY_REQUESTS',
  431: 'BAD_REQUEST',
  500: 'SERVER_ERROR',
  501: 'NOT_IMPLEMENTED',
  503: 'UNAVAILABLE',
};

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
