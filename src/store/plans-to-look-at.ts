import type { CarePlan, Composition } from '@medplum/fhirtypes';
import type pg from 'pg';
import { MAPPING_VERSION } from '../../mappings/disclosure/mapping-version.ts';
import { TaskCode } from '../../profiles/canonicals.ts';
import { WORDS_VERSION } from '../decide/guardrails/word-lists.ts';
import { WORD_RULES } from '../decide/guardrails/word-rules.ts';
import { DONE, endTask, raiseTask } from './broker-task.ts';
import { type Sql, statement, transaction } from './pool.ts';
import { signedVersion } from './signed-version.ts';

/** Why a publisher is asked to look at one of its plans. */
type Reason = 'review-due' | 'mapping-changed' | 'rules-changed' | 'second-plan';

/** Plans in one transaction. */
const BATCH = 100;

interface PlanRow {
  readonly publisher: string;
  readonly care_plan_id: string;
}
// Told of once for each version: what was told stands in the row.
const reviewDue = statement<[number], PlanRow>(
  'plans-to-review',
  `WITH due AS (
     SELECT id FROM plan WHERE NOT withdrawn AND version IS NOT NULL AND review_told IS DISTINCT FROM version->>'carePlanId'
        AND version->>'reviewDate' < to_char(clock_timestamp() AT TIME ZONE 'Europe/London', 'YYYY-MM-DD')
      ORDER BY version->>'reviewDate' LIMIT $1 FOR UPDATE SKIP LOCKED)
   UPDATE plan p SET review_told = p.version->>'carePlanId' FROM due WHERE p.id = due.id RETURNING p.publisher, p.version->>'carePlanId' AS care_plan_id`,
);
const mappedBefore = statement<[number, number], PlanRow>(
  'plans-mapped-before',
  // What was approved before the mapping had a number was under the first.
  `WITH due AS (
     SELECT p.id FROM plan p JOIN approved_version v ON v.care_plan_id = p.version->>'carePlanId'
      WHERE NOT p.withdrawn AND p.mapping_told IS DISTINCT FROM p.version->>'carePlanId' AND coalesce(split_part(v.signs, '.', 1), '1')::integer < $2
      LIMIT $1 FOR UPDATE OF p SKIP LOCKED)
   UPDATE plan p SET mapping_told = p.version->>'carePlanId' FROM due WHERE p.id = due.id RETURNING p.publisher, p.version->>'carePlanId' AS care_plan_id`,
);
const judgedBefore = statement<[number, number], PlanRow>(
  'plans-judged-before',
  `WITH due AS (
     SELECT p.id FROM plan p JOIN approved_version v ON v.care_plan_id = p.version->>'carePlanId'
      WHERE NOT p.withdrawn AND v.rules_version < $2 AND p.rules_told IS DISTINCT FROM $2
      LIMIT $1 FOR UPDATE OF p SKIP LOCKED)
   UPDATE plan p SET rules_told = $2 FROM due WHERE p.id = due.id RETURNING p.publisher, p.version->>'carePlanId' AS care_plan_id`,
);
const others = statement<[string, string], { care_plan_id: string }>(
  'other-plans-of-patient',
  `SELECT version->>'carePlanId' AS care_plan_id FROM plan WHERE patient_id = $1 AND id <> $2::uuid AND NOT withdrawn AND version IS NOT NULL`,
);

const WORDS: Readonly<Record<Reason, string>> = {
  'review-due': 'The review of this plan is overdue: look at it with the person, and approve a new version or withdraw it',
  'mapping-changed': 'The words of this plan leave in another form than its approvers saw: approve it again',
  'rules-changed': 'A rule that came since would stop this plan: look at its words with the person, and approve a new version',
  'second-plan': 'This person has another plan in force: withdraw one, or make them one',
};

const taskOf = (reason: Reason, publisher: string, carePlanId: string) => ({
  code: TaskCode.attention,
  owner: publisher,
  kind: 'publisher' as const,
  focus: `CarePlan/${carePlanId}`,
  reason,
  about: `${reason} ${carePlanId}`,
  description: WORDS[reason],
});

/**
 * Asks publishers to look at plans in force whose review date has passed, or whose words were signed under an older mapping than this one. Answers how
 * many. No other mapping comes while the process lives: a null leaves that out, for it reads every plan.
 */
export async function tellOfPlans(pool: pg.Pool, mapping: number | null = MAPPING_VERSION): Promise<number> {
  let told = 0;
  for (;;) {
    const count = await transaction(pool, async (tx) => {
      const tasks = [
        ...(await reviewDue(tx, BATCH)).map((row) => taskOf('review-due', row.publisher, row.care_plan_id)),
        ...(mapping === null ? [] : await mappedBefore(tx, BATCH, mapping)).map((row) =>
          taskOf('mapping-changed', row.publisher, row.care_plan_id),
        ),
      ];
      for (const task of tasks) await raiseTask(tx, task, { reopen: DONE });
      return tasks.length;
    });
    told += count;
    if (count < BATCH) return told;
  }
}

/** What the word rules of today find in a plan: their ids. */
const brokenRules = (carePlan: CarePlan, composition: Composition): readonly string[] => [
  ...new Set(
    WORD_RULES.filter(({ check }) => check({ ...NO_HANDS, carePlan, composition }).some(({ stops }) => stops)).map(({ id }) => id),
  ),
];
const NO_HANDS = { hands: [], agreement: { agreed: true, reason: null, secondClinician: null } };

/**
 * Looks again at plans in force that were approved under an older version of the word lists than this one, and asks the publisher of each that its rules
 * would stop today to look at it: a new rule raises Tasks, not recalls (design section 4). Answers how many.
 */
export async function tellOfRules(pool: pg.Pool, version: number = WORDS_VERSION, broken = brokenRules): Promise<number> {
  let told = 0;
  for (;;) {
    const judged = await transaction(pool, async (tx) => {
      const due = await judgedBefore(tx, BATCH, version);
      for (const { publisher, care_plan_id: carePlanId } of due) {
        const signed = await signedVersion(tx, carePlanId);
        if (signed?.bytes == null) continue;
        const { carePlan, composition } = JSON.parse(signed.bytes) as { carePlan: CarePlan; composition: Composition };
        const rules = broken(carePlan, composition);
        if (rules.length === 0) continue;
        const task = taskOf('rules-changed', publisher, carePlanId);
        await raiseTask(tx, { ...task, description: `${task.description} (${rules.join(', ')})` }, { reopen: DONE });
        told += 1;
      }
      return due.length;
    });
    if (judged < BATCH) return told;
  }
}

/** Asks the publisher to look at a version that was approved while another plan of the same Patient is in force. */
export async function tellOfSecond(tx: Sql, publisher: string, patientId: string, planId: string, carePlanId: string): Promise<void> {
  if ((await others(tx, patientId, planId)).length > 0) await raiseTask(tx, taskOf('second-plan', publisher, carePlanId), { reopen: DONE });
}

/** A version that is in force no longer need not be looked at. */
export async function calmAbout(tx: Sql, publisher: string, carePlanId: string): Promise<void> {
  for (const reason of ['review-due', 'mapping-changed', 'rules-changed', 'second-plan'] as const)
    await endTask(tx, taskOf(reason, publisher, carePlanId), 'cancelled');
}
