import type { Issue } from '../../model/anomaly.ts';
import type { Rule } from '../rule.ts';
import { walk } from '../walk.ts';

/** What may turn the meaning of a resource round and is not understood here: refused, never ignored (R4 extensibility, modifier extensions). */
export const modifiers: Rule = (resource, at) => {
  const issues: Issue[] = [];
  walk(resource, at, (object, here) => {
    for (const name of ['modifierExtension', 'implicitRules'])
      if (object[name] !== undefined)
        issues.push({ at: `${here}.${name}`, code: 'extension', help: 'is not understood, and would change the meaning' });
  });
  return issues;
};
