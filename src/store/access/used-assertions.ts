import { type Sql, statement } from '../pool.ts';

const use = statement<[string, number], { id: string }>(
  'use-assertion',
  // One that ran out gives its place up; of two that come at once one is too late.
  `WITH over AS (DELETE FROM used_assertion WHERE id IN (
     SELECT id FROM used_assertion WHERE ends_at < clock_timestamp() - interval '1 minute' ORDER BY ends_at LIMIT 100 FOR UPDATE SKIP LOCKED))
   INSERT INTO used_assertion (id, ends_at) VALUES ($1, clock_timestamp() + make_interval(secs => $2))
   ON CONFLICT (id) DO NOTHING RETURNING id`,
);

/** Uses a client assertion up for so many seconds; false where somebody has already. */
export const useAssertion = async (sql: Sql, id: string, seconds: number): Promise<boolean> => (await use(sql, id, seconds)).length === 1;
