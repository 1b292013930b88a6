import type { Ledger } from '../model/ledger.ts';
import { keysOf } from './keys/keys-of.ts';
import { openState, type SealedLedger } from './keys/sealed-state.ts';
import type { Sql } from './pool.ts';

/** What is believed of one key, without plan text and without any identifier of the person. */
export interface Believed {
  readonly key: string;
  readonly recipient: { readonly ods: string; readonly kind: string; readonly service: string };
  readonly destination: string;
  readonly channel: string;
  /** The id under which the recipient knows the plan. */
  readonly disclosure: string;
  /** The CarePlan version in force; null when there is none. */
  readonly carePlan: string | null;
  readonly generation: number;
  readonly observed: number;
  readonly lookAt: string | null;
  readonly failures: number;
  readonly sequence: string;
  readonly copies: readonly {
    readonly state: 'held' | 'uncertain';
    readonly digest: string | null;
    readonly headings: readonly string[];
    readonly document: string;
    readonly sequence: string;
    readonly againAt: string | null;
    /** Until when the recipient's own message with its answer is waited for; null where none is. */
    readonly answerBy: string | null;
    /** When it has ended there by agreement; left out where none was made. */
    readonly endsAt?: string;
    /** `current` is the person's identifier of today, `former` an older one. */
    readonly identity: 'current' | 'former';
  }[];
  readonly last: { readonly action: string; readonly outcome: string } | null;
}

interface Row {
  readonly id: string;
  readonly ods: string;
  readonly kind: string;
  readonly recipient_id: string;
  readonly destination_id: string;
  readonly channel: string;
  readonly disclosure_id: string;
  readonly care_plan: string | null;
  readonly generation: string;
  readonly observed: string;
  readonly look_at: Date | number;
  readonly state: SealedLedger;
  readonly wrapped: string | null;
  readonly nhs_number: string | null;
}

/** What the ledger believes, key by key; of one key when `key` is given (its id, or a CarePlan's). */
export async function believed(sql: Sql, key: string | null): Promise<readonly Believed[]> {
  const { rows } = await sql.query<Row>(
    `SELECT k.id, r.ods, r.kind, r.id AS recipient_id, k.destination_id, d.facts->>'channel' AS channel, k.disclosure_id,
            p.version->>'carePlanId' AS care_plan, k.generation, k.observed, k.look_at, k.state, pe.nhs_number,
            (SELECT pk.wrapped FROM person_key pk WHERE pk.id = p.patient_id) AS wrapped
       FROM ledger_key k JOIN recipient r ON r.id = k.recipient_id JOIN destination d ON d.id = k.destination_id
       JOIN plan p ON p.id = k.plan_id JOIN patient_fact pt ON pt.patient_id = p.patient_id JOIN person pe ON pe.id = pt.person_id
      WHERE $1::text IS NULL OR k.id::text = $1 OR k.disclosure_id::text = $1
         OR p.id IN (SELECT plan_id FROM approved_version WHERE care_plan_id = $1)
      ORDER BY p.id, r.ods, k.destination_id`,
    [key],
  );
  const keys = keysOf(sql);
  return Promise.all(
    rows.map(async (row) => {
      const key = row.wrapped === null ? null : await keys.keyOf(row.wrapped);
      const state = openState(key, row.id, row.state);
      return toBelieved(row, state, (identity) => keys.index.number(identity) === row.nhs_number);
    }),
  );
}

const toBelieved = (row: Row, state: Ledger, isTheirs: (identity: string) => boolean): Believed => ({
  key: row.id,
  recipient: { ods: row.ods, kind: row.kind, service: row.recipient_id },
  destination: row.destination_id,
  channel: row.channel,
  disclosure: row.disclosure_id,
  carePlan: row.care_plan,
  generation: Number(row.generation),
  observed: Number(row.observed),
  lookAt: row.look_at instanceof Date ? row.look_at.toISOString() : null,
  failures: state.failures,
  sequence: `${state.sequence.epoch}.${state.sequence.count}`,
  copies: state.copies
    .filter((copy) => copy.effect !== null)
    .map((copy) => ({
      state: copy.state,
      digest: copy.effect,
      headings: copy.headings,
      document: copy.documentId,
      sequence: `${copy.sequence.epoch}.${copy.sequence.count}`,
      againAt: copy.againAt === null ? null : new Date(copy.againAt).toISOString(),
      answerBy: copy.answerBy === undefined ? null : new Date(copy.answerBy).toISOString(),
      ...(copy.endsAt === undefined ? {} : { endsAt: new Date(copy.endsAt).toISOString() }),
      identity: copy.place.identity === '-' || isTheirs(copy.place.identity) ? ('current' as const) : ('former' as const),
    })),
  last: state.last === null ? null : { action: state.last.kind, outcome: state.last.outcome },
});
