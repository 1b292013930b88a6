import { type Sql, statement } from '../pool.ts';

/** Figures of all recipients together. No name is among them. */
export interface PaceStates {
  readonly open: number;
  readonly halfOpen: number;
  readonly paused: number;
  /** Updates that a breaker or a pause holds back. */
  readonly held: number;
  /** Keys that are due, those that a pace makes wait among them. */
  readonly due: number;
  /** Keys at which the fate of something sent is not known. */
  readonly uncertain: number;
  /** Seconds since the oldest recall that may be owed came due; 0 where none is. */
  readonly oldestRecall: number;
}

const states = statement<[], Readonly<Record<'open' | 'half_open' | 'paused' | 'held' | 'due' | 'uncertain' | 'oldest_recall', string>>>(
  'pace-states',
  `SELECT (SELECT count(*) FROM pace WHERE breaker = 'open') AS open, (SELECT count(*) FROM pace WHERE breaker = 'half-open') AS half_open,
          (SELECT count(*) FROM pace WHERE paused_at IS NOT NULL) AS paused, (SELECT count(*) FROM ledger_key WHERE held) AS held,
          (SELECT count(*) FROM ledger_key WHERE look_at <= statement_timestamp() AND look_at < 'infinity') AS due,
          (SELECT count(*) FROM ledger_key WHERE state @? '$.copies[*] ? (@.state == "uncertain")') AS uncertain,
          (SELECT coalesce(extract(epoch FROM statement_timestamp() - min(look_at)), 0) FROM ledger_key
            WHERE look_at <= statement_timestamp() AND look_at < 'infinity' AND rank = 0) AS oldest_recall`,
);

/** How deliveries stand, for the metrics. `uncertain` reads every key: not to be asked for more often than once in some seconds. */
export async function paceStates(sql: Sql): Promise<PaceStates> {
  const [row] = await states(sql);
  if (row === undefined) throw new Error('figures were asked for');
  return {
    open: Number(row.open),
    halfOpen: Number(row.half_open),
    paused: Number(row.paused),
    held: Number(row.held),
    due: Number(row.due),
    uncertain: Number(row.uncertain),
    oldestRecall: Number(row.oldest_recall),
  };
}
