-- The trail is append-only for the role of a running broker by its grants (src/store/running-role.ts). What sealing and lawful erasure need besides is
-- done by these functions, as their owner, and no more than that.

-- Where a stream stands, as its last link says.
CREATE FUNCTION trail_put_stream(named text, rows_now bigint, link_now bytea, frontier_now bytea[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  PERFORM FROM trail_link l WHERE l.stream = named AND l.number = rows_now AND l.link = link_now;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a stream stands where its last link is';
  END IF;
  INSERT INTO trail_stream (stream, size, link, frontier) VALUES (named, rows_now, link_now, frontier_now)
  ON CONFLICT (stream) DO UPDATE SET size = rows_now, link = link_now, frontier = frontier_now WHERE trail_stream.size < rows_now;
END $$;

-- Moves on where every transaction of the watched time has ended, and every row up to there is sealed; another process may have done so since.
CREATE FUNCTION trail_move_on(watched bigint) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
  UPDATE trail_cursor c
     SET final_id = c.watched_id, watched_id = (SELECT coalesce(max(id), 0) FROM audit), watched_xid = pg_snapshot_xmax(pg_current_snapshot()),
         watched_at = clock_timestamp()
   WHERE c.watched_id = watched AND pg_snapshot_xmin(pg_current_snapshot()) >= c.watched_xid AND c.watched_at < clock_timestamp() - interval '2 seconds'
     AND NOT EXISTS (SELECT FROM audit a WHERE a.id > c.final_id AND a.id <= c.watched_id AND NOT EXISTS (SELECT FROM trail_link l WHERE l.audit_id = a.id))
$$;

-- How far the second owner behind an address is: forward only, and to a head that there is.
CREATE FUNCTION trail_handed_over(owner text, head bigint) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
  INSERT INTO trail_handed AS t (witness, serial) SELECT owner, h.serial FROM trail_head h WHERE h.serial = head
  ON CONFLICT (witness) DO UPDATE SET serial = greatest(t.serial, excluded.serial)
$$;

-- Takes away the salts of the rows of a record's plans, and of emergency looks at a record without one, that are older than its erasure: once its key is destroyed, and the erasure is on record.
CREATE FUNCTION trail_forget(patient text) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  plans uuid[] := ARRAY(SELECT p.id FROM plan p WHERE p.patient_id = patient);
  erased_by bigint := (SELECT max(e.id) FROM audit e JOIN patient_fact f ON f.person_id = e.person_id WHERE f.patient_id = patient AND e.event = 'erase');
  forgotten bigint;
BEGIN
  -- Whoever seals at this moment ends first; afterwards it sees that the key is destroyed, and keeps no salt.
  PERFORM pg_advisory_xact_lock(9, 0);
  PERFORM FROM person_key k WHERE k.id = patient AND k.wrapped IS NULL;
  IF NOT FOUND OR erased_by IS NULL THEN
    RAISE EXCEPTION 'this record was not erased';
  END IF;
  DELETE FROM trail_salt s USING audit a WHERE a.id = s.audit_id AND a.id < erased_by AND a.event <> 'erase'
     AND (a.plan_id = ANY(plans) OR a.plan_id IS NULL AND a.event = 'emergency' AND a.about = 'Patient/' || patient);
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  RETURN forgotten;
END $$;

-- Their names are looked up in this schema and nowhere else, and nobody may call them but whom they are granted to.
DO $$
DECLARE
  one regprocedure;
BEGIN
  FOR one IN SELECT p.oid::regprocedure FROM pg_proc p
      WHERE p.pronamespace = current_schema()::regnamespace AND p.proname IN ('trail_put_stream', 'trail_move_on', 'trail_handed_over', 'trail_forget') LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, %I, pg_temp', one, current_schema());
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', one);
  END LOOP;
END $$;
