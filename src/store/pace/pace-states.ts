import { type Sql, statement } from '../pool.ts';

/** Figures of all recipients together. No name is among them. */
export interface PaceStates {
  readonly open: number;
  readonly halfOpen: number;
  readonly paused: number;
  /** Updates that a breaker or a pause holds back. */
  readonly held: number;
}

const states = statement<[], Readonly<Record<'open' | 'half_open' | 'paused' | 'held', string>>>(
  'pace-states',
  `SELECT (SELECT count(*) FROM pace WHERE breaker = 'open') AS open, (SELECT count(*) FROM pace WHERE breaker = 'half-open') AS half_open,
          (SELECT count(*) FROM pace WHERE paused_at IS NOT NULL) AS paused, (SELECT count(*) FROM ledger_key WHERE held) AS held`,
);

/** How deliveries stand, for the metrics. */
export async function paceStates(sql: Sql): Promise<PaceStates> {
  const [row] = await states(sql);
  if (row === undefined) throw new Error('figures were asked for');
  return {
    open: Number(row.open),
    halfOpen: Number(row.half_open),
    paused: Number(row.paused),
    held: Number(row.held),
  };
}
