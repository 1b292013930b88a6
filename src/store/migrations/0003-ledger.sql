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
);
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
  parcel jsonb,
  repeats uuid,
  -- Number of the notification, in order of `begin`; a retry keeps it.
  event_number bigint,
  outcome text NOT NULL DEFAULT 'open',
  because text,
  settled_at timestamptz
);
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
CREATE TRIGGER audit_never_changes BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- The ledger epoch as this database knows it; the truth stands outside it.
CREATE TABLE ledger_epoch (epoch integer NOT NULL);
INSERT INTO ledger_epoch VALUES (1);

-- Plan ids are random and never leave: what is made of them tells nothing, and is the same each time.
CREATE FUNCTION disclosure_id(plan uuid, recipient text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT encode(substring(sha256(convert_to(plan::text || ' ' || recipient, 'UTF8')) FROM 1 FOR 16), 'hex')::uuid
$$;

-- Policy locks: class 1 a person, 2 a pair of organisations, 3 a recipient; taken in that order, shared to act on facts.
CREATE FUNCTION share_policy_locks(person uuid, publisher text, recipient_ods text, recipient text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(1, hashtext(person::text));
  PERFORM pg_advisory_xact_lock_shared(2, hashtext(publisher || ' ' || recipient_ods));
  PERFORM pg_advisory_xact_lock_shared(3, hashtext(recipient));
END $$;

-- Whether the facts that a decision read still stand, after the locks are held. A new snapshot: each statement here takes its own.
CREATE FUNCTION facts_stand(stamp jsonb) RETURNS boolean LANGUAGE sql VOLATILE AS $$
  SELECT coalesce((SELECT epoch FROM person WHERE id = (stamp->>'person')::uuid), 0) = (stamp->>'personEpoch')::bigint
     AND coalesce((SELECT epoch FROM pair WHERE publisher = stamp->>'publisher' AND recipient_ods = stamp->>'ods'), 0) = (stamp->>'pairEpoch')::bigint
     AND coalesce((SELECT epoch FROM recipient WHERE id = stamp->>'recipient'), 0) = (stamp->>'recipientEpoch')::bigint
$$;

-- The transaction before the wire: shared policy locks, then the clock, the decision again (its facts and its time still
-- stand), then the attempt, its copy and its audit row. Answers null, and writes nothing, when anything has changed; otherwise the
-- number of the notification, 0 on roads that count none.
CREATE FUNCTION begin_delivery(
  key uuid, expected_fence bigint, expected_version bigint, stamp jsonb, until timestamptz, lease interval,
  next_state jsonb, attempt jsonb, parcel jsonb, trail jsonb, locked boolean DEFAULT true, decided boolean DEFAULT true
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  delivery_id uuid := (attempt->>'id')::uuid;
  number bigint := 0;
BEGIN
  IF locked THEN
    PERFORM share_policy_locks((stamp->>'person')::uuid, stamp->>'publisher', stamp->>'ods', stamp->>'recipient');
  END IF;
  IF decided AND (clock_timestamp() >= coalesce(until, 'infinity') OR NOT facts_stand(stamp)) THEN
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
  INSERT INTO delivery (id, key_id, action, epoch, count, begun_at, since, send_before, digest, headings, document_id, parcel, repeats, event_number)
  VALUES (delivery_id, key, attempt->>'action', (attempt->>'epoch')::integer, (attempt->>'count')::bigint,
          to_timestamp((attempt->>'begunAt')::double precision / 1000), to_timestamp((attempt->>'since')::double precision / 1000),
          to_timestamp((attempt->>'sendBefore')::double precision / 1000), attempt->>'digest',
          ARRAY(SELECT jsonb_array_elements_text(attempt->'headings')), attempt->>'documentId', parcel, (attempt->>'repeats')::uuid, nullif(number, 0));
  INSERT INTO audit (event, organization, kind, person_id, plan_id, key_id, delivery_id, purpose, headings, digest, because, stamp)
  VALUES (trail->>'event', trail->>'organization', trail->>'kind', (stamp->>'person')::uuid, (trail->>'plan')::uuid, key, delivery_id,
          trail->>'purpose', ARRAY(SELECT jsonb_array_elements_text(attempt->'headings')), attempt->>'digest', trail->>'because',
          concat_ws('.', stamp->>'personEpoch', stamp->>'pairEpoch', stamp->>'recipientEpoch'));
  RETURN number;
END $$;

-- A read is a delivery: locks, decision and audit row in one transaction, then the bytes. `seen` holds one element for each
-- plan that is shown or refused; an empty one is the refusal of a person who is not there. What has changed raises
-- serialization_failure, and the caller decides again.
CREATE FUNCTION begin_read(trail jsonb, seen jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  one jsonb;
  stamp jsonb;
BEGIN
  FOR one IN SELECT * FROM jsonb_array_elements(seen) LOOP
    stamp := one->'stamp';
    PERFORM share_policy_locks((stamp->>'person')::uuid, stamp->>'publisher', stamp->>'ods', stamp->>'recipient');
  END LOOP;
  FOR one IN SELECT * FROM jsonb_array_elements(seen) LOOP
    stamp := one->'stamp';
    IF clock_timestamp() >= coalesce(to_timestamp((one->>'until')::double precision / 1000), 'infinity') OR NOT facts_stand(stamp) THEN
      RAISE EXCEPTION 'changed' USING ERRCODE = 'serialization_failure';
    END IF;
    IF one ? 'state' THEN
      UPDATE ledger_key k SET state = one->'state', version = k.version + 1,
             look_at = least(k.look_at, coalesce(to_timestamp((one->>'until')::double precision / 1000), clock_timestamp() + interval '1 day'))
       WHERE k.id = (one->>'key')::uuid AND k.version = (one->>'version')::bigint;
      IF NOT FOUND THEN
        RAISE EXCEPTION 'changed' USING ERRCODE = 'serialization_failure';
      END IF;
    END IF;
    INSERT INTO audit (event, organization, kind, caller, person_id, plan_id, key_id, purpose, headings, digest, because, stamp)
    VALUES (trail->>'event', trail->>'organization', trail->>'kind', trail->>'caller', (stamp->>'person')::uuid, (one->>'plan')::uuid,
            (one->>'key')::uuid, one->>'purpose', ARRAY(SELECT jsonb_array_elements_text(one->'headings')), one->>'digest', one->>'because',
            concat_ws('.', stamp->>'personEpoch', stamp->>'pairEpoch', stamp->>'recipientEpoch'));
  END LOOP;
  IF jsonb_array_length(seen) = 0 THEN
    INSERT INTO audit (event, organization, kind, caller, because)
    VALUES (trail->>'event', trail->>'organization', trail->>'kind', trail->>'caller', 'no-such-person');
  END IF;
END $$;
