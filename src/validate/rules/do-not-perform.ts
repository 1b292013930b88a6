import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';

/** A *don't* is never an activity: it would read as an instruction to withhold (domain.md G2). */
export const doNotPerform: Rule = {
  primitive: ({ value, at, key, scope }) =>
    key === 'doNotPerform' && value !== false && scope.resource['resourceType'] === 'CarePlan'
      ? [{ at, code: 'business-rule', help: "a don't is never an activity: write it as words under a heading" }]
      : NONE,
};
