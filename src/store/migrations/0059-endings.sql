-- Whom an agreement no longer covers, and since when: written under the locks of the pair, in the transaction that ends it, so nothing is begun after
-- `ended_at`. What ends by its date is not here: that date is in agreement_fact.
CREATE TABLE agreement_ending (
  contract_id text NOT NULL,
  publisher text NOT NULL,
  recipient_ods text NOT NULL,
  recipient_id text NOT NULL,
  ended_at timestamptz NOT NULL,
  PRIMARY KEY (contract_id, publisher, recipient_ods, recipient_id)
);

-- Parties of an agreement, those of before included: whoever it no longer covers has copies to give up, and breaches to report.
CREATE VIEW agreement_party AS
  SELECT contract_id, publisher, recipient_ods, recipient_id FROM agreement_fact
  UNION SELECT contract_id, publisher, recipient_ods, recipient_id FROM agreement_ending;

-- What is agreed now.
CREATE VIEW agreement_in_force AS
  SELECT contract_id, publisher, recipient_ods, recipient_id FROM agreement_fact
   WHERE (facts->>'executed')::boolean
     AND coalesce(to_timestamp((facts->'period'->>'start')::double precision / 1000), '-infinity') <= clock_timestamp()
     AND coalesce(to_timestamp((facts->'period'->>'end')::double precision / 1000), 'infinity') > clock_timestamp();

-- Services that an agreement of this publisher covered and does not any more: since when, and whether another agreement is in force meanwhile.
CREATE FUNCTION ended_for(contract text, by_publisher text)
RETURNS TABLE (recipient_id text, ended_at timestamptz, agreed_elsewhere boolean) LANGUAGE sql STABLE AS $$
  WITH gone AS (
    SELECT e.recipient_ods, e.recipient_id, e.ended_at FROM agreement_ending e WHERE e.contract_id = contract AND e.publisher = by_publisher
    UNION ALL
    SELECT a.recipient_ods, a.recipient_id, max(coalesce(to_timestamp((a.facts->'period'->>'end')::double precision / 1000), 'infinity'))
      FROM agreement_fact a WHERE a.contract_id = contract AND a.publisher = by_publisher AND (a.facts->>'executed')::boolean
     GROUP BY a.recipient_ods, a.recipient_id)
  SELECT r.id, max(gone.ended_at), EXISTS (
           SELECT FROM agreement_in_force f WHERE f.publisher = by_publisher AND f.recipient_ods = r.ods AND f.recipient_id IN ('', r.id))
    FROM gone JOIN recipient r ON r.ods = gone.recipient_ods AND gone.recipient_id IN ('', r.id)
   WHERE NOT EXISTS (SELECT FROM agreement_in_force f WHERE f.contract_id = contract AND f.publisher = by_publisher AND f.recipient_ods = r.ods
                        AND f.recipient_id IN ('', r.id))
   GROUP BY r.id, r.ods HAVING max(gone.ended_at) <= clock_timestamp()
$$;
