import { isPrimitiveType } from '@medplum/core';
import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';

/** Ids and URLs of extensions are of a type of FHIRPath. */
const OF_FHIRPATH = 'http://hl7.org/fhirpath/';

const isPrimitive = (type: string): boolean => isPrimitiveType(type) || type.startsWith(OF_FHIRPATH);

/**
 * Primitives are texts, numbers and truth values; everything else is an object. What is said about a primitive stands beside it, in `_name`
 * (R4 json, primitive elements), and beside nothing else. The structure check takes an object with `id` or `extension` for either, and a text
 * for an object with a property at each of its characters (8.5 s for 1.9 MB): it never sees what breaks this rule.
 */
export const jsonForm: Rule = {
  object: ({ at, key, type, property, resource }) => {
    if (resource !== 'no' || property === null || type === null) return NONE;
    if (key.startsWith('_'))
      return isPrimitive(property.type) ? NONE : [{ at, code: 'structure', help: 'is no primitive: it has its own id and extensions' }];
    return isPrimitive(type)
      ? [{ at, code: 'structure', help: 'is a value, not an object: what is said about it stands beside it, under its name with _ before' }]
      : NONE;
  },
  primitive: ({ at, key, property }) =>
    property === null || (isPrimitive(property.type) && !key.startsWith('_'))
      ? NONE
      : [{ at, code: 'structure', help: 'is not an element of this type, or not in this form' }],
};
