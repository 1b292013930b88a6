import type { JsonObject } from './json.ts';
import { isObject } from './json.ts';

/** Called for each object, with its FHIRPath and the property that holds it (empty for the root). */
export type Visit = (object: JsonObject, at: string, key: string) => void;

/** Visits every object of a tree whose depth is known to be bounded, the root first. */
export const walk = (object: JsonObject, at: string, visit: Visit, key = ''): void => {
  visit(object, at, key);
  for (const [name, value] of Object.entries(object)) {
    if (isObject(value)) walk(value, `${at}.${name}`, visit, name);
    else if (Array.isArray(value))
      value.forEach((each: unknown, index) => {
        if (isObject(each)) walk(each, `${at}.${name}[${index}]`, visit, name);
      });
  }
};
