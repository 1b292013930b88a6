import { type Sql, statement } from './pool.ts';

/** Recalls that one service has not answered. */
export interface RecallsOf {
  /** Id of the HealthcareService. */
  readonly recipient: string;
  readonly count: number;
}

/** Tasks of the broker's that nobody has ended. */
export interface OpenTasks {
  readonly code: string;
  readonly reason: string;
  readonly count: number;
}

/** Rows of the metrics for a label, at most: the rest would be of no use on a page. */
const MOST = 200;
// Along ledger_key_recall_since alone: of 900,000 keys with 5,000 begun recalls 3 ms.
const recallsUnanswered = statement<[], { recipient: string; count: string }>(
  'recalls-unanswered',
  `SELECT recipient_id AS recipient, count(*) AS count FROM ledger_key WHERE recall_since IS NOT NULL
    GROUP BY recipient_id ORDER BY count(*) DESC, recipient_id LIMIT ${MOST}`,
);
const uncertain = statement<[], { count: string }>(
  'keys-uncertain',
  `SELECT count(*) AS count FROM ledger_key WHERE state @? '$.copies[*] ? (@.state == "uncertain" && @.effect != null)'`,
);
const openTasks = statement<[], { code: string; reason: string; count: string }>(
  'open-tasks-by-reason',
  // Those of an older version have no row of their own.
  `SELECT coalesce(w.code, 'unknown') AS code, coalesce(w.reason, 'unknown') AS reason, count(*) AS count
     FROM resource_token t JOIN resource r ON r.serial = t.serial LEFT JOIN task_reason w ON w.id = r.id
    WHERE t.type = 'Task' AND t.param = 'status' AND t.token IN ('requested', 'received', 'accepted', 'ready', 'in-progress', 'on-hold')
      AND r.owner = 'BROKER' GROUP BY 1, 2 ORDER BY 3 DESC LIMIT ${MOST}`,
);

/** Services that have not answered recalls, those with the most first. */
export const recallsOwed = async (sql: Sql): Promise<readonly RecallsOf[]> =>
  (await recallsUnanswered(sql)).map(({ recipient, count }) => ({ recipient, count: Number(count) }));

/** Keys at which the fate of content that was sent or read is not known. Reads every key: a second or two of 900,000. */
export const uncertainKeys = async (sql: Sql): Promise<number> => Number((await uncertain(sql))[0]?.count ?? 0);

/** What the broker asks people to do, by its own word for why. */
export const tasksOpen = async (sql: Sql): Promise<readonly OpenTasks[]> =>
  (await openTasks(sql)).map(({ code, reason, count }) => ({ code, reason, count: Number(count) }));
