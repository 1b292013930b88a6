import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';
import { refusal } from './nhs-number.ts';

const ID = /^[A-Za-z0-9\-.]{1,64}$/;

/** Whether an id says an NHS number, alone or as a part: it would stand in every URL of the resource (I8). */
const saysNumber = (id: string): boolean => [id.replaceAll(/[-.]/g, ''), ...id.split(/[-.]/)].some((part) => refusal(part) === null);

/** The logical id of each resource, also of those inside (R4 datatypes, id). */
export const ids: Rule = {
  object: ({ value: { resourceType, id }, at }) => {
    if (resourceType === undefined || id === undefined) return NONE;
    if (typeof id !== 'string' || !ID.test(id))
      return [{ at: `${at}.id`, code: 'value', help: 'is 1 to 64 letters, digits, hyphens or dots' }];
    return saysNumber(id) ? [{ at: `${at}.id`, code: 'value', help: 'is no NHS number: an id stands in addresses' }] : NONE;
  },
};
