-- What operators count. A generated column changes only when its value does: where it is the same, PostgreSQL writes no index for a new state (HOT), which
-- an index over an expression of `state` would take away from every delivery.
-- When the first recall was begun that nobody has answered yet, in milliseconds since 1970, while content may still lie there.
ALTER TABLE ledger_key ADD COLUMN recall_since double precision GENERATED ALWAYS AS (
  CASE WHEN state->>'recallSince' IS NOT NULL AND jsonb_path_exists(state, '$.copies[*] ? (@.effect != null && @.state == "uncertain")')
       THEN (state->>'recallSince')::double precision END) STORED;
CREATE INDEX ledger_key_recall_since ON ledger_key (recall_since, id) INCLUDE (recipient_id) WHERE recall_since IS NOT NULL;

-- Why the broker raised a Task: one of its own constants. The Task itself is sealed.
CREATE TABLE task_reason (id text PRIMARY KEY, code text NOT NULL, reason text NOT NULL);
