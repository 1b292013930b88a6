import type { Issue } from '../../model/anomaly.ts';
import type { JsonObject } from '../json.ts';
import { objectsOf } from '../json.ts';
import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';

/** Trees whose nodes are told apart by one property: the invariants ask `descendants()`, which the library does not have. */
const TREES: Readonly<Record<string, { readonly branch: string; readonly id: string; readonly rule: string }>> = {
  Questionnaire: { branch: 'item', id: 'linkId', rule: 'que-2' },
  CodeSystem: { branch: 'concept', id: 'code', rule: 'csd-1' },
};

/** Link ids of a Questionnaire, and codes of a CodeSystem, stand once (que-2, csd-1). */
export const distinctIds: Rule = {
  object: ({ value, at, resource, type }) => {
    const tree = resource === 'no' ? undefined : TREES[type ?? ''];
    if (tree === undefined) return NONE;
    const seen = new Set<unknown>();
    const issues: Issue[] = [];
    const visit = (node: JsonObject, here: string): void => {
      for (const [each, index] of objectsOf(node[tree.branch])) {
        const place = `${here}.${tree.branch}[${index}]`;
        const id = each[tree.id];
        if (id !== undefined && seen.has(id))
          issues.push({ at: `${place}.${tree.id}`, code: 'invariant', help: `stands once (${tree.rule})` });
        seen.add(id);
        visit(each, place);
      }
    };
    visit(value, at);
    return issues;
  },
};
