import type pg from 'pg';
import { emptyLedger } from '../../src/decide/attempt.ts';
import { testNumbers } from './nhs-numbers.ts';
import { TEMPLATE_NUMBER } from './template.ts';

/** What is filled. */
export interface Fill {
  /** Persons, each with one consent and one approved plan, from the `from`th test number on. */
  readonly count: number;
  readonly from: number;
  /** Whether the approved words are filled too: deliveries carry them, a flag search does not read them. */
  readonly words: boolean;
  /** Services in whose reach the plans are. */
  readonly reach: readonly string[];
  /** A recipient that has looked each of them up before; null where none has. */
  readonly readBy: string | null;
  /** A destination of a recipient that has an empty, resting key for each of them; null where none has. */
  readonly keysAt: { readonly destination: string; readonly recipient: string } | null;
}

const CHUNK = 20_000;

/** Copies the template's rows, person by person: every column as the broker wrote it, but for ids and numbers. Patients are `bench-[place of the number]`. */
export const fill = async (pool: pg.Pool, { count, from, words, reach, readBy, keysAt }: Fill): Promise<void> => {
  const client = await pool.connect();
  try {
    // Filling is not measured: its commits need not wait for the disk.
    await client.query('SET synchronous_commit = off');
    for (let done = 0; done < count; done += CHUNK) {
      const numbers = testNumbers(Math.min(CHUNK, count - done), from + done);
      await client.query('BEGIN');
      await client.query(
        `CREATE TEMP TABLE filled ON COMMIT DROP AS
         SELECT number, 'bench-' || ($2 + at) AS patient, gen_random_uuid() AS person, gen_random_uuid() AS plan
           FROM unnest($1::text[]) WITH ORDINALITY AS one(number, at)`,
        [numbers, from + done - 1],
      );
      await client.query(COPY_PERSONS);
      await client.query(COPY_PATIENTS, [TEMPLATE_NUMBER]);
      await client.query(COPY_CONSENTS);
      await client.query(COPY_PLANS, [TEMPLATE_NUMBER, reach]);
      if (words) await client.query(COPY_WORDS);
      if (readBy !== null) await client.query(COPY_READS, [TEMPLATE_NUMBER, `pull:${readBy}`]);
      if (keysAt !== null) await client.query(MAKE_KEYS, [keysAt.destination, keysAt.recipient, emptyLedger(1)]);
      await client.query('COMMIT');
    }
    await client.query('RESET synchronous_commit');
    await client.query('VACUUM (ANALYZE) person, patient_fact, consent_fact, plan, approved_version, ledger_key, audit');
  } finally {
    client.release();
  }
};

const COPY_PERSONS = 'INSERT INTO person (id, nhs_number) SELECT person, number FROM filled';
const COPY_PATIENTS = `INSERT INTO patient_fact (patient_id, person_id, owner, facts, disclosed)
  SELECT f.patient, f.person, t.owner, replace(t.facts::text, $1, f.number)::jsonb, replace(t.disclosed::text, $1, f.number)::jsonb
    FROM filled f, patient_fact t WHERE t.patient_id = 'template'`;
const COPY_CONSENTS = `INSERT INTO consent_fact (consent_id, patient_id, facts)
  SELECT 'consent-' || f.patient, f.patient, jsonb_set(t.facts, '{id}', to_jsonb('consent-' || f.patient))
    FROM filled f, consent_fact t WHERE t.consent_id = 'consent'`;
const COPY_PLANS = `INSERT INTO plan (id, publisher, identifier, patient_id, withdrawn, version, reach_recipients, reach_areas)
  SELECT f.plan, t.publisher, t.identifier || $1 || f.number, f.patient, false, jsonb_set(t.version, '{carePlanId}', to_jsonb('plan-' || f.patient)), $2, t.reach_areas
    FROM filled f, plan t WHERE t.patient_id = 'template'`;
const COPY_WORDS = `INSERT INTO approved_version (care_plan_id, composition_id, plan_id, number, approved_at, bytes, hash, provenance_id, projections)
  SELECT 'plan-' || f.patient, 'words-' || f.patient, f.plan, 1, t.approved_at, t.bytes, t.hash, 'signed-' || f.patient, t.projections
    FROM filled f, approved_version t WHERE t.care_plan_id = 'plan'`;

const COPY_READS = `INSERT INTO ledger_key (id, plan_id, destination_id, recipient_id, disclosure_id, generation, observed, look_at, rank, state)
  SELECT gen_random_uuid(), f.plan, t.destination_id, t.recipient_id, disclosure_id(f.plan, t.recipient_id), t.generation, t.observed,
         clock_timestamp() + interval '1 day', t.rank, replace(t.state::text, $1, f.number)::jsonb
    FROM filled f, ledger_key t JOIN plan p ON p.id = t.plan_id AND p.patient_id = 'template' WHERE t.destination_id = $2`;

const MAKE_KEYS = `INSERT INTO ledger_key (id, plan_id, destination_id, recipient_id, disclosure_id, observed, look_at, state)
  SELECT gen_random_uuid(), plan, $1, $2, disclosure_id(plan, $2), 1, 'infinity', $3 FROM filled`;
