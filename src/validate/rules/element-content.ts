import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';

/** ele-1: an element says more than its own `id`. What is said about a primitive (`_name`) may stand beside its value. */
export const elementContent: Rule = {
  object: ({ value, at, key, resource, holder }) => {
    if (resource !== 'no' || value['id'] === undefined || Object.keys(value).length > 1) return NONE;
    if (key.startsWith('_') && holder !== null && holder.value[key.slice(1)] !== undefined) return NONE;
    return [{ at, code: 'invariant', help: 'holds a value or children (ele-1)' }];
  },
};
