import type { Resource } from '@medplum/fhirtypes';
import { fromAdvanceDecision } from '../../mappings/facts/from-advance-decision.ts';
import { type RefusalResource, toRefusal } from '../../mappings/facts/refusals-of.ts';
import { canonical } from '../decide/digest.ts';
import { REFUSAL_HEADING } from '../model/refusal.ts';
import { DONE, raiseTask } from './broker-task.ts';
import { keysOf } from './keys/keys-of.ts';
import { planTask } from './plans-to-look-at.ts';
import { type Sql, statement } from './pool.ts';
import type { SignedResources } from './projections.ts';
import { fallenBecause, isRefusal, patientOf, REFERS_TO } from './refusals.ts';
import { readResource } from './resources.ts';
import { signedVersion } from './signed-version.ts';

const plansNaming = statement<[string, string], { care_plan_id: string }>(
  'plans-in-force-naming',
  `SELECT DISTINCT v.care_plan_id FROM resource_token t JOIN resource r ON r.serial = t.serial
     JOIN approved_version v ON v.composition_id = r.id JOIN plan p ON p.id = v.plan_id AND p.version->>'carePlanId' = v.care_plan_id
    WHERE NOT p.withdrawn AND ${REFERS_TO('Composition')} ORDER BY 1`,
);

/** What was signed of a refusal with a version; undefined where it was not signed with it, or cannot be read any more. */
async function signedOf(sql: Sql, carePlanId: string, { resourceType, id }: Resource): Promise<RefusalResource | undefined> {
  const signed = await signedVersion(sql, carePlanId);
  if (signed?.bytes == null) return undefined;
  const { refusals = [] } = JSON.parse(signed.bytes) as SignedResources;
  return refusals.find((one) => one.resourceType === resourceType && one.id === id);
}

/** Whether it stands, is of the same person, and says what was signed. */
async function isAsSigned(sql: Sql, was: RefusalResource, is: Resource, owner: string, now: Date): Promise<boolean> {
  if (!isRefusal(is) || (await fallenBecause(sql, is, owner, now.getTime())) !== null || patientOf(is) !== patientOf(was)) return false;
  return canonical(toRefusal(was, REFUSAL_HEADING)) === canonical(toRefusal(is, REFUSAL_HEADING));
}

/** What a write may have changed: the resource itself, and the advance decisions whose place it takes. */
async function touchedBy(sql: Sql, written: Resource): Promise<readonly Resource[]> {
  if (written.resourceType !== 'Consent' || !isRefusal(written)) return [written];
  const others = await Promise.all(fromAdvanceDecision(written).supersedes.map((id) => readResource(sql, 'Consent', id)));
  return [written, ...others.flatMap((other) => other?.body ?? [])];
}

/**
 * An advance decision or a proxy was written. Asks the owner of each plan in force that was signed with it to look, where it stands no longer or says
 * another thing: the plan tells responders of what is no more. What was signed stays (I9). Inside the transaction that writes, under the resource's lock.
 */
export async function refusalsChanged(tx: Sql, written: Resource, owner: string, now: Date): Promise<void> {
  if (written.resourceType !== 'Consent' && written.resourceType !== 'RelatedPerson') return;
  for (const resource of await touchedBy(tx, written)) {
    const name = keysOf(tx).index.text(`${resource.resourceType}/${resource.id}`);
    for (const { care_plan_id: carePlanId } of await plansNaming(tx, name, owner)) {
      const was = await signedOf(tx, carePlanId, resource);
      if (was === undefined || (await isAsSigned(tx, was, resource, owner, now))) continue;
      await raiseTask(tx, planTask('refusals-changed', owner, carePlanId), { reopen: DONE });
    }
  }
}
