import type { Issue } from '../../model/anomaly.ts';
import { isObject, objectsOf } from '../json.ts';
import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';

/**
 * Each term of an agreement names two sides, a purpose and a heading; in one that inherits (`instantiatesCanonical`) a term may leave out what the
 * framework says, and name one side only.
 */
export const agreementTerms: Rule = {
  object: ({ value, at, resource }) => {
    if (resource !== 'root' || value['resourceType'] !== 'Contract' || value['instantiatesCanonical'] !== undefined) return NONE;
    return objectsOf(value['term']).flatMap(([term, index]): Issue[] => {
      const here = `${at}.term[${index}]`;
      const parties = isObject(term['offer']) ? objectsOf(term['offer']['party']) : [];
      return [
        ...(parties.length < 2
          ? [
              {
                at: `${here}.offer.party`,
                code: 'required',
                help: 'names a publisher and a recipient: one side only joins another agreement, by instantiatesCanonical',
              } as const,
            ]
          : []),
        ...(objectsOf(term['action']).length === 0 ? [{ at: `${here}.action`, code: 'required', help: 'names a purpose' } as const] : []),
        ...(objectsOf(term['asset']).length === 0
          ? [{ at: `${here}.asset`, code: 'required', help: 'names what is shared' } as const]
          : []),
      ];
    });
  },
};
