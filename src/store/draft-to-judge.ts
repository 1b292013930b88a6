import type { Provenance } from '@medplum/fhirtypes';
import { fromCarePlan } from '../../mappings/facts/from-care-plan.ts';
import type { Draft } from '../decide/guardrails/rule.ts';
import { handsOf, secondClinicianOf } from './hands.ts';
import type { Sql } from './pool.ts';

/** A draft with everyone whose hand is on it, as the guardrails judge it. `agent`: who signs it; nobody yet, before its approval. */
export async function draftToJudge(
  sql: Sql,
  owner: string,
  { carePlan, composition, provenance }: Pick<Draft, 'carePlan' | 'composition'> & { readonly provenance: Pick<Provenance, 'agent'> },
): Promise<Draft> {
  const { agreedWithPerson } = fromCarePlan(carePlan);
  const { secondClinician } = agreedWithPerson;
  const hands = await handsOf(sql, owner, { carePlan, composition, provenance, secondClinician });
  return {
    carePlan,
    composition,
    hands,
    agreement: { ...agreedWithPerson, secondClinician: secondClinicianOf(hands) ?? secondClinician },
  };
}
