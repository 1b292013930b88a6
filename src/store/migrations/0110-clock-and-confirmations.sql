-- As in 0084-subscription-events.sql, but for a number that the subscriber has seen: it answered, if by a refusal. Under that number another event would be
-- taken for this one, and the counter would have gone back before its eyes.
CREATE OR REPLACE FUNCTION give_back_event(told text, key uuid) RETURNS void LANGUAGE sql AS $$
  WITH last AS MATERIALIZED (SELECT d.id, d.events FROM destination d WHERE d.id = told FOR UPDATE),
  gone AS (
    DELETE FROM subscription_event e USING last, delivery d
     WHERE e.subscription_id = last.id AND e.number = last.events AND e.key_id = key AND NOT e.resent AND d.id = e.delivery_id AND d.outcome = 'refused'
       AND NOT EXISTS (SELECT FROM delivery a WHERE a.key_id = key AND a.event_number = e.number AND a.because LIKE 'http-%')
    RETURNING e.number)
  UPDATE destination d SET events = d.events - 1 FROM gone WHERE d.id = told AND d.events = gone.number
$$;

-- What is looked for each second: heartbeats, and ends that have come.
CREATE INDEX destination_heartbeat ON destination (told_at) WHERE facts->'asks' ? 'heartbeat';
DROP INDEX destination_ends;
CREATE INDEX destination_ends ON destination (ends_at) WHERE NOT is_off AND ends_at IS NOT NULL;

-- Confirmations of matches that were presented, each once, to whichever process; gone when they are too old anyway.
CREATE TABLE spent_confirmation (
  nonce text PRIMARY KEY,
  ends_at timestamptz NOT NULL
);
CREATE INDEX spent_confirmation_ends ON spent_confirmation (ends_at);
