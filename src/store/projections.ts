import type { CarePlan, Composition } from '@medplum/fhirtypes';
import { fromCarePlan } from '../../mappings/facts/from-care-plan.ts';
import { fromComposition } from '../../mappings/facts/from-composition.ts';
import { MAPPING_VERSION } from '../../mappings/disclosure/mapping-version.ts';
import { canonical, digest } from '../decide/digest.ts';
import { project } from '../decide/project.ts';
import { anomaly } from '../model/anomaly.ts';
import type { SeenDraft } from './door.ts';
import type { Sql } from './pool.ts';
import { readResource } from './resources.ts';

/** What approving a draft and its words would sign. Pure. */
export const wouldSign = (carePlan: CarePlan, composition: Composition) => {
  const bytes = canonical({ carePlan, composition });
  const projections = project(fromComposition(composition), fromCarePlan(carePlan).actions);
  return { canonicalBytes: bytes, bytes: digest([bytes]), mapping: MAPPING_VERSION, projections };
};

/** A draft of this organisation with its words. Throws `conflict` where it is no draft, `incorrect` where its words are not there. */
export async function draftOf(sql: Sql, owner: string, carePlanId: string) {
  const draft = await readResource(sql, 'CarePlan', carePlanId);
  if (draft === null || draft.owner !== owner) throw anomaly('not-found', 'there is no such resource here');
  const carePlan = draft.body as CarePlan;
  if (carePlan.status !== 'draft') throw anomaly('conflict', 'is no draft', 'CarePlan.status');
  const facts = fromCarePlan(carePlan);
  const words = await readResource(sql, 'Composition', facts.compositionId);
  if (words === null || words.owner !== owner)
    throw anomaly('incorrect', 'names no Composition of this organisation', 'CarePlan.supportingInfo[0]');
  return { version: draft.version, carePlan, composition: words.body as Composition, facts };
}

/** A draft of this organisation as each kind would see it. Throws as `draftOf`. */
export async function projections(sql: Sql, owner: string, carePlanId: string): Promise<SeenDraft> {
  const { version, carePlan, composition, facts } = await draftOf(sql, owner, carePlanId);
  const { bytes, mapping, projections: projected } = wouldSign(carePlan, composition);
  return {
    carePlanId,
    version: String(version),
    publisher: owner,
    reviewDate: facts.reviewDate,
    bytes,
    mapping,
    projections: projected,
  };
}
