-- The reason that was given for emergency access, by its code.
ALTER TABLE audit ADD COLUMN reason text;

-- One asking for emergency access: for whom, by whom, for how long. The caller is answered the same whoever was found, and knows it by its id. It is
-- kept for a day; the trail is what stays.
CREATE TABLE emergency_access (
  id uuid PRIMARY KEY,
  -- Null where nobody is certainly meant.
  person_id uuid,
  organization text NOT NULL,
  kind text NOT NULL,
  caller text NOT NULL,
  asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Both set once a reason was given.
  started_at timestamptz,
  ends_at timestamptz
);
CREATE INDEX emergency_access_caller ON emergency_access (organization, kind, caller, asked_at);
CREATE INDEX emergency_access_age ON emergency_access (asked_at);

-- Emergency access to a person's plans: every lock first, in the order of facts; then of each plan that what was decided upon still stands, and its
-- audit row. Where there is no plan, one row of the person, or of nobody. What has changed raises serialization_failure.
CREATE FUNCTION begin_emergency(trail jsonb, person_known uuid, because_none text, seen jsonb) RETURNS void LANGUAGE plpgsql AS $$
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
    INSERT INTO audit (event, organization, kind, caller, person_id, plan_id, purpose, headings, digest, because, reason, stamp)
    SELECT 'emergency', trail->>'organization', trail->>'kind', trail->>'caller', (stamp->>'person')::uuid, (one->>'plan')::uuid, 'BTG',
           ARRAY(SELECT jsonb_array_elements_text(one->'headings')), one->>'digest', one->>'because', trail->>'reason',
           concat_ws('.', stamp->>'personEpoch', stamp->>'pairEpoch', stamp->>'recipientEpoch')
     WHERE clock_timestamp() < coalesce(to_timestamp((one->>'until')::double precision / 1000), 'infinity')
       AND coalesce((SELECT p.epoch FROM person p WHERE p.id = (stamp->>'person')::uuid), 0) = (stamp->>'personEpoch')::bigint
       AND coalesce((SELECT a.epoch FROM pair a WHERE a.publisher = stamp->>'publisher' AND a.recipient_ods = stamp->>'ods'), 0) = (stamp->>'pairEpoch')::bigint
       AND coalesce((SELECT r.epoch FROM recipient r WHERE r.id = stamp->>'recipient'), 0) = (stamp->>'recipientEpoch')::bigint;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'changed' USING ERRCODE = 'serialization_failure';
    END IF;
  END LOOP;
  IF jsonb_array_length(seen) = 0 THEN
    INSERT INTO audit (event, organization, kind, caller, person_id, purpose, because, reason)
    VALUES ('emergency', trail->>'organization', trail->>'kind', trail->>'caller', person_known, 'BTG', because_none, trail->>'reason');
  END IF;
END $$;
