import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { keysOf } from '../../src/store/keys/keys-of.ts';

const blind = (pool: pg.Pool, numbers: readonly string[]): readonly string[] => numbers.map(keysOf(pool).index.number);

/** Leaves one fan-out row for the persons of the filled plans `from` … `to` (by number): the broker finds it as it finds any. */
export const changePersons = async (pool: pg.Pool, numbers: readonly string[]): Promise<void> => {
  await pool.query(
    `WITH changed AS (UPDATE person SET epoch = epoch + 1 WHERE nhs_number = ANY($1::text[]) RETURNING id)
     INSERT INTO fan_out (persons) SELECT array_agg(id) FROM changed`,
    [blind(pool, numbers)],
  );
};

/** Gives each of these persons' plans new words to be sent: the number that a person raises to have them issued again. */
export const reissue = async (pool: pg.Pool, numbers: readonly string[], number: number): Promise<void> => {
  await pool.query(
    `UPDATE plan p SET version = jsonb_set(version, '{reissue}', to_jsonb($2::integer))
       FROM patient_fact pt JOIN person pe ON pe.id = pt.person_id WHERE pt.patient_id = p.patient_id AND pe.nhs_number = ANY($1::text[])`,
    [blind(pool, numbers), number],
  );
};

/** Makes the keys of these persons due, as a fan-out does. */
export const bump = async (pool: pg.Pool, numbers: readonly string[]): Promise<void> => {
  await pool.query(
    `UPDATE ledger_key k SET generation = generation + 1, look_at = clock_timestamp(), rank = 2
       FROM plan p JOIN patient_fact pt ON pt.patient_id = p.patient_id JOIN person pe ON pe.id = pt.person_id
      WHERE k.plan_id = p.id AND pe.nhs_number = ANY($1::text[])`,
    [blind(pool, numbers)],
  );
};

/** Waits until nothing is due, under way or to be fanned out. Throws after `limitMs`. */
export const untilQuiet = async (pool: pg.Pool, limitMs = 120_000): Promise<void> => {
  const endsAt = performance.now() + limitMs;
  for (;;) {
    const { rows } = await pool.query<{ busy: boolean }>(
      `SELECT EXISTS (SELECT FROM fan_out) OR EXISTS (SELECT FROM ledger_key WHERE look_at <= statement_timestamp() AND look_at < 'infinity')
           OR EXISTS (SELECT FROM delivery WHERE outcome = 'open') AS busy`,
    );
    if (rows[0]?.busy === false) return;
    if (performance.now() > endsAt) throw new Error('the broker did not come to rest');
    await sleep(50);
  }
};

/** Has what these persons' keys hold said anew, and waits until all of it is settled: how many a second. Throws where not `all` were accepted. */
export const settledRate = async (pool: pg.Pool, numbers: readonly string[], reissued: number, all: number): Promise<number> => {
  const { rows: before } = await pool.query<{ last: string }>('SELECT coalesce(max(serial), 0) AS last FROM delivery');
  await reissue(pool, numbers, reissued);
  await bump(pool, numbers);
  await untilQuiet(pool);
  const { rows } = await pool.query<{ accepted: string; seconds: string }>(
    `SELECT count(*) FILTER (WHERE outcome = 'accepted') AS accepted, extract(epoch FROM max(settled_at) - min(begun_at)) AS seconds FROM delivery WHERE serial > $1`,
    [before[0]?.last ?? 0],
  );
  if (Number(rows[0]?.accepted) !== all) throw new Error(`${rows[0]?.accepted ?? 0} of ${all} deliveries were accepted`);
  return all / Number(rows[0]?.seconds);
};
