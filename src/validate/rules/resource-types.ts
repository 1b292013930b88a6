import type { Issue } from '../../model/anomaly.ts';
import { definitions } from '../definitions.ts';
import type { Rule } from '../rule.ts';
import { walk } from '../walk.ts';

/** Properties that hold a resource; the root has no name. */
const HOLDERS: ReadonlySet<string> = new Set(['', 'resource', 'contained', 'outcome']);

/** Resources inside (contained, in a Bundle, in Parameters) have a type that FHIR R4 has; nothing else carries a `resourceType`. */
export const resourceTypes: Rule = (resource, at) => {
  const { types } = definitions();
  const issues: Issue[] = [];
  walk(resource, at, (object, here, key) => {
    const { resourceType } = object;
    if (resourceType === undefined) {
      // `resource` is also the name of plain elements (in CapabilityStatement.rest, say): there the structure check sees what is missing.
      if (key === 'contained') issues.push({ at: `${here}.resourceType`, code: 'required', help: 'is required' });
      return;
    }
    if (!HOLDERS.has(key)) issues.push({ at: here, code: 'structure', help: 'is not a resource, and has no resourceType' });
    else if (typeof resourceType !== 'string' || !types.has(resourceType))
      issues.push({ at: `${here}.resourceType`, code: 'not-supported', help: 'is not a resource type of FHIR R4' });
  });
  return issues;
};
