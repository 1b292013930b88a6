import type { Issue } from '../model/anomaly.ts';

/** A message in a Bundle in a Bundle, with extensions, is about 25 deep. */
export const MAX_DEPTH = 40;
/** What 2 MB of honest FHIR holds at most; the structure check is quadratic in some counts. */
export const MAX_NODES = 60_000;
const MAX_ARRAY = 2_000;
/**
 * A text in a list, or with extensions beside it. The structure check goes through these character by character, which takes 1 to 2 s for
 * 1.9 MB; a given name, an address line or a header is never so long.
 */
const MAX_LISTED = 65_536;
const isTooLong = (value: unknown): boolean => typeof value === 'string' && value.length > MAX_LISTED;
const tooLong = (at: string): Issue => ({ at, code: 'too-long', help: `has more than ${MAX_LISTED} characters` });
/** Names that may be repeated in a place: words, and no number as long as a person's. */
const NAME = /^_?[A-Za-z](?!.*\d{5})[A-Za-z0-9_]{0,63}$/;
/** Names that every object inherits: `in` would take them for known elements. */
const INHERITED: ReadonlySet<string> = new Set([...Object.getOwnPropertyNames(Object.prototype), 'prototype']);

/**
 * Bounds that make every later check safe: depth, size, names. Iterative, so that no depth of input can end the process. The place is where
 * the first bound was broken; a name that is not one of FHIR is never repeated in it.
 */
export const limits = (input: unknown, root: string): Issue[] => {
  const stack: { readonly value: unknown; readonly at: string; readonly depth: number }[] = [{ value: input, at: root, depth: 0 }];
  let nodes = 0;
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { value, at, depth } = next;
    nodes += 1;
    if (nodes > MAX_NODES) return [{ at: root, code: 'too-long', help: `has more than ${MAX_NODES} elements` }];
    if (depth > MAX_DEPTH) return [{ at: root, code: 'too-long', help: `is nested more than ${MAX_DEPTH} deep` }];
    if (typeof value !== 'object' || value === null) continue;
    if (Array.isArray(value)) {
      if (value.length > MAX_ARRAY) return [{ at, code: 'too-long', help: `has more than ${MAX_ARRAY} values` }];
      const long = value.findIndex(isTooLong);
      if (long >= 0) return [tooLong(`${at}[${long}]`)];
      value.forEach((each: unknown, index) => {
        stack.push({ value: each, at: `${at}[${index}]`, depth: depth + 1 });
      });
      continue;
    }
    for (const [name, each] of Object.entries(value)) {
      if (!NAME.test(name) || INHERITED.has(name)) return [{ at, code: 'structure', help: 'has a property whose name is not one of FHIR' }];
      if (isTooLong(each) && Object.hasOwn(value, `_${name}`)) return [tooLong(`${at}.${name}`)];
      stack.push({ value: each, at: `${at}.${name}`, depth: depth + 1 });
    }
  }
  return [];
};
