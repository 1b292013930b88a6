-- What a person asked of the publisher of a record of theirs: a correction, or a complaint. Their words stand in the Task, sealed under the key of that
-- record; here is only whose it is, so that nobody else's Task is ever theirs.
CREATE TABLE concern (
  task_id text PRIMARY KEY,
  patient_id text NOT NULL REFERENCES patient_fact,
  raised_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX concern_patient ON concern (patient_id, raised_at);
