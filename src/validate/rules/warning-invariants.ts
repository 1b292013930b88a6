import { LRUCache, evalFhirPathTyped } from '@medplum/core';
import type { FhirPathAtom, TypedValue } from '@medplum/core';
import type { Issue } from '../../model/anomaly.ts';
import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';

const parsed = new LRUCache<FhirPathAtom>(100);

/** What an expression says: empty is no breach (`name.matches(…)` of a resource without a name). */
const isBroken = (expression: string, value: TypedValue): boolean => {
  try {
    return evalFhirPathTyped(expression, [value], {}, parsed).some((each) => each.value === false);
  } catch {
    // A value of the wrong type is the structure check's to report.
    return false;
  }
};

/** Invariants of warning severity (dom-6: a narrative; a name that programs can use): said, and no reason to refuse. */
export const warningInvariants: Rule = {
  object: ({ value, at, type, schema, resource }) => {
    // A contained resource has no narrative of its own (R4 references, contained resources).
    if (schema === null || schema.warnings.length === 0 || type === null || resource === 'contained') return NONE;
    return schema.warnings
      .filter(({ expression }) => isBroken(expression, { type, value }))
      .map(({ key, description }): Issue => ({ at, code: 'invariant', severity: 'warning', help: `${description} (${key})` }));
  },
};
