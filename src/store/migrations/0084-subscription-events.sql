-- What each Subscription was told, or is due to be told, by its number: opaque ids only, and no person (I8). Written in the transaction of `begin`.
CREATE TABLE subscription_event (
  subscription_id text NOT NULL REFERENCES destination,
  number bigint NOT NULL,
  key_id uuid NOT NULL REFERENCES ledger_key ON DELETE CASCADE,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- `changed` or `withdrawn`; never why.
  change text NOT NULL,
  -- Of what was to be told; null for a recall.
  digest text,
  -- Events since the Subscription began, this one included, when it was last begun: a retry says the same.
  since_start bigint NOT NULL,
  -- The first attempt with this number; null where it came due while the Subscription was in error, and nothing was sent.
  delivery_id uuid,
  -- The subscriber has asked for it once more.
  wanted boolean NOT NULL DEFAULT false,
  -- It was sent once more since it was asked for: that it was refused then says nothing of the first time.
  resent boolean NOT NULL DEFAULT false,
  PRIMARY KEY (subscription_id, number)
);
CREATE INDEX subscription_event_of_key ON subscription_event (key_id, number);
CREATE INDEX subscription_event_at ON subscription_event (at);

-- The number of an event. One that was proved not taken is the same event when it is tried again, and so is one that is asked for once more. The row of the
-- destination is locked until the commit: numbers are in the order of begin, without a gap, over any number of workers.
CREATE FUNCTION number_event(told text, key uuid, attempt_id uuid, what text, effect text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  so_far bigint;
  given bigint;
BEGIN
  SELECT d.events INTO so_far FROM destination d WHERE d.id = told FOR UPDATE;
  UPDATE subscription_event e SET delivery_id = attempt_id, change = what, digest = effect, since_start = so_far, resent = e.resent OR e.wanted, wanted = false
   WHERE e.subscription_id = told AND e.number = (
     SELECT s.number FROM subscription_event s LEFT JOIN delivery d ON d.id = s.delivery_id
      WHERE s.subscription_id = told AND s.key_id = key AND (s.wanted OR NOT s.resent AND d.outcome = 'refused' AND NOT EXISTS (
            SELECT FROM subscription_event n WHERE n.key_id = key AND n.subscription_id = told AND n.number > s.number))
      ORDER BY s.wanted DESC, s.number DESC LIMIT 1)
  RETURNING e.number INTO given;
  IF given IS NOT NULL THEN
    RETURN given;
  END IF;
  UPDATE destination SET events = events + 1 WHERE id = told;
  INSERT INTO subscription_event (subscription_id, number, key_id, change, digest, since_start, delivery_id)
  VALUES (told, so_far + 1, key, what, effect, so_far + 1, attempt_id);
  RETURN so_far + 1;
END $$;

-- An event that comes due while its Subscription is in error counts, and nothing is sent (backport IG): no attempt and no copy is made up for it. Once for each
-- effect: whatever wakes the key again.
CREATE FUNCTION count_event_in_error(told text, key uuid, effect text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  so_far bigint;
BEGIN
  SELECT d.events INTO so_far FROM destination d WHERE d.id = told AND NOT (d.facts->>'open')::boolean FOR UPDATE;
  IF so_far IS NULL OR effect IS NOT DISTINCT FROM (
      SELECT coalesce(e.digest, '') FROM subscription_event e WHERE e.key_id = key AND e.subscription_id = told ORDER BY e.number DESC LIMIT 1) THEN
    RETURN false;
  END IF;
  UPDATE destination SET events = events + 1 WHERE id = told;
  INSERT INTO subscription_event (subscription_id, number, key_id, change, digest, since_start) VALUES (told, so_far + 1, key, 'changed', effect, so_far + 1);
  RETURN true;
END $$;

-- What was proved not taken, and is no longer due, was no event: where it has the last number, the next one has it. A gap would tell of what nobody was told of.
CREATE FUNCTION give_back_event(told text, key uuid) RETURNS void LANGUAGE sql AS $$
  WITH last AS MATERIALIZED (SELECT d.id, d.events FROM destination d WHERE d.id = told FOR UPDATE),
  gone AS (
    DELETE FROM subscription_event e USING last, delivery d
     WHERE e.subscription_id = last.id AND e.number = last.events AND e.key_id = key AND NOT e.resent AND d.id = e.delivery_id AND d.outcome = 'refused'
    RETURNING e.number)
  UPDATE destination d SET events = d.events - 1 FROM gone WHERE d.id = told AND d.events = gone.number
$$;

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
      number := number_event(attempt->>'notifies', key, delivery_id, CASE attempt->>'action' WHEN 'recall' THEN 'withdrawn' ELSE 'changed' END, attempt->>'digest');
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
