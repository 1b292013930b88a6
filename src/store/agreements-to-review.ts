import type pg from 'pg';
import { TaskCode } from '../../profiles/canonicals.ts';
import { DONE, endTask, raiseTask } from './broker-task.ts';
import { type Sql, statement, transaction } from './pool.ts';

/** Agreements in one transaction. */
const BATCH = 100;

const TODAY = `to_char(clock_timestamp() AT TIME ZONE 'Europe/London', 'YYYY-MM-DD')`;
// Told of once for each review date: what was told stands in the row.
const reviewDue = statement<[number], { contract_id: string; publishers: string[] }>(
  'agreements-to-review',
  `WITH due AS (
     SELECT contract_id FROM agreement WHERE executed AND review_told IS DISTINCT FROM terms->>'reviewDate' AND terms->>'reviewDate' < ${TODAY}
      ORDER BY terms->>'reviewDate' LIMIT $1 FOR UPDATE SKIP LOCKED)
   UPDATE agreement a SET review_told = a.terms->>'reviewDate' FROM due WHERE a.contract_id = due.contract_id RETURNING a.contract_id, a.publishers`,
);
const isOver = statement<[string | null], { over: boolean }>('is-review-over', `SELECT $1::text IS NULL OR $1::text >= ${TODAY} AS over`);

const taskOf = (contractId: string, publisher: string) => ({
  code: TaskCode.attention,
  owner: publisher,
  kind: 'publisher' as const,
  focus: `Contract/${contractId}`,
  reason: 'agreement-review-due',
  about: `agreement-review-due ${contractId}`,
  description:
    'The review of this data-sharing agreement is overdue: review it with its parties, and ask the operator to store the new date or its end',
});

/** Asks the publishers of agreements whose review date has passed to review them; sharing goes on. Answers how many were asked. */
export async function tellOfReviews(pool: pg.Pool): Promise<number> {
  let told = 0;
  for (;;) {
    const due = await transaction(pool, async (tx) => {
      const rows = await reviewDue(tx, BATCH);
      const tasks = rows.flatMap(({ contract_id, publishers }) => publishers.map((publisher) => taskOf(contract_id, publisher)));
      for (const task of tasks) await raiseTask(tx, task, { reopen: DONE });
      told += tasks.length;
      return rows.length;
    });
    if (due < BATCH) return told;
  }
}

/** An agreement that was written with a later review, or that has ended, need not be reviewed. */
export async function calmAboutReview(
  sql: Sql,
  contractId: string,
  publishers: readonly string[],
  reviewDate: string | null,
): Promise<void> {
  const [answer] = await isOver(sql, reviewDate);
  if (answer?.over !== true) return;
  for (const publisher of publishers) await endTask(sql, taskOf(contractId, publisher), reviewDate === null ? 'cancelled' : 'completed');
}
