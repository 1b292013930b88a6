import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';

/** org-1: an Organization has a name or an identifier. */
export const organizationNamed: Rule = {
  object: ({ value: { resourceType, name, identifier }, at }) =>
    resourceType === 'Organization' && name === undefined && identifier === undefined
      ? [{ at, code: 'invariant', help: 'has a name or an identifier (org-1)' }]
      : NONE,
};
