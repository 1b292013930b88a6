-- A conformance conversation with one address of a recipient, about a test person: what was said and answered in each scenario. It holds nobody: the person
-- is made up, and what a recipient writes in its answers is not kept. Whoever holds one has its lease; what was lost in a crash is taken up after it.
CREATE TABLE recipient_check (
  id uuid PRIMARY KEY,
  recipient_id text NOT NULL,
  destination_id text NOT NULL,
  -- What was asked: another address, or another channel, has to be asked again.
  channel text NOT NULL,
  address text NOT NULL,
  asked_by text NOT NULL,
  began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz,
  lease_until timestamptz,
  fence bigint NOT NULL DEFAULT 0,
  -- Scenarios begun: ids and sequences of the test documents are made of it, so that none comes twice.
  runs integer NOT NULL DEFAULT 0,
  -- Ids of test documents that may lie there, written before the wire.
  documents jsonb NOT NULL DEFAULT '[]',
  -- By scenario, in the order in which it was said.
  said jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX recipient_check_destination ON recipient_check (destination_id, began_at DESC);
CREATE UNIQUE INDEX recipient_check_running ON recipient_check (destination_id) WHERE ended_at IS NULL;
CREATE INDEX recipient_check_due ON recipient_check (recipient_id) WHERE ended_at IS NULL;
