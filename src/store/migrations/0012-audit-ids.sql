-- The key under which a row's serial becomes the id of its AuditEvent: one block of AES, so that an id tells neither how many rows there are nor
-- which came before. It lies here so that ids stay the same in every process.
CREATE TABLE audit_id_key (key bytea NOT NULL);
INSERT INTO audit_id_key SELECT sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'));

-- The first row of the trail that is not older than a moment, found by halving: serials follow the clock but for moments, so whoever asks leaves
-- a minute's room. An index on the time would be written with each look-up, and the planner takes none for the newest of a day long past.
CREATE FUNCTION audit_serial_at(moment timestamptz) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
  low bigint := (SELECT min(id) FROM audit);
  high bigint := (SELECT max(id) + 1 FROM audit);
  middle bigint;
  one record;
BEGIN
  WHILE low < high LOOP
    middle := low + (high - low) / 2;
    SELECT id, at INTO one FROM audit WHERE id >= middle ORDER BY id LIMIT 1;
    IF one.at < moment THEN
      low := one.id + 1;
    ELSE
      high := middle;
    END IF;
  END LOOP;
  RETURN coalesce(low, 0);
END $$;
