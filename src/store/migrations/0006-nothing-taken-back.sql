-- An approved version is not deleted either (I9: lawful erasure destroys a key, not a row), and TRUNCATE passes row triggers by.
CREATE TRIGGER approved_version_never_goes BEFORE DELETE ON approved_version FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER approved_version_never_emptied BEFORE TRUNCATE ON approved_version FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_never_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A read of plans of several publishers takes its locks in the order of facts: persons, pairs, recipients, each by hash. In the order
-- of its plans it could wait for an agreement between several parties that waits for it.
CREATE OR REPLACE FUNCTION begin_read(trail jsonb, seen jsonb) RETURNS void LANGUAGE plpgsql AS $$
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
    PERFORM begin_read_of_one(
      (stamp->>'person')::uuid, (stamp->>'personEpoch')::bigint, stamp->>'publisher', stamp->>'ods', (stamp->>'pairEpoch')::bigint,
      stamp->>'recipient', (stamp->>'recipientEpoch')::bigint, to_timestamp((one->>'until')::double precision / 1000),
      trail->>'event', trail->>'organization', trail->>'kind', trail->>'caller', (one->>'plan')::uuid, (one->>'key')::uuid, one->>'purpose',
      ARRAY(SELECT jsonb_array_elements_text(one->'headings')), one->>'digest', one->>'because', one->'state', (one->>'version')::bigint);
  END LOOP;
  IF jsonb_array_length(seen) = 0 THEN
    INSERT INTO audit (event, organization, kind, caller, because)
    VALUES (trail->>'event', trail->>'organization', trail->>'kind', trail->>'caller', 'no-such-person');
  END IF;
END $$;
