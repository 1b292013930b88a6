import type { CarePlan, Composition } from '@medplum/fhirtypes';
import type pg from 'pg';
import { isOpenRequest } from '../../mappings/approval/review-task.ts';
import type { Changes } from '../../mappings/approval/to-changes.ts';
import { fromCarePlan } from '../../mappings/facts/from-care-plan.ts';
import { fromComposition } from '../../mappings/facts/from-composition.ts';
import { changedHeadings, type Worded } from '../decide/changed-headings.ts';
import { reviewState } from '../decide/review-state.ts';
import type { ApprovedVersion } from '../model/plan.ts';
import type { Principal } from '../model/principal.ts';
import { identifierOf, planByIdentifier, versionOf } from './approve.ts';
import { erased } from './keys/person-keys.ts';
import type { Sql } from './pool.ts';
import { draftOf, wouldSign } from './projections.ts';
import { bytesInReview, commentsOn } from './review.ts';
import { onRecord } from './sharing.ts';
import { signedVersion } from './signed-version.ts';

const wordedOf = (carePlan: CarePlan, composition: Composition, { projections }: ApprovedVersion): Worded => ({
  sections: fromComposition(composition),
  actions: fromCarePlan(carePlan).actions,
  projections,
});

/** The version in force as it was signed, byte for byte: I9. */
async function asSigned(sql: Sql, version: ApprovedVersion): Promise<Worded> {
  const signed = await signedVersion(sql, version.carePlanId);
  if (signed?.bytes == null) throw erased('CarePlan');
  const { carePlan, composition } = JSON.parse(signed.bytes) as { carePlan: CarePlan; composition: Composition };
  return wordedOf(carePlan, composition, version);
}

/** The caller's draft against the version of the same plan that is in force, and what was said of it. On record before it answers. */
export async function changes(pool: pg.Pool, principal: Principal, carePlanId: string): Promise<Changes> {
  const { organization: owner } = principal;
  const { version, carePlan, composition, facts } = await draftOf(pool, owner, carePlanId);
  const { bytes, projections } = wouldSign(carePlan, composition);
  const [plan] = await planByIdentifier(pool, owner, identifierOf(pool, facts.businessIdentifier));
  // What was withdrawn is in force no more: all that the draft says would be new to everyone.
  const inForce = plan === undefined || plan.withdrawn || plan.patient_id !== facts.patientId ? null : plan.version;
  const comments = await commentsOn(pool, owner, carePlanId);
  const reviewed = await bytesInReview(pool, owner, carePlanId);
  const before = inForce === null ? null : await asSigned(pool, inForce);
  await onRecord(pool, 'changes', principal, facts.patientId, `CarePlan/${carePlanId}/_history/${version}`, bytes);
  return {
    state: reviewState({ bytes, reviewed, openRequests: comments.filter(isOpenRequest).length }),
    version,
    bytes,
    inForce: inForce?.carePlanId ?? null,
    headings: changedHeadings(before, wordedOf(carePlan, composition, versionOf(facts, projections))),
    comments,
  };
}
