-- Lists of plan flags for matching without a connection (docs/decisions/0065): one for each caller at a time, under a salt that is made of its id and the
-- broker's own secret, so that it lies nowhere.
CREATE TABLE flag_list (
  organization text NOT NULL,
  kind text NOT NULL,
  id uuid NOT NULL,
  until timestamptz NOT NULL,
  -- Who computes what is missing, and until when nobody else does.
  builder uuid,
  lease_until timestamptz,
  -- How often the function was computed for it.
  hashed integer NOT NULL DEFAULT 0,
  PRIMARY KEY (organization, kind)
);

-- What was computed, by the blind index of the number; gone with its list.
CREATE TABLE flag_list_hash (
  list_id uuid NOT NULL,
  number text NOT NULL,
  hash bytea NOT NULL,
  until timestamptz NOT NULL,
  PRIMARY KEY (list_id, number)
);
CREATE INDEX flag_list_hash_until ON flag_list_hash (until);

-- Whom a list named, to whom, and until when they may hold that.
CREATE TABLE flag_listed (
  list_id uuid NOT NULL,
  plan_id uuid NOT NULL REFERENCES plan,
  number text NOT NULL,
  recipient_id text NOT NULL,
  until timestamptz NOT NULL,
  PRIMARY KEY (list_id, plan_id, number)
);
CREATE INDEX flag_listed_plan ON flag_listed (plan_id, recipient_id);
CREATE INDEX flag_listed_until ON flag_listed (until);

-- Puts plans on a list: locks, the decision again, and a row of the trail for each, before any byte of it leaves. What is on it already is on record.
-- What has changed raises serialization_failure.
CREATE FUNCTION begin_flag_list(trail jsonb, list uuid, ends timestamptz, seen jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  one jsonb;
  stamp jsonb;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(class, hash) FROM (
    SELECT DISTINCT 1 AS class, hashtext(s->>'person') AS hash FROM (SELECT e->'stamp' AS s FROM jsonb_array_elements(seen) e) persons
    UNION SELECT DISTINCT 2, hashtext((s->>'publisher') || ' ' || (s->>'ods')) FROM (SELECT e->'stamp' AS s FROM jsonb_array_elements(seen) e) pairs
    UNION SELECT DISTINCT 3, hashtext(s->>'recipient') FROM (SELECT e->'stamp' AS s FROM jsonb_array_elements(seen) e) recipients
    ORDER BY 1, 2) locks;
  IF NOT flags_stand(seen) THEN
    RAISE EXCEPTION 'changed' USING ERRCODE = 'serialization_failure';
  END IF;
  -- In one order for everyone: two who ask at once wait for each other's first row, and for no other.
  FOR one IN SELECT e FROM jsonb_array_elements(seen) e ORDER BY e->>'plan', e->>'number' LOOP
    stamp := one->'stamp';
    INSERT INTO flag_listed (list_id, plan_id, number, recipient_id, until)
    VALUES (list, (one->>'plan')::uuid, one->>'number', stamp->>'recipient', ends) ON CONFLICT DO NOTHING;
    IF FOUND THEN
      INSERT INTO audit (event, organization, kind, caller, person_id, plan_id, purpose, headings, about, stamp, decided_by)
      VALUES ('flag-list', trail->>'organization', trail->>'kind', trail->>'caller', (stamp->>'person')::uuid, (one->>'plan')::uuid, one->>'purpose', '{}',
              'Parameters/' || list, concat_ws('.', stamp->>'personEpoch', stamp->>'pairEpoch', stamp->>'recipientEpoch'), one->'decidedBy');
    END IF;
  END LOOP;
END $$;

-- Whether nothing has changed that was decided upon.
CREATE FUNCTION flags_stand(seen jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce(bool_and(
           coalesce((SELECT p.epoch FROM person p WHERE p.id = (s->>'person')::uuid), 0) = (s->>'personEpoch')::bigint
       AND coalesce((SELECT a.epoch FROM pair a WHERE a.publisher = s->>'publisher' AND a.recipient_ods = s->>'ods'), 0) = (s->>'pairEpoch')::bigint
       AND coalesce((SELECT r.epoch FROM recipient r WHERE r.id = s->>'recipient'), 0) = (s->>'recipientEpoch')::bigint), true)
    FROM (SELECT e->'stamp' AS s FROM jsonb_array_elements(seen) e) stamps
$$;

-- One handing out of a list, as it stands at this moment: one snapshot, and a row of the trail, before its bytes leave. Nobody is locked: a list of
-- thousands would hold up everybody's revocation. Whatever was committed before is seen, and what comes after comes second.
CREATE FUNCTION hand_out_flag_list(trail jsonb, list uuid, seen jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO audit (event, organization, kind, caller, about)
  SELECT 'flag-list', trail->>'organization', trail->>'kind', trail->>'caller', 'Parameters/' || list
   WHERE flags_stand(seen) AND EXISTS (SELECT FROM flag_list l WHERE l.id = list AND l.until > clock_timestamp());
  RETURN FOUND;
END $$;
