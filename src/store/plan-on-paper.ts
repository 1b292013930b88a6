import { draftOf, type SignedResources } from './projections.ts';
import type { Sql } from './pool.ts';
import { signedVersion } from './signed-version.ts';

/** What is printed of a plan: of an approved version what was signed, of a draft what would be. The caller has read the CarePlan, which is of `owner`. */
export async function planOnPaper(sql: Sql, owner: string, carePlanId: string): Promise<SignedResources> {
  const signed = await signedVersion(sql, carePlanId);
  if (signed?.bytes != null) return JSON.parse(signed.bytes) as SignedResources;
  const { carePlan, composition, refusals } = await draftOf(sql, owner, carePlanId);
  return { carePlan, composition, refusals };
}
