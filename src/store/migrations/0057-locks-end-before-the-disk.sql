-- A begin gives back its policy locks before it waits for the disk: an ending or a revocation waits for no disk but its own. The
-- attempt is committed without waiting, then a second transaction waits until the log is on disk as far as that: what answers is
-- committed and on disk, as before. A crash between the two loses an attempt of which nothing was sent.
CREATE PROCEDURE begun_on_disk() LANGUAGE plpgsql AS $$
BEGIN
  COMMIT;
  PERFORM pg_logical_emit_message(true, 'begun', '');
END $$;

CREATE PROCEDURE begin_delivery_on_disk(
  key uuid, expected_fence bigint, expected_version bigint, stamp jsonb, until timestamptz, lease interval,
  next_state jsonb, attempt jsonb, parcel json, trail jsonb, locked boolean, decided boolean, waits boolean, INOUT begun bigint
) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  begun := begin_delivery(key, expected_fence, expected_version, stamp, until, lease, next_state, attempt, parcel, trail, locked, decided, waits);
  IF begun IS NOT NULL THEN
    CALL begun_on_disk();
  END IF;
END $$;

CREATE PROCEDURE begin_deliveries_on_disk(begins json, lease interval, INOUT begun bigint[]) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  begun := begin_deliveries(begins, lease);
  IF EXISTS (SELECT FROM unnest(begun) number WHERE number IS NOT NULL) THEN
    CALL begun_on_disk();
  END IF;
END $$;
