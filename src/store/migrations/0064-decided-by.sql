-- Which gate decided, what of which consents counted, with their versions and hashes, and which headings were left out (src/model/trail.ts). Of what an
-- older broker wrote it is null, and the leaf of that row stays what it was: `trail_content` leaves out what is null.
ALTER TABLE audit ADD COLUMN decided_by jsonb;

-- Consents that are in force already: the trail has the version and the hash of each that was written since there is one.
UPDATE consent_fact c SET facts = c.facts || jsonb_build_object('version', split_part(noted.about, '/', 4), 'hash', noted.digest)
  FROM patient_fact p CROSS JOIN LATERAL (
    SELECT f.consent_id, a.about, a.digest FROM consent_fact f CROSS JOIN LATERAL (
      SELECT a.about, a.digest FROM audit a
       WHERE a.person_id = p.person_id AND a.event = 'consent' AND split_part(a.about, '/', 2) = f.consent_id ORDER BY a.id DESC LIMIT 1) a
     WHERE f.patient_id = p.patient_id) noted
 WHERE c.consent_id = noted.consent_id;

-- The functions that leave the rows, as they were but for that column.
DROP FUNCTION begin_read_of_one(uuid, bigint, text, text, bigint, text, bigint, timestamptz, text, text, text, text, uuid, uuid, text, text[], text, text,
                                jsonb, bigint, boolean);
CREATE FUNCTION begin_read_of_one(
  person_id uuid, person_epoch bigint, publisher text, recipient_ods text, pair_epoch bigint, recipient_id text, recipient_epoch bigint,
  until timestamptz, event text, organization text, kind text, caller text, plan_id uuid, key_id uuid, purpose text, headings text[],
  digest text, because text, next_state jsonb, expected_version bigint, waits boolean DEFAULT true,
  decided_by jsonb DEFAULT NULL, OUT written boolean
) LANGUAGE plpgsql AS $$
#variable_conflict use_variable
BEGIN
  written := false;
  IF waits THEN
    PERFORM pg_advisory_xact_lock_shared(1, hashtext(person_id::text)),
            pg_advisory_xact_lock_shared(2, hashtext(publisher || ' ' || recipient_ods)),
            pg_advisory_xact_lock_shared(3, hashtext(recipient_id));
  ELSE
    IF NOT (pg_try_advisory_xact_lock_shared(1, hashtext(person_id::text))
        AND pg_try_advisory_xact_lock_shared(2, hashtext(publisher || ' ' || recipient_ods))
        AND pg_try_advisory_xact_lock_shared(3, hashtext(recipient_id))) THEN
      RETURN;
    END IF;
    PERFORM FROM ledger_key k WHERE next_state IS NOT NULL AND k.id = key_id FOR UPDATE SKIP LOCKED;
    IF next_state IS NOT NULL AND NOT FOUND THEN
      RETURN;
    END IF;
  END IF;
  WITH stands AS MATERIALIZED (
    SELECT WHERE clock_timestamp() < coalesce(until, 'infinity')
       AND coalesce((SELECT p.epoch FROM person p WHERE p.id = person_id), 0) = person_epoch
       AND coalesce((SELECT a.epoch FROM pair a WHERE a.publisher = publisher AND a.recipient_ods = recipient_ods), 0) = pair_epoch
       AND coalesce((SELECT r.epoch FROM recipient r WHERE r.id = recipient_id), 0) = recipient_epoch),
  kept AS (
    UPDATE ledger_key k SET state = next_state, version = k.version + 1,
           look_at = least(k.look_at, coalesce(until, clock_timestamp() + interval '1 day'))
      FROM stands WHERE next_state IS NOT NULL AND k.id = key_id AND k.version = expected_version RETURNING k.id)
  INSERT INTO audit (event, organization, kind, caller, person_id, plan_id, key_id, purpose, headings, digest, because, stamp, decided_by)
  SELECT event, organization, kind, caller, person_id, plan_id, key_id, purpose, headings, digest, because,
         concat_ws('.', person_epoch, pair_epoch, recipient_epoch), decided_by
    FROM stands WHERE next_state IS NULL OR EXISTS (SELECT FROM kept);
  written := FOUND;
  IF waits AND NOT written THEN
    RAISE EXCEPTION 'changed' USING ERRCODE = 'serialization_failure';
  END IF;
END $$;

CREATE OR REPLACE FUNCTION begin_read(trail jsonb, seen jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  one jsonb;
  stamp jsonb;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(class, hash) FROM (
    SELECT DISTINCT 1 AS class, hashtext(s->>'person') AS hash FROM (SELECT e->'stamp' AS s FROM jsonb_array_elements(seen) e) persons
    UNION SELECT DISTINCT 2, hashtext((s->>'publisher') || ' ' || (s->>'ods')) FROM (SELECT e->'stamp' AS s FROM jsonb_array_elements(seen) e) pairs
    UNION SELECT DISTINCT 3, hashtext(s->>'recipient') FROM (SELECT e->'stamp' AS s FROM jsonb_array_elements(seen) e) recipients
    ORDER BY 1, 2) locks;
  FOR one IN SELECT * FROM jsonb_array_elements(seen) LOOP
    stamp := one->'stamp';
    PERFORM begin_read_of_one(
      (stamp->>'person')::uuid, (stamp->>'personEpoch')::bigint, stamp->>'publisher', stamp->>'ods', (stamp->>'pairEpoch')::bigint,
      stamp->>'recipient', (stamp->>'recipientEpoch')::bigint, to_timestamp((one->>'until')::double precision / 1000),
      trail->>'event', trail->>'organization', trail->>'kind', trail->>'caller', (one->>'plan')::uuid, (one->>'key')::uuid, one->>'purpose',
      ARRAY(SELECT jsonb_array_elements_text(one->'headings')), one->>'digest', one->>'because', one->'state', (one->>'version')::bigint,
      true, one->'decidedBy');
  END LOOP;
  IF jsonb_array_length(seen) = 0 THEN
    INSERT INTO audit (event, organization, kind, caller, because)
    VALUES (trail->>'event', trail->>'organization', trail->>'kind', trail->>'caller', 'no-such-person');
  END IF;
END $$;

CREATE OR REPLACE FUNCTION begin_reads(reads jsonb) RETURNS boolean[] LANGUAGE plpgsql AS $$
DECLARE
  one record;
  done boolean[] := '{}';
BEGIN
  FOR one IN SELECT * FROM jsonb_to_recordset(reads) AS read(
      person uuid, "personEpoch" bigint, publisher text, ods text, "pairEpoch" bigint, recipient text, "recipientEpoch" bigint,
      until double precision, event text, organization text, kind text, caller text, plan uuid, key uuid, purpose text, headings text[],
      digest text, because text, state jsonb, version bigint, "decidedBy" jsonb) LOOP
    IF one.person IS NULL THEN
      INSERT INTO audit (event, organization, kind, caller, because) VALUES (one.event, one.organization, one.kind, one.caller, 'no-such-person');
      done := done || true;
    ELSE
      done := done || begin_read_of_one(
        one.person, one."personEpoch", one.publisher, one.ods, one."pairEpoch", one.recipient, one."recipientEpoch", to_timestamp(one.until / 1000),
        one.event, one.organization, one.kind, one.caller, one.plan, one.key, one.purpose, one.headings, one.digest, one.because,
        one.state, one.version, false, one."decidedBy");
    END IF;
  END LOOP;
  RETURN done;
END $$;

CREATE OR REPLACE FUNCTION begin_delivery(
  key uuid, expected_fence bigint, expected_version bigint, stamp jsonb, until timestamptz, lease interval,
  next_state jsonb, attempt jsonb, parcel json, trail jsonb, locked boolean DEFAULT true, decided boolean DEFAULT true,
  waits boolean DEFAULT true
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  delivery_id uuid := (attempt->>'id')::uuid;
  person_named uuid := (stamp->>'person')::uuid;
  publisher_named text := stamp->>'publisher';
  ods_named text := stamp->>'ods';
  recipient_named text := stamp->>'recipient';
  number bigint := 0;
BEGIN
  -- One that shares its transaction with others waits for nobody: it answers null where another has a lock or the row that it needs.
  IF NOT waits THEN
    IF NOT (pg_try_advisory_xact_lock_shared(1, hashtext(person_named::text))
        AND pg_try_advisory_xact_lock_shared(2, hashtext(publisher_named || ' ' || ods_named))
        AND pg_try_advisory_xact_lock_shared(3, hashtext(recipient_named))) THEN
      RETURN NULL;
    END IF;
    PERFORM FROM ledger_key k WHERE k.id = key FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
      RETURN NULL;
    END IF;
  ELSIF locked THEN
    PERFORM pg_advisory_xact_lock_shared(1, hashtext(person_named::text)),
            pg_advisory_xact_lock_shared(2, hashtext(publisher_named || ' ' || ods_named)),
            pg_advisory_xact_lock_shared(3, hashtext(recipient_named));
  END IF;
  -- A new snapshot: what was committed before the locks were had is seen.
  IF decided AND (clock_timestamp() >= coalesce(until, 'infinity')
      OR coalesce((SELECT p.epoch FROM person p WHERE p.id = person_named), 0) <> (stamp->>'personEpoch')::bigint
      OR coalesce((SELECT a.epoch FROM pair a WHERE a.publisher = publisher_named AND a.recipient_ods = ods_named), 0) <> (stamp->>'pairEpoch')::bigint
      OR coalesce((SELECT r.epoch FROM recipient r WHERE r.id = recipient_named), 0) <> (stamp->>'recipientEpoch')::bigint) THEN
    RETURN NULL;
  END IF;
  IF NOT locked THEN
    PERFORM pg_sleep(0.002);
  END IF;
  UPDATE ledger_key k
     SET state = next_state, version = k.version + 1, open_delivery = delivery_id, lease_until = clock_timestamp() + lease
   WHERE k.id = key AND k.fence = expected_fence AND k.version = expected_version;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  IF attempt ? 'notifies' THEN
    IF attempt->>'repeats' IS NULL THEN
      UPDATE destination SET events = events + 1 WHERE id = attempt->>'notifies' RETURNING events INTO number;
    ELSE
      SELECT event_number INTO number FROM delivery WHERE id = (attempt->>'repeats')::uuid;
    END IF;
  END IF;
  WITH written AS (
    INSERT INTO delivery (id, key_id, action, epoch, count, begun_at, since, send_before, digest, headings, document_id, parcel, repeats, event_number)
    VALUES (delivery_id, key, attempt->>'action', (attempt->>'epoch')::integer, (attempt->>'count')::bigint,
            to_timestamp((attempt->>'begunAt')::double precision / 1000), to_timestamp((attempt->>'since')::double precision / 1000),
            to_timestamp((attempt->>'sendBefore')::double precision / 1000), attempt->>'digest',
            ARRAY(SELECT jsonb_array_elements_text(attempt->'headings')), attempt->>'documentId', parcel, (attempt->>'repeats')::uuid, nullif(number, 0))
    RETURNING headings)
  INSERT INTO audit (event, organization, kind, person_id, plan_id, key_id, delivery_id, purpose, headings, digest, because, stamp, decided_by)
  SELECT trail->>'event', trail->>'organization', trail->>'kind', person_named, (trail->>'plan')::uuid, key, delivery_id,
         trail->>'purpose', written.headings, attempt->>'digest', trail->>'because',
         concat_ws('.', stamp->>'personEpoch', stamp->>'pairEpoch', stamp->>'recipientEpoch'), trail->'decidedBy'
    FROM written;
  RETURN number;
END $$;

-- This one besides: a look at somebody of whom a trust has a record and no plan is on that trust's trail, too: a row for each such record, which names
-- it in `about`. Where the caller has no service that is switched on, each plan has its row, as a plan without an agreement.
CREATE OR REPLACE FUNCTION begin_emergency(trail jsonb, person_known uuid, because_none text, seen jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  one jsonb;
  stamp jsonb;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(class, hash) FROM (
    SELECT DISTINCT 1 AS class, hashtext(s->>'person') AS hash FROM (SELECT e->'stamp' AS s FROM jsonb_array_elements(seen) e) persons
    UNION SELECT DISTINCT 2, hashtext((s->>'publisher') || ' ' || (s->>'ods')) FROM (SELECT e->'stamp' AS s FROM jsonb_array_elements(seen) e) pairs
    UNION SELECT DISTINCT 3, hashtext(s->>'recipient') FROM (SELECT e->'stamp' AS s FROM jsonb_array_elements(seen) e) recipients
    ORDER BY 1, 2) locks;
  FOR one IN SELECT * FROM jsonb_array_elements(seen) LOOP
    stamp := one->'stamp';
    INSERT INTO audit (event, organization, kind, caller, person_id, plan_id, purpose, headings, digest, because, reason, stamp, decided_by)
    SELECT 'emergency', trail->>'organization', trail->>'kind', trail->>'caller', (stamp->>'person')::uuid, (one->>'plan')::uuid, 'BTG',
           ARRAY(SELECT jsonb_array_elements_text(one->'headings')), one->>'digest', one->>'because', trail->>'reason',
           concat_ws('.', stamp->>'personEpoch', stamp->>'pairEpoch', stamp->>'recipientEpoch'), one->'decidedBy'
     WHERE clock_timestamp() < coalesce(to_timestamp((one->>'until')::double precision / 1000), 'infinity')
       AND coalesce((SELECT p.epoch FROM person p WHERE p.id = (stamp->>'person')::uuid), 0) = (stamp->>'personEpoch')::bigint
       AND coalesce((SELECT a.epoch FROM pair a WHERE a.publisher = stamp->>'publisher' AND a.recipient_ods = stamp->>'ods'), 0) = (stamp->>'pairEpoch')::bigint
       AND coalesce((SELECT r.epoch FROM recipient r WHERE r.id = stamp->>'recipient'), 0) = (stamp->>'recipientEpoch')::bigint;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'changed' USING ERRCODE = 'serialization_failure';
    END IF;
  END LOOP;
  INSERT INTO audit (event, organization, kind, caller, person_id, plan_id, purpose, because, reason, about)
  SELECT 'emergency', trail->>'organization', trail->>'kind', trail->>'caller', person_known, p.id, 'BTG',
         CASE WHEN p.id IS NULL THEN because_none ELSE 'no-agreement' END, trail->>'reason', CASE WHEN p.id IS NULL THEN 'Patient/' || f.patient_id END
    FROM patient_fact f LEFT JOIN plan p ON p.patient_id = f.patient_id
   WHERE f.person_id = person_known AND (p.id IS NULL OR jsonb_array_length(seen) = 0);
  IF NOT FOUND AND jsonb_array_length(seen) = 0 THEN
    INSERT INTO audit (event, organization, kind, caller, person_id, purpose, because, reason)
    VALUES ('emergency', trail->>'organization', trail->>'kind', trail->>'caller', person_known, 'BTG', because_none, trail->>'reason');
  END IF;
END $$;
