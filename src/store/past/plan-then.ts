import type { CarePlan } from '@medplum/fhirtypes';
import { fromCarePlan } from '../../../mappings/facts/from-care-plan.ts';
import type { Instant } from '../../model/instant.ts';
import type { RecipientKind } from '../../model/kind.ts';
import type { ApprovedVersion, Projection, Reach } from '../../model/plan.ts';
import type { Stored } from '../door.ts';
import { type Sql, statement } from '../pool.ts';
import { versionsThen } from './versions-then.ts';

/** A plan as it was in force at an instant. */
export interface PlanThen {
  readonly planId: string;
  readonly stored: Stored;
  readonly withdrawn: boolean;
  readonly approved: Omit<ApprovedVersion, 'projections'>;
  /** What was signed for one kind of recipient. */
  readonly projection: Projection;
  /** What was signed for every kind. */
  readonly projections: ApprovedVersion['projections'];
  readonly reach: Reach;
}

const versionsOfPlan = statement<[string], { plan_id: string; care_plan_id: string; projections: ApprovedVersion['projections'] }>(
  'versions-of-plan',
  // The last first. What was signed never changes (I9).
  `SELECT v.plan_id, v.care_plan_id, (SELECT jsonb_object_agg(key, value->'projection') FROM jsonb_each(v.projections)) AS projections FROM approved_version v
    WHERE v.plan_id = (SELECT plan_id FROM approved_version WHERE care_plan_id = $1) ORDER BY v.number DESC`,
);

/** The plan of a CarePlan, where that was the version in force, or the one that was withdrawn last; null otherwise. */
export async function planThen(sql: Sql, carePlanId: string, kind: RecipientKind, at: Instant): Promise<PlanThen | null> {
  const versions = await versionsOfPlan(sql, carePlanId);
  const bodies = await versionsThen(
    sql,
    'CarePlan',
    versions.map(({ care_plan_id }) => care_plan_id),
    at,
  );
  const bodyOf = (id: string) => bodies.find((one) => one.id === id);
  // Each says by its own status what became of it: one that was overtaken is completed.
  const last = versions.find(({ care_plan_id: id }) =>
    ['active', 'revoked'].includes((bodyOf(id)?.body as CarePlan | undefined)?.status ?? ''),
  );
  const stored = bodyOf(carePlanId);
  if (last?.care_plan_id !== carePlanId || stored === undefined) return null;
  const carePlan = stored.body as CarePlan;
  const { reviewDate, expiresAt, reach } = fromCarePlan(carePlan);
  return {
    planId: last.plan_id,
    stored,
    withdrawn: carePlan.status === 'revoked',
    approved: { carePlanId, reviewDate, expiresAt, reissue: 0 },
    projection: last.projections[kind],
    projections: last.projections,
    reach,
  };
}
