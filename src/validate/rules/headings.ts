import { System } from '../../../profiles/canonicals.ts';
import type { Issue } from '../../model/anomaly.ts';
import { isHeading } from '../../model/heading.ts';
import type { JsonObject } from '../json.ts';
import { isObject, objectsOf } from '../json.ts';
import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';

const headingCodes = (section: JsonObject): readonly unknown[] => {
  const concept = section['code'];
  return isObject(concept)
    ? objectsOf(concept['coding'])
        .filter(([coding]) => coding['system'] === System.heading)
        .map(([coding]) => coding['code'])
    : [];
};

const repeated = (composition: JsonObject, at: string): Issue[] => {
  const seen = new Set<unknown>();
  return objectsOf(composition['section']).flatMap(([section, index]): Issue[] => {
    const codes = headingCodes(section);
    const here = `${at}.section[${index}].code`;
    if (codes.length > 1) return [{ at: here, code: 'value', help: 'a section has one heading' }];
    const again = codes.some((code) => seen.has(code));
    for (const code of codes) seen.add(code);
    return again ? [{ at: here, code: 'duplicate', help: 'a heading stands once' }] : [];
  });
};

/** Codes of the heading system are known wherever they stand, and no Composition has a heading twice. */
export const headings: Rule = {
  object: ({ value, at, type }) => {
    const { system, code, resourceType } = value;
    if (resourceType === 'Composition') return repeated(value, at);
    // A value set names the system alone.
    if (system !== System.heading || (code === undefined && type !== 'Coding')) return NONE;
    return typeof code !== 'string' || !isHeading(code)
      ? [{ at: `${at}.code`, code: 'code-invalid', help: 'is not a heading of a plan' }]
      : NONE;
  },
};
