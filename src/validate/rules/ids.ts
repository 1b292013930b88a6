import type { Issue } from '../../model/anomaly.ts';
import type { Rule } from '../rule.ts';
import { walk } from '../walk.ts';
import { refusal } from './nhs-number.ts';

const ID = /^[A-Za-z0-9\-.]{1,64}$/;

/** Whether an id says an NHS number, alone or as a part: it would stand in every URL of the resource (I8). */
const saysNumber = (id: string): boolean => [id.replaceAll(/[-.]/g, ''), ...id.split(/[-.]/)].some((part) => refusal(part) === null);

/** The logical id of each resource, also of those inside (R4 datatypes, id). */
export const ids: Rule = (resource, at) => {
  const issues: Issue[] = [];
  walk(resource, at, ({ resourceType, id }, here) => {
    if (resourceType !== undefined && id !== undefined && (typeof id !== 'string' || !ID.test(id)))
      issues.push({ at: `${here}.id`, code: 'value', help: 'is 1 to 64 letters, digits, hyphens or dots' });
    else if (resourceType !== undefined && typeof id === 'string' && saysNumber(id))
      issues.push({ at: `${here}.id`, code: 'value', help: 'is no NHS number: an id stands in addresses' });
  });
  return issues;
};
