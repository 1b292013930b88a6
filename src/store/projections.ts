import type { CarePlan, Composition } from '@medplum/fhirtypes';
import { fromCarePlan } from '../../mappings/facts/from-care-plan.ts';
import { fromComposition } from '../../mappings/facts/from-composition.ts';
import { type RefusalResource, refusalsIn } from '../../mappings/facts/refusals-of.ts';
import { MAPPING_VERSION } from '../../mappings/disclosure/mapping-version.ts';
import { canonical, digest } from '../decide/digest.ts';
import { project } from '../decide/project.ts';
import { anomaly } from '../model/anomaly.ts';
import type { SeenDraft } from './door.ts';
import type { Sql } from './pool.ts';
import { checked, namedRefusals } from './refusals.ts';
import { readResource } from './resources.ts';

/** The resources of which an approved version is made, as they stand in its bytes. */
export interface SignedResources {
  readonly carePlan: CarePlan;
  readonly composition: Composition;
  /** What the words name under the heading of refusals; left out where they name nothing, so that the bytes of such a plan are what they ever were. */
  readonly refusals?: readonly RefusalResource[];
}

/** What approving a draft and its words, with the refusals and proxies that these name, would sign. Pure. */
export const wouldSign = ({ carePlan, composition, refusals = [] }: SignedResources) => {
  const bytes = canonical({ carePlan, composition, ...(refusals.length === 0 ? {} : { refusals }) });
  const named = refusalsIn(composition, refusals).map(({ refusal }) => refusal);
  const projections = project(fromComposition(composition), fromCarePlan(carePlan).actions, named);
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
  const composition = words.body as Composition;
  const named = await namedRefusals(sql, composition, { owner, patientId: facts.patientId, now: Date.now() });
  return { version: draft.version, carePlan, composition, refusals: named.resources, named, facts };
}

/** A draft of this organisation as each kind would see it. Throws as `draftOf`, and `incorrect` where its words name what cannot be signed. */
export async function projections(sql: Sql, owner: string, carePlanId: string): Promise<SeenDraft> {
  const { version, carePlan, composition, named, facts } = await draftOf(sql, owner, carePlanId);
  const { bytes, mapping, projections: projected } = wouldSign({ carePlan, composition, refusals: checked(named) });
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
