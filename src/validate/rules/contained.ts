import type { Issue } from '../../model/anomaly.ts';
import type { JsonObject } from '../json.ts';
import { isObject, listOf, objectsOf } from '../json.ts';
import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';

/** Every `#id` in a tree of bounded depth, in a reference or a canonical. */
const fragmentsIn = (value: unknown, found: Set<string>): void => {
  if (typeof value === 'string' && value.startsWith('#')) found.add(value);
  else if (Array.isArray(value)) for (const each of listOf(value)) fragmentsIn(each, found);
  else if (isObject(value)) for (const each of Object.values(value)) fragmentsIn(each, found);
};

const check = (resource: JsonObject, at: string): readonly Issue[] => {
  const used = new Set<string>();
  fragmentsIn(resource, used);
  const seen = new Set<string>();
  return objectsOf(resource['contained']).flatMap(([contained, index]): Issue[] => {
    const here = `${at}.contained[${index}]`;
    const { id } = contained;
    const nested: Issue[] =
      contained['contained'] === undefined
        ? []
        : [{ at: `${here}.contained`, code: 'invariant', help: 'contained resources do not nest (dom-2)' }];
    if (typeof id !== 'string' || seen.has(id))
      return [...nested, { at: `${here}.id`, code: 'invariant', help: 'each contained resource has an id of its own' }];
    seen.add(id);
    const back = new Set<string>();
    fragmentsIn(contained, back);
    return used.has(`#${id}`) || back.has('#')
      ? nested
      : [...nested, { at: here, code: 'invariant', help: 'is referred to by the resource that contains it (dom-3)' }];
  });
};

/** Contained resources have ids of their own, do not nest, and are there because something refers to them (dom-2, dom-3). */
export const contained: Rule = {
  object: ({ value, at, resource }) => (resource === 'no' || value['contained'] === undefined ? NONE : check(value, at)),
};
