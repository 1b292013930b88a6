-- One more argument: a delivery that shares its transaction with others waits for nobody.
DROP FUNCTION begin_delivery(uuid, bigint, bigint, jsonb, timestamptz, interval, jsonb, jsonb, json, jsonb, boolean, boolean);

-- The transaction before the wire: shared policy locks, then the clock, the decision again (its facts and its time still
-- stand), then the attempt, its copy and its audit row. Answers null, and writes nothing, when anything has changed; otherwise the
-- number of the notification, 0 on roads that count none.
CREATE FUNCTION begin_delivery(
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
  INSERT INTO audit (event, organization, kind, person_id, plan_id, key_id, delivery_id, purpose, headings, digest, because, stamp)
  SELECT trail->>'event', trail->>'organization', trail->>'kind', person_named, (trail->>'plan')::uuid, key, delivery_id,
         trail->>'purpose', written.headings, attempt->>'digest', trail->>'because',
         concat_ws('.', stamp->>'personEpoch', stamp->>'pairEpoch', stamp->>'recipientEpoch')
    FROM written;
  RETURN number;
END $$;

-- Several deliveries that begin at the same moment, in one transaction, each as above and waiting for nobody. One commit, one wait for
-- the disk and one round trip for all of them.
CREATE FUNCTION begin_deliveries(begins json, lease interval) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
  one record;
  begun bigint[] := '{}';
BEGIN
  FOR one IN SELECT * FROM json_to_recordset(begins) AS b(
      key uuid, fence bigint, version bigint, stamp jsonb, until double precision, state jsonb, attempt jsonb, parcel json, trail jsonb) LOOP
    begun := begun || begin_delivery(one.key, one.fence, one.version, one.stamp, to_timestamp(one.until / 1000), lease, one.state,
                                     one.attempt, one.parcel, one.trail, true, true, false);
  END LOOP;
  RETURN begun;
END $$;
