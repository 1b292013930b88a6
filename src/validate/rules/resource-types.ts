import type { Issue } from '../../model/anomaly.ts';
import { definitions } from '../definitions.ts';
import type { JsonObject } from '../json.ts';
import { isObject, listOf } from '../json.ts';

/** Properties that hold a resource; the root has no name. */
const HOLDERS: ReadonlySet<string> = new Set(['', 'resource', 'contained', 'outcome']);

const problem = ({ resourceType }: JsonObject, at: string, key: string): Issue | null => {
  // `resource` is also the name of plain elements (in CapabilityStatement.rest, say): there the structure check sees what is missing.
  if (resourceType === undefined) return key === 'contained' ? { at: `${at}.resourceType`, code: 'required', help: 'is required' } : null;
  if (!HOLDERS.has(key)) return { at, code: 'structure', help: 'is not a resource, and has no resourceType' };
  return typeof resourceType === 'string' && definitions().types.has(resourceType)
    ? null
    : { at: `${at}.resourceType`, code: 'not-supported', help: 'is not a resource type of FHIR R4' };
};

/**
 * Resources inside (contained, in a Bundle, in Parameters) have a type that FHIR R4 has; nothing else carries a `resourceType`. Looked at before
 * the rules are, which trust it. The depth is bounded.
 */
export const resourceTypes = (resource: JsonObject, type: string): readonly Issue[] => {
  const issues: Issue[] = [];
  const visit = (object: JsonObject, at: string, key: string): void => {
    const found = problem(object, at, key);
    if (found !== null) issues.push(found);
    for (const [name, held] of Object.entries(object)) {
      if (isObject(held)) visit(held, `${at}.${name}`, name);
      else
        listOf(held).forEach((each, index) => {
          if (isObject(each)) visit(each, `${at}.${name}[${index}]`, name);
        });
    }
  };
  visit(resource, type, '');
  return issues;
};
