import type { Category } from '../../src/model/anomaly.ts';

/** Each category of failure with the sentence that the published CodeSystem gives it. */
export const ANOMALY_CODES = {
  incorrect: 'The content breaks a rule',
  malformed: 'The content cannot be read',
  unauthenticated: 'The caller is not known',
  forbidden: 'The caller may not do this',
  'not-found': 'Nothing is here',
  gone: 'It was here, and is no more',
  unsupported: 'Not offered',
  conflict: 'It conflicts with what is stored',
  stale: 'It was changed meanwhile',
  duplicate: 'It is here already',
  'too-large': 'It is too large',
  busy: 'Too much at once; try again later',
  unavailable: 'Not available now; try again later',
  fault: 'A fault of the broker',
} as const satisfies Record<Category, string>;
