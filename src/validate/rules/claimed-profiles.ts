import { BASE } from '../../../profiles/canonicals.ts';
import type { Issue } from '../../model/anomaly.ts';
import { definitions } from '../definitions.ts';
import { isObject, listOf } from '../json.ts';
import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';

const R4 = 'http://hl7.org/fhir/StructureDefinition/';

const help = (url: string, type: string, used: string): string | null => {
  if (url === used || url === `${R4}${type}`) return null;
  const { profiles, extensions } = definitions();
  const claimed = profiles.get(url);
  if (claimed !== undefined && claimed.type !== type) return `is a profile of ${claimed.type}`;
  if (claimed !== undefined) return 'is not the profile that it was held against';
  return url.startsWith(`${BASE}/`) && !extensions.has(url) ? 'is no profile of the broker' : 'is not known here, and was not looked at';
};

/** `meta.profile` is a claim: one that was not what the resource was held against is said. `used` is the URL that it was held against. */
export const claimedProfiles = (used: string): Rule => ({
  object: ({ value: { meta }, at, type, resource }) => {
    if (resource !== 'root' || type === null || !isObject(meta) || meta['profile'] === undefined) return NONE;
    return listOf(meta['profile']).flatMap((claim, index): Issue[] => {
      const said = typeof claim === 'string' ? help(claim.split('|')[0] ?? claim, type, used) : null;
      return said === null ? [] : [{ at: `${at}.meta.profile[${index}]`, code: 'not-supported', severity: 'warning', help: said }];
    });
  },
});
