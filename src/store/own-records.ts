import { randomUUID } from 'node:crypto';
import type { Principal } from '../model/principal.ts';
import { keysOf } from './keys/keys-of.ts';
import { type Sql, statement } from './pool.ts';

/** A publisher's record of the person who calls. */
export interface OwnRecord {
  readonly patientId: string;
  /** ODS code of the publisher. */
  readonly owner: string;
  /** Ids of the CarePlans that are in force. */
  readonly carePlanIds: readonly string[];
}

/**
 * A record is its person's own while its number is verified (status 01): whoever signs in is then who it is about. Nobody is shown anything who is
 * restricted or has died, whichever of their records says so, as in each decision. Facts of this moment: a number that was corrected is another
 * person's from then on.
 */
export const IS_OWN = `(pt.facts->>'traced')::boolean
  AND NOT EXISTS (SELECT FROM patient_fact o WHERE o.person_id = pt.person_id AND ((o.facts->>'restricted')::boolean OR NOT (o.facts->>'alive')::boolean))
  AND EXISTS (SELECT FROM person_key pk WHERE pk.id = pt.patient_id AND pk.wrapped IS NOT NULL)`;
const IN_FORCE = `p.version->>'carePlanId' = v.care_plan_id AND NOT p.withdrawn`;

const byNumber = statement<[string], { id: string }>('person-who-calls', 'SELECT id FROM person WHERE nhs_number = $1');
const ownPatient = statement<[string, string], { patient_id: string }>(
  'own-patient',
  `SELECT pt.patient_id FROM patient_fact pt WHERE pt.patient_id = $2 AND pt.person_id = $1::uuid AND ${IS_OWN}`,
);
const planOf = (column: 'care_plan_id' | 'composition_id') =>
  statement<[string, string], { patient_id: string }>(
    `own-plan-by-${column}`,
    `SELECT pt.patient_id FROM approved_version v JOIN plan p ON p.id = v.plan_id JOIN patient_fact pt ON pt.patient_id = p.patient_id
      WHERE v.${column} = $2 AND ${IN_FORCE} AND pt.person_id = $1::uuid AND ${IS_OWN}`,
  );
const ownPlan = planOf('care_plan_id');
const ownTask = statement<[string, string], { patient_id: string }>(
  'own-concern',
  `SELECT pt.patient_id FROM concern c JOIN patient_fact pt ON pt.patient_id = c.patient_id
    WHERE c.task_id = $2 AND pt.person_id = $1::uuid AND ${IS_OWN}`,
);
const OWN: Readonly<Record<string, ReturnType<typeof planOf>>> = {
  Patient: ownPatient,
  CarePlan: ownPlan,
  Composition: planOf('composition_id'),
  Task: ownTask,
};
const records = statement<[string], { patient_id: string; owner: string; care_plan_ids: string[] }>(
  'own-records',
  `SELECT pt.patient_id, pt.owner, ARRAY(SELECT p.version->>'carePlanId' FROM plan p
            WHERE p.patient_id = pt.patient_id AND p.version IS NOT NULL AND NOT p.withdrawn ORDER BY p.id) AS care_plan_ids
     FROM patient_fact pt WHERE pt.person_id = $1::uuid AND ${IS_OWN} ORDER BY pt.owner, pt.patient_id`,
);
const leaveTrail = statement<[string, string, string | null, string | null, string | null], never>(
  'trail-of-own-records',
  `INSERT INTO audit (event, organization, kind, caller, person_id, because) VALUES ('match', $1, $2, $3, $4::uuid, $5)`,
);
const leaveTrailOfRead = statement<[string, string, string | null, string, string[], string], never>(
  'trail-of-own-read',
  `INSERT INTO audit (event, organization, kind, caller, person_id, plan_id)
   SELECT 'read', $1, $2, $3, $4::uuid,
          CASE $6 WHEN 'CarePlan' THEN (SELECT v.plan_id FROM approved_version v WHERE v.care_plan_id = asked)
                  WHEN 'Composition' THEN (SELECT v.plan_id FROM approved_version v WHERE v.composition_id = asked) END
     FROM unnest($5::text[]) asked`,
);

/** The person who calls. Their own records are asked for by nobody else. */
export const callerOf = ({ personId }: Principal): string => {
  if (personId === undefined) throw new Error('only a person has records of their own');
  return personId;
};

/** The person of a verified number. Nobody has an id, too: whoever is not known here is asked for with the same work. */
export const personByNumber = async (sql: Sql, nhsNumber: string): Promise<string> =>
  (await byNumber(sql, keysOf(sql).index.number(nhsNumber)))[0]?.id ?? randomUUID();

/** Whether a plan in force is of one record of this person's. */
export const isPlanOfRecord = async (sql: Sql, personId: string, carePlanId: string, patientId: string): Promise<boolean> =>
  (await ownPlan(sql, personId, carePlanId)).some(({ patient_id }) => patient_id === patientId);

/** Whether a Patient, a plan in force, its words, or a concern that was raised are this person's own. */
export const isOfPerson = async (sql: Sql, personId: string, type: string, id: string): Promise<boolean> =>
  ((await OWN[type]?.(sql, personId, id)) ?? []).length > 0;

/** Puts on record that a person asked for what is not theirs, or not there: of nobody, for it may be another's. */
export const notOfPerson = async (sql: Sql, { organization, kind, user }: Principal): Promise<void> => {
  await leaveTrail(sql, organization, kind, user, null, 'no-such-person');
};

/** Puts on record that a person read plans of theirs, their words, or what became of a concern: nothing where there is none. */
export const readByPerson = async (sql: Sql, principal: Principal, type: string, ids: readonly string[]): Promise<void> => {
  const { organization, kind, user } = principal;
  await leaveTrailOfRead(sql, organization, kind, user, callerOf(principal), [...ids], type);
};

/** The records of the person who calls. On record before it answers. */
export const ownRecords = async (sql: Sql, principal: Principal): Promise<readonly OwnRecord[]> => {
  const personId = callerOf(principal);
  const found = await records(sql, personId);
  const { organization, kind, user } = principal;
  await leaveTrail(sql, organization, kind, user, found.length === 0 ? null : personId, found.length === 0 ? 'no-such-person' : null);
  return found.map(({ patient_id, owner, care_plan_ids }) => ({ patientId: patient_id, owner, carePlanIds: care_plan_ids }));
};
