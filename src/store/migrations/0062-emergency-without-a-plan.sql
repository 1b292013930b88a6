-- An emergency look at somebody of whom a trust has a record and no plan is on that trust's trail, too: a row for each such record, which names it in
-- `about`. Where the caller has no service that is switched on, each plan has its row, as a plan without an agreement.
CREATE OR REPLACE FUNCTION begin_emergency(trail jsonb, person_known uuid, because_none text, seen jsonb) RETURNS void LANGUAGE plpgsql AS $$
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
  INSERT INTO audit (event, organization, kind, caller, person_id, plan_id, purpose, because, reason, about)
  SELECT 'emergency', trail->>'organization', trail->>'kind', trail->>'caller', person_known, p.id, 'BTG',
         CASE WHEN p.id IS NULL THEN because_none ELSE 'no-agreement' END, trail->>'reason', CASE WHEN p.id IS NULL THEN 'Patient/' || f.patient_id END
    FROM patient_fact f LEFT JOIN plan p ON p.patient_id = f.patient_id
   WHERE f.person_id = person_known AND (p.id IS NULL OR jsonb_array_length(seen) = 0);
  IF NOT FOUND AND jsonb_array_length(seen) = 0 THEN
    INSERT INTO audit (event, organization, kind, caller, person_id, purpose, because, reason)
    VALUES ('emergency', trail->>'organization', trail->>'kind', trail->>'caller', person_known, 'BTG', because_none, trail->>'reason');
  END IF;
END $$;
-- Rows that name a Patient are those of an emergency, which are few.
CREATE INDEX audit_patient ON audit (about) WHERE event = 'emergency' AND about IS NOT NULL;
