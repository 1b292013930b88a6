import type pg from 'pg';
import type { Instant } from '../model/instant.ts';
import type { Ledger, Outcome } from '../model/ledger.ts';
import { inBatches } from './in-batches.ts';
import { statement } from './pool.ts';

/** The outcome of an attempt as it is written down: over the exact version of the row that `begin` left, under its fence. */
export interface Settlement {
  readonly key: string;
  readonly fence: number;
  readonly version: string;
  readonly state: Ledger;
  readonly generation: number;
  readonly lookAt: Instant | null;
  readonly rank: number;
  readonly attempt: string;
  readonly outcome: Outcome['kind'];
  readonly because: string | null;
  /** Id of the Task that tells a person of this key. */
  readonly task: string;
}

/** Whether it was written, and whether a person was ever told of this key. */
export interface Settled {
  readonly kept: boolean;
  readonly raised: boolean;
}

// A fan-out that came meanwhile has said what comes first; otherwise whoever was in an open crisis contact still is.
const RANK = (generation: string, rank: string): string =>
  `CASE WHEN k.generation > ${generation} OR ${rank} = 2 AND k.rank = 1 THEN k.rank ELSE ${rank} END`;
const LOOK_AT = (generation: string, lookAt: string): string =>
  `CASE WHEN k.generation > ${generation} THEN clock_timestamp() ELSE coalesce(to_timestamp(${lookAt}::double precision / 1000), 'infinity') END`;

// A settlement that is lost in a crash of PostgreSQL is found again by its lease: it need not wait for the disk.
const one = statement<[string, number, string, Ledger, number, Instant | null, number, string, string, string | null, string], Settled>(
  'settle-delivery',
  `WITH kept AS (
     UPDATE ledger_key k SET state = $4, version = k.version + 1, open_delivery = NULL, lease_until = NULL, observed = $5,
            rank = ${RANK('$5', '$7')},
            look_at = ${LOOK_AT('$5', '$6')}
      WHERE k.id = $1 AND k.fence = $2 AND k.version = $3 RETURNING k.id),
   done AS (UPDATE delivery SET outcome = $9, because = $10, settled_at = clock_timestamp() WHERE id = $8 AND outcome = 'open' AND EXISTS (SELECT FROM kept))
   SELECT count(*) = 1 AS kept, set_config('synchronous_commit', 'off', true), EXISTS (SELECT FROM resource WHERE type = 'Task' AND id = $11) AS raised
     FROM kept`,
);

// A row that another has is left out, so that no settlement waits for another's key. OFFSET 0 and FOR UPDATE keep it key by key, along indexes.
const together = statement<[string], Settled & { readonly key: string }>(
  'settle-deliveries',
  `WITH free AS MATERIALIZED (
     SELECT told.*, mine.id FROM jsonb_to_recordset($1) AS told(key uuid, fence bigint, version bigint, state jsonb, generation bigint,
            "lookAt" double precision, rank smallint, attempt uuid, outcome text, because text, task text)
      CROSS JOIN LATERAL (SELECT k.id FROM ledger_key k WHERE k.id = told.key AND k.fence = told.fence AND k.version = told.version
                           OFFSET 0 FOR UPDATE SKIP LOCKED) mine),
   kept AS (
     UPDATE ledger_key k SET state = free.state, version = k.version + 1, open_delivery = NULL, lease_until = NULL, observed = free.generation,
            rank = ${RANK('free.generation', 'free.rank')}, look_at = ${LOOK_AT('free.generation', 'free."lookAt"')}
       FROM free WHERE k.id = free.id RETURNING k.id),
   done AS (
     UPDATE delivery d SET outcome = free.outcome, because = free.because, settled_at = clock_timestamp()
       FROM free JOIN kept ON kept.id = free.id WHERE d.id = free.attempt AND d.outcome = 'open')
   SELECT free.key, true AS kept, EXISTS (SELECT FROM resource WHERE type = 'Task' AND id = free.task) AS raised,
          set_config('synchronous_commit', 'off', true)
     FROM free JOIN kept ON kept.id = free.id`,
);

/** Writes outcomes; those that come at once in one transaction. Not kept, and nothing written, when the row is no longer as `begin` left it. */
export const openSettle = (pool: pg.Pool): ((settlement: Settlement) => Promise<Settled>) => {
  const alone = async (it: Settlement): Promise<Settled> => {
    const { key, fence, version, state, generation, lookAt, rank, attempt, outcome, because, task } = it;
    const [answer] = await one(pool, key, fence, version, state, generation, lookAt, rank, attempt, outcome, because, task);
    return answer ?? { kept: false, raised: false };
  };
  const shared = inBatches<Settlement, Settled | null>(
    async (settlements) => {
      const [only] = settlements;
      if (only !== undefined && settlements.length === 1) return [await alone(only)];
      try {
        const kept = new Map((await together(pool, JSON.stringify(settlements))).map((row) => [row.key, row]));
        return settlements.map(({ key }) => kept.get(key) ?? null);
      } catch {
        // Nothing was written. Each has its own transaction now, and the one that fails is told there, without the others.
        return settlements.map(() => null);
      }
    },
    { most: 32, atOnce: 1 },
  );
  return async (settlement) => (await shared(settlement)) ?? alone(settlement);
};
