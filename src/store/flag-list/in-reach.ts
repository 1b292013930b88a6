import type { Facts } from '../../model/facts.ts';
import { holdsUntil } from '../../decide/holds-until.ts';
import { decidedBy } from '../../decide/decided-by.ts';
import { desired, tracedNumber } from '../../decide/desired.ts';
import type { Instant } from '../../model/instant.ts';
import { holds } from '../../model/ledger.ts';
import type { DecidedBy } from '../../model/trail.ts';
import type { SeenRow } from '../seen-rows.ts';
import { FACT_COLUMNS, factsOf, opened, type Sealed, type Stamp, stampOf, VIEW } from '../look.ts';
import { type Sql, statement } from '../pool.ts';

/** Somebody who is to stand on a list, by one plan of theirs. */
export interface Flagged {
  readonly plan: string;
  readonly nhsNumber: string;
  readonly stamp: Stamp;
  readonly purpose: string;
  readonly decidedBy: DecidedBy;
}

const PAGE = 200;

const plansInReach = statement<[string, string], { plan_id: string; recipient_id: string }>(
  'plans-in-reach',
  // Along the indexes of reach and of open contacts; what they hold is decided upon each.
  `SELECT found.plan_id, found.recipient_id FROM recipient r CROSS JOIN LATERAL (
     SELECT p.id AS plan_id, r.id AS recipient_id FROM plan p WHERE p.reach_recipients @> ARRAY[r.id]
      UNION SELECT p.id, r.id FROM plan p WHERE p.reach_areas && r.areas
      UNION SELECT p.id, r.id FROM contact c JOIN plan p ON p.patient_id = c.patient_id WHERE c.open AND c.sender = r.ods AND c.kind = r.kind
      UNION SELECT p.id, r.id FROM contact c JOIN person pe ON pe.nhs_number = c.nhs_number JOIN patient_fact pt ON pt.person_id = pe.id
                     JOIN plan p ON p.patient_id = pt.patient_id WHERE c.open AND c.sender = r.ods AND c.kind = r.kind) found
    WHERE r.ods = $1 AND r.kind = $2 AND r.active ORDER BY found.plan_id, found.recipient_id`,
);
const factsOfPlans = statement<[string], Sealed<SeenRow>>(
  'facts-of-plans-in-reach',
  // Plan by plan along indexes: OFFSET 0 keeps the planner from joining all of them at once.
  `SELECT one.* FROM jsonb_to_recordset($1) AS asked(plan_id uuid, recipient_id text) CROSS JOIN LATERAL (
     SELECT NULL AS key_id, NULL AS generation, NULL AS key_version, NULL AS state, NULL AS destination, NULL AS destination_id,
            disclosure_id(p.id, r.id) AS disclosure_id, ${FACT_COLUMNS}
       FROM plan p JOIN patient_fact pt ON pt.patient_id = p.patient_id JOIN person pe ON pe.id = pt.person_id JOIN recipient r ON r.id = asked.recipient_id
      WHERE p.id = asked.plan_id OFFSET 0) one`,
);

/** As what is pushed: in reach, and by an agreement that is for more than looking up. */
const held = (facts: Facts): Facts => ({ ...facts, destination: { ...VIEW, channel: 'fhir-rest' } });

const flaggedIn = (row: SeenRow, end: Instant): Flagged | null => {
  const now = Number(row.now);
  const facts = held(factsOf(row, VIEW));
  const nhsNumber = tracedNumber(facts.person);
  const want = desired(facts, now);
  // A list cannot be called back: whoever may not be flagged to its end does not come on it, and is found by looking up.
  if (nhsNumber === null || !holds(want) || !holdsUntil(facts, now, end)) return null;
  return { plan: row.plan_id, nhsNumber, stamp: stampOf(row), purpose: want.purpose, decidedBy: decidedBy(facts, want, now) };
};

/** Everybody whose plan a caller holds by reach, consent and agreement, now and to the end of a list. One for each plan. */
export const flaggedFor = async (sql: Sql, organization: string, kind: string, end: Instant): Promise<readonly Flagged[]> => {
  const asked = await plansInReach(sql, organization, kind);
  const found = new Map<string, Flagged>();
  for (let from = 0; from < asked.length; from += PAGE) {
    const rows = await opened<SeenRow>(sql, await factsOfPlans(sql, JSON.stringify(asked.slice(from, from + PAGE))));
    for (const row of rows) {
      // A caller may be several services: the first that may hold the plan has it.
      const one = found.has(row.plan_id) ? null : flaggedIn(row, end);
      if (one !== null) found.set(one.plan, one);
    }
  }
  return [...found.values()];
};
