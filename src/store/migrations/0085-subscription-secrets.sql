-- When a Subscription was last told anything: a heartbeat is due its period after that, and is one process's.
ALTER TABLE destination ADD COLUMN told_at timestamptz;

-- By what notifications are signed. The newest two are used, so that a subscriber can change from one to the other.
CREATE TABLE subscription_secret (
  version uuid PRIMARY KEY,
  destination_id text NOT NULL,
  sealed text NOT NULL,
  made_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX subscription_secret_destination ON subscription_secret (destination_id, made_at DESC);
