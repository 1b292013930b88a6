import type { Provenance } from '@medplum/fhirtypes';
import { fromCarePlan } from '../../mappings/facts/from-care-plan.ts';
import { type RefusalResource, refusalsIn } from '../../mappings/facts/refusals-of.ts';
import type { Draft } from '../decide/guardrails/rule.ts';
import { handsOf, secondClinicianOf } from './hands.ts';
import type { Sql } from './pool.ts';

/** A draft, what its words name under the heading of refusals, and who signs it: nobody yet, before its approval. */
interface ToJudge extends Pick<Draft, 'carePlan' | 'composition'> {
  readonly refusals: readonly RefusalResource[];
  readonly provenance: Pick<Provenance, 'agent'>;
}

/** A draft with everyone whose hand is on it, as the guardrails judge it. */
export async function draftToJudge(sql: Sql, owner: string, { carePlan, composition, refusals, provenance }: ToJudge): Promise<Draft> {
  const { agreedWithPerson } = fromCarePlan(carePlan);
  const { secondClinician } = agreedWithPerson;
  const hands = await handsOf(sql, owner, { carePlan, composition, provenance, secondClinician });
  return {
    carePlan,
    composition,
    refusals: refusalsIn(composition, refusals),
    hands,
    agreement: { ...agreedWithPerson, secondClinician: secondClinicianOf(hands) ?? secondClinician },
  };
}
