import type { Issue } from '../../model/anomaly.ts';
import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';

const help = 'is not understood, and would change the meaning';

/** What may turn the meaning of a resource round and is not understood here: refused, never ignored (R4 extensibility, modifier extensions). */
export const modifiers: Rule = {
  object: ({ value: { modifierExtension, implicitRules }, at }) => {
    if (modifierExtension === undefined && implicitRules === undefined) return NONE;
    const issues: Issue[] = [];
    if (modifierExtension !== undefined) issues.push({ at: `${at}.modifierExtension`, code: 'extension', help });
    if (implicitRules !== undefined) issues.push({ at: `${at}.implicitRules`, code: 'extension', help });
    return issues;
  },
};
