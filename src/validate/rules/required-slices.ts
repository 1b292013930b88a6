import { isObject } from '../json.ts';
import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';
import type { RequiredSlice } from '../schema.ts';
import type { JsonObject } from '../json.ts';

/** Whether the element of the slice is left out whole, where what holds it is there. */
const leftOut = (object: JsonObject, path: readonly string[]): boolean => {
  const [name = '', ...rest] = path;
  const held = object[name];
  if (rest.length === 0) return held === undefined;
  return isObject(held) && leftOut(held, rest);
};

const place = (at: string, { path, slice }: RequiredSlice): string => {
  const here = `${at}.${path.join('.')}`;
  return path.at(-1) === 'extension' ? here : `${here}.where(${slice})`;
};

/** A slice that a profile requires, where its whole element is left out: the structure check counts slices only in what is there, and else says no more than that something is required. */
export const requiredSlices: Rule = {
  object: ({ value, at, schema }) => {
    if (schema === null || schema.requiredSlices.length === 0) return NONE;
    return schema.requiredSlices
      .filter(({ path }) => leftOut(value, path))
      .map((each) => ({ at: place(at, each), code: 'required', help: `is required, with ${each.slice}` }));
  },
};
