-- One data key for each Patient's record, wrapped by the key-encryption key, which lies outside the database. Lawful erasure destroys a key:
-- its row stays, so that no other is ever made for that id. Two more are the broker's own: `broker:` for what names no Patient of its owner's,
-- `index:` under which numbers and birth dates are compared. No id of a resource has a colon.
CREATE TABLE person_key (
  id text PRIMARY KEY,
  -- Base64; null once it is destroyed.
  wrapped text,
  kek_id text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  destroyed_at timestamptz,
  CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);
CREATE INDEX person_key_destroyed ON person_key (id) WHERE wrapped IS NULL;
CREATE FUNCTION refuse_revival() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.wrapped IS NULL THEN
    RAISE EXCEPTION 'a key that is destroyed stays so' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER person_key_stays_destroyed BEFORE UPDATE OR DELETE ON person_key FOR EACH ROW EXECUTE FUNCTION refuse_revival();

-- Under which key a body is sealed; null for those of types that hold nobody, which lie open.
ALTER TABLE resource ADD COLUMN sealed_by text;
ALTER TABLE resource_version ADD COLUMN sealed_by text;

-- From here on `nhs_number` holds the blind index of the number. A replay after a restore needs the number itself, which may be one that no
-- record says any more.
ALTER TABLE person ADD COLUMN sealed_number text;
COMMENT ON COLUMN person.nhs_number IS 'blind index of the NHS number';
COMMENT ON COLUMN contact.nhs_number IS 'blind index of the NHS number';

-- A match by name begins at the birth date, by its blind index: `disclosed` is sealed.
ALTER TABLE patient_fact ADD COLUMN birth_index text;
DROP INDEX patient_fact_birth_date;
CREATE INDEX patient_fact_birth_index ON patient_fact (birth_index);

-- Whether what lay open before is sealed.
CREATE TABLE sealing (single boolean PRIMARY KEY DEFAULT true CHECK (single), done_at timestamptz NOT NULL DEFAULT clock_timestamp());
