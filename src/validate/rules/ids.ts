import type { Issue } from '../../model/anomaly.ts';
import type { Rule } from '../rule.ts';
import { walk } from '../walk.ts';

const ID = /^[A-Za-z0-9\-.]{1,64}$/;

/** The logical id of each resource, also of those inside (R4 datatypes, id). */
export const ids: Rule = (resource, at) => {
  const issues: Issue[] = [];
  walk(resource, at, ({ resourceType, id }, here) => {
    if (resourceType !== undefined && id !== undefined && (typeof id !== 'string' || !ID.test(id)))
      issues.push({ at: `${here}.id`, code: 'value', help: 'is 1 to 64 letters, digits, hyphens or dots' });
  });
  return issues;
};
