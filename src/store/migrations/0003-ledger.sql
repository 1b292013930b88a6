-- One row for each (plan, destination). `state` is src/model/ledger.ts Ledger: copies, sequence, last attempt.
CREATE TABLE ledger_key (
  id uuid PRIMARY KEY,
  plan_id uuid NOT NULL REFERENCES plan,
  destination_id text NOT NULL REFERENCES destination,
  recipient_id text NOT NULL,
  -- The id under which this recipient knows the plan, on every road: opaque, its own.
  disclosure_id uuid NOT NULL,
  generation bigint NOT NULL DEFAULT 1,
  observed bigint NOT NULL DEFAULT 0,
  -- When it is to be looked at: now while observed < generation, 'infinity' when nothing is owed by time.
  look_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- 0: a recall may be owed. Only an order of work, never a decision.
  rank smallint NOT NULL DEFAULT 1,
  lease_until timestamptz,
  fence bigint NOT NULL DEFAULT 0,
  -- Changes with `state`: what was read and is written back must be the same.
  version bigint NOT NULL DEFAULT 0,
  open_delivery uuid,
  state jsonb NOT NULL,
  UNIQUE (plan_id, destination_id)
)
-- Room on each page for the new state of its rows, so that no index is written for a read or a delivery that moves no `look_at`.
WITH (fillfactor = 70);
CREATE INDEX ledger_key_due ON ledger_key (recipient_id, rank, look_at);
CREATE INDEX ledger_key_look ON ledger_key (look_at);
CREATE INDEX ledger_key_disclosure ON ledger_key (disclosure_id);
CREATE INDEX ledger_key_destination ON ledger_key (destination_id);

-- One row for each attempt; only its outcome is added later.
CREATE TABLE delivery (
  id uuid PRIMARY KEY,
  key_id uuid NOT NULL REFERENCES ledger_key,
  serial bigint GENERATED ALWAYS AS IDENTITY,
  action text NOT NULL,
  epoch integer NOT NULL,
  count bigint NOT NULL,
  begun_at timestamptz NOT NULL,
  since timestamptz NOT NULL,
  send_before timestamptz NOT NULL,
  digest text,
  headings text[] NOT NULL,
  document_id text NOT NULL,
  -- Ids and bytes as they go to the wire; null where the attempt repeats those of `repeats`.
  parcel json,
  repeats uuid,
  -- Number of the notification, in order of `begin`; a retry keeps it.
  event_number bigint,
  outcome text NOT NULL DEFAULT 'open',
  because text,
  settled_at timestamptz
);
-- Kept as it was written, and not compressed: of 0.53 ms that PostgreSQL took for `begin` 0.2 went into that (measured).
ALTER TABLE delivery ALTER COLUMN parcel SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX delivery_one_open ON delivery (key_id) WHERE outcome = 'open';
CREATE INDEX delivery_of_key ON delivery (key_id, serial);

-- Committed before the bytes leave. No name, no number: ids of ours only.
CREATE TABLE audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  event text NOT NULL,
  organization text NOT NULL,
  kind text NOT NULL,
  caller text,
  person_id uuid,
  plan_id uuid,
  key_id uuid,
  delivery_id uuid,
  purpose text,
  headings text[],
  digest text,
  because text,
  -- The exact facts that decided: epochs of person, pair and recipient.
  stamp text
);
CREATE INDEX audit_person ON audit (person_id, id);
CREATE INDEX audit_key ON audit (key_id, id);
CREATE TRIGGER audit_never_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_never_changes BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- The ledger epoch as this database knows it; the truth stands outside it.
CREATE TABLE ledger_epoch (epoch integer NOT NULL);
INSERT INTO ledger_epoch VALUES (1);
-- Attempts on file that this database had forgotten and was told of once: the next start does not take them for another restore.
CREATE TABLE replayed_attempt (id uuid PRIMARY KEY);

-- Plan ids are random and never leave: what is made of them tells nothing, and is the same each time.
CREATE FUNCTION disclosure_id(plan uuid, recipient text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT encode(substring(sha256(convert_to(plan::text || ' ' || recipient, 'UTF8')) FROM 1 FOR 16), 'hex')::uuid
$$;

-- Policy locks: class 1 a person, 2 a pair of organisations, 3 a recipient; taken in that order, shared to act on facts
-- (src/store/policy-locks.ts takes the exclusive side). After them each statement of a VOLATILE function has a snapshot of its own.

-- The transaction before the wire: shared policy locks, then the clock, the decision again (its facts and its time still
-- stand), then the attempt, its copy and its audit row. Answers null, and writes nothing, when anything has changed; otherwise the
-- number of the notification, 0 on roads that count none.
CREATE FUNCTION begin_delivery(
  key uuid, expected_fence bigint, expected_version bigint, stamp jsonb, until timestamptz, lease interval,
  next_state jsonb, attempt jsonb, parcel json, trail jsonb, locked boolean DEFAULT true, decided boolean DEFAULT true
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  delivery_id uuid := (attempt->>'id')::uuid;
  person_named uuid := (stamp->>'person')::uuid;
  publisher_named text := stamp->>'publisher';
  ods_named text := stamp->>'ods';
  recipient_named text := stamp->>'recipient';
  number bigint := 0;
BEGIN
  IF locked THEN
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
  INSERT INTO audit (event, organization, kind, person_id, plan_id, key_id, delivery_id, purpose, headings, digest, because, stamp)
  SELECT trail->>'event', trail->>'organization', trail->>'kind', person_named, (trail->>'plan')::uuid, key, delivery_id,
         trail->>'purpose', written.headings, attempt->>'digest', trail->>'because',
         concat_ws('.', stamp->>'personEpoch', stamp->>'pairEpoch', stamp->>'recipientEpoch')
    FROM written;
  RETURN number;
END $$;

-- A read is a delivery: locks, decision and audit row in one transaction, then the bytes. One plan that is shown or refused, in two
-- statements and without JSON on the way: 130 us of PostgreSQL's time instead of 350 (measured). `next_state` is null where the read
-- leaves no copy. What has changed raises serialization_failure, and the caller decides again. One that does not wait (`waits` false)
-- answers false where another has a lock or the row that it needs, or where anything has changed, and has written nothing.
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

-- Plans of several publishers, or none: every lock first, in the order of facts, persons, pairs, recipients, each by hash. In the order
-- of its plans it could wait for an agreement between several parties that waits for it. A person who is not there is an empty list.
CREATE FUNCTION begin_read(trail jsonb, seen jsonb) RETURNS void LANGUAGE plpgsql AS $$
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
      ARRAY(SELECT jsonb_array_elements_text(one->'headings')), one->>'digest', one->>'because', one->'state', (one->>'version')::bigint);
  END LOOP;
  IF jsonb_array_length(seen) = 0 THEN
    INSERT INTO audit (event, organization, kind, caller, because)
    VALUES (trail->>'event', trail->>'organization', trail->>'kind', trail->>'caller', 'no-such-person');
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
