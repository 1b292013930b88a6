-- As in 0004, and for reads that share a transaction too: one that does not wait (`waits` false) answers false where another has
-- a lock or the row that it needs, or where anything has changed, and has written nothing.
DROP FUNCTION begin_read_of_one;
CREATE FUNCTION begin_read_of_one(
  person_id uuid, person_epoch bigint, publisher text, recipient_ods text, pair_epoch bigint, recipient_id text, recipient_epoch bigint,
  until timestamptz, event text, organization text, kind text, caller text, plan_id uuid, key_id uuid, purpose text, headings text[],
  digest text, because text, next_state jsonb, expected_version bigint, waits boolean DEFAULT true, OUT written boolean
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
  INSERT INTO audit (event, organization, kind, caller, person_id, plan_id, key_id, purpose, headings, digest, because, stamp)
  SELECT event, organization, kind, caller, person_id, plan_id, key_id, purpose, headings, digest, because,
         concat_ws('.', person_epoch, pair_epoch, recipient_epoch)
    FROM stands WHERE next_state IS NULL OR EXISTS (SELECT FROM kept);
  written := FOUND;
  IF waits AND NOT written THEN
    RAISE EXCEPTION 'changed' USING ERRCODE = 'serialization_failure';
  END IF;
END $$;

-- Reads of several callers that came at once, in one transaction, each with its own locks, decision, copy and audit row. None waits
-- for another's person: where it would, the answer is false, and it takes a transaction of its own. One commit and one round trip
-- for all of them.
CREATE FUNCTION begin_reads(reads jsonb) RETURNS boolean[] LANGUAGE plpgsql AS $$
DECLARE
  one record;
  done boolean[] := '{}';
BEGIN
  FOR one IN SELECT * FROM jsonb_to_recordset(reads) AS read(
      person uuid, "personEpoch" bigint, publisher text, ods text, "pairEpoch" bigint, recipient text, "recipientEpoch" bigint,
      until double precision, event text, organization text, kind text, caller text, plan uuid, key uuid, purpose text, headings text[],
      digest text, because text, state jsonb, version bigint) LOOP
    IF one.person IS NULL THEN
      INSERT INTO audit (event, organization, kind, caller, because) VALUES (one.event, one.organization, one.kind, one.caller, 'no-such-person');
      done := done || true;
    ELSE
      done := done || begin_read_of_one(
        one.person, one."personEpoch", one.publisher, one.ods, one."pairEpoch", one.recipient, one."recipientEpoch", to_timestamp(one.until / 1000),
        one.event, one.organization, one.kind, one.caller, one.plan, one.key, one.purpose, one.headings, one.digest, one.because,
        one.state, one.version, false);
    END IF;
  END LOOP;
  RETURN done;
END $$;
