import type pg from 'pg';
import { emptyLedger } from '../../src/decide/attempt.ts';
import { testNumbers } from './nhs-numbers.ts';
import { openTemplate, sealedRows } from './sealed-rows.ts';

/** What is filled. */
export interface Fill {
  /** Persons, each with one consent and one approved plan, from the `from`th test number on. */
  readonly count: number;
  readonly from: number;
  /** Whether the approved words are filled too: deliveries carry them, a flag search does not read them. */
  readonly words: boolean;
  /** Services in whose reach the plans are. */
  readonly reach: readonly string[];
  /** A destination where each of them has a key like the template's: of a recipient that has looked it up, or holds it. Null where there is none. */
  readonly likeKeyAt: string | null;
  /** Destinations of recipients that have an empty, resting key for each of them. */
  readonly keysAt: readonly { readonly destination: string; readonly recipient: string }[];
}

/** Persons in one statement; fewer where their words are filled with them. */
const CHUNK = 20_000;
const CHUNK_WITH_WORDS = 2_000;

/**
 * Copies the template's rows, person by person: every column as the broker wrote it, but for ids and numbers, and sealed under a key of each
 * person's own. Patients are `bench-[place of the number]`. The pool has the keys of its database.
 */
export const fill = async (pool: pg.Pool, { count, from, words, reach, likeKeyAt, keysAt }: Fill): Promise<void> => {
  const template = await openTemplate(pool, words, likeKeyAt);
  const chunk = words ? CHUNK_WITH_WORDS : CHUNK;
  const client = await pool.connect();
  try {
    // Filling is not measured: its commits need not wait for the disk.
    await client.query('SET synchronous_commit = off');
    for (let done = 0; done < count; done += chunk) {
      const numbers = testNumbers(Math.min(chunk, count - done), from + done);
      await client.query('BEGIN');
      await client.query(
        `CREATE TEMP TABLE filled ON COMMIT DROP AS SELECT * FROM json_to_recordset($1) AS one(
           patient text, person uuid, plan uuid, blind text, sealed_number text, wrapped text, kek_id text, facts jsonb, disclosed jsonb,
           birth_index text, key_id uuid, state jsonb, bytes text, projections jsonb)`,
        [await sealedRows(client, template, numbers, from + done)],
      );
      await client.query(ADD_KEYS);
      await client.query(ADD_PERSONS);
      await client.query(ADD_PATIENTS);
      await client.query(COPY_CONSENTS);
      await client.query(COPY_PLANS, [reach]);
      if (words) await client.query(ADD_WORDS);
      if (likeKeyAt !== null) await client.query(ADD_LIKE, [likeKeyAt]);
      for (const { destination, recipient } of keysAt) await client.query(MAKE_KEYS, [destination, recipient, emptyLedger(1)]);
      await client.query('COMMIT');
    }
    await client.query('RESET synchronous_commit');
    await client.query('VACUUM (ANALYZE) person, person_key, patient_fact, consent_fact, plan, approved_version, ledger_key, audit');
  } finally {
    client.release();
  }
};

const ADD_KEYS = 'INSERT INTO person_key (id, wrapped, kek_id) SELECT patient, wrapped, kek_id FROM filled';
const ADD_PERSONS = 'INSERT INTO person (id, nhs_number, sealed_number) SELECT person, blind, sealed_number FROM filled';
const ADD_PATIENTS = `INSERT INTO patient_fact (patient_id, person_id, owner, facts, disclosed, birth_index)
  SELECT f.patient, f.person, t.owner, f.facts, f.disclosed, f.birth_index FROM filled f, patient_fact t WHERE t.patient_id = 'template'`;
const COPY_CONSENTS = `INSERT INTO consent_fact (consent_id, patient_id, facts)
  SELECT 'consent-' || f.patient, f.patient, jsonb_set(t.facts, '{id}', to_jsonb('consent-' || f.patient))
    FROM filled f, consent_fact t WHERE t.consent_id = 'consent'`;
const COPY_PLANS = `INSERT INTO plan (id, publisher, identifier, patient_id, withdrawn, version, reach_recipients, reach_areas)
  SELECT f.plan, t.publisher, t.identifier || f.patient, f.patient, false, jsonb_set(t.version, '{carePlanId}', to_jsonb('plan-' || f.patient)), $1, t.reach_areas
    FROM filled f, plan t WHERE t.patient_id = 'template'`;
const ADD_WORDS = `INSERT INTO approved_version (care_plan_id, composition_id, plan_id, number, approved_at, bytes, hash, provenance_id, projections, rules_version)
  SELECT 'plan-' || f.patient, 'words-' || f.patient, f.plan, 1, t.approved_at, f.bytes, t.hash, 'signed-' || f.patient, f.projections, t.rules_version
    FROM filled f, approved_version t WHERE t.care_plan_id = 'plan'`;

const ADD_LIKE = `INSERT INTO ledger_key (id, plan_id, destination_id, recipient_id, disclosure_id, generation, observed, look_at, rank, state)
  SELECT f.key_id, f.plan, t.destination_id, t.recipient_id, disclosure_id(f.plan, t.recipient_id), t.generation, t.observed,
         clock_timestamp() + interval '1 day', t.rank, f.state
    FROM filled f, ledger_key t JOIN plan p ON p.id = t.plan_id AND p.patient_id = 'template' WHERE t.destination_id = $1`;

const MAKE_KEYS = `INSERT INTO ledger_key (id, plan_id, destination_id, recipient_id, disclosure_id, observed, look_at, state)
  SELECT gen_random_uuid(), plan, $1, $2, disclosure_id(plan, $2), 1, 'infinity', $3 FROM filled`;
