import type { Issue } from '../../model/anomaly.ts';
import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';

/** An element with a choice of types stands in one of them (R4 formats, choice of data types): of two, the structure check sees one. */
export const oneChoice: Rule = {
  object: ({ value, at, schema }) => {
    if (schema === null) return NONE;
    let issues: Issue[] | null = null;
    let seen: Map<string, string> | null = null;
    for (const key of Object.keys(value)) {
      const json = key.startsWith('_') ? key.slice(1) : key;
      const property = schema.properties.get(json);
      if (property === undefined || !property.name.endsWith('[x]')) continue;
      seen ??= new Map();
      const before = seen.get(property.name);
      if (before !== undefined && before !== json) {
        issues ??= [];
        issues.push({ at: `${at}.${property.name.slice(0, -3)}`, code: 'structure', help: 'stands once, in one of its types' });
      }
      seen.set(property.name, json);
    }
    return issues ?? NONE;
  },
};
