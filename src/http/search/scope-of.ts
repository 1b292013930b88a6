import type { Principal } from '../../model/principal.ts';
import type { Scope } from '../../store/search/search.ts';
import { permitted } from '../policy.ts';
import type { Reach } from '../policy.ts';

/** Which stored resources a search finds under a reach; null is no permission at all. Deny by default: what is not named here finds its own only. */
export const scopeOf = (reach: Reach | null, { organization, kind }: Principal): Scope => {
  switch (reach) {
    case 'any':
      return { is: 'all' };
    case 'addressed':
      return { is: 'addressed', organization, kind };
    // A disclosure is computed, and a service is looked at one by one: neither is found here.
    case 'disclosed':
    case 'published':
    case 'party':
    case 'provided':
    case 'self':
    case null:
      return { is: 'nothing' };
    default:
      return { is: 'owner', owner: organization, service: kind };
  }
};

/** Which resources of a type a caller's chain or `_has` may go through: those that it finds by a search of its own. */
export const searchableScope = (principal: Principal, type: string): Scope => scopeOf(permitted(principal, type, 'search'), principal);
