-- MESH (nhs.md section 5). Each message of ours that MESH took, by the id that MESH gave it: what it, or its recipient, says of it later is found by that.
-- An attempt of which MESH's answer was lost has none, and is found by its own id (Mex-LocalID).
CREATE TABLE mailbox_message (
  message_id text PRIMARY KEY,
  delivery_id uuid NOT NULL REFERENCES delivery,
  -- Where it was put: an answer comes from there, also when the Endpoint was moved since.
  mailbox text NOT NULL,
  taken_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- When MESH is asked next whether it was taken out of there; null: never again.
  ask_at timestamptz
);
CREATE INDEX mailbox_message_of_delivery ON mailbox_message (delivery_id);
CREATE INDEX mailbox_message_ask ON mailbox_message (ask_at) WHERE ask_at IS NOT NULL;

-- Our own mailbox: when it was last looked into, by whichever process.
CREATE TABLE mailbox (
  mailbox text PRIMARY KEY,
  polled_at timestamptz NOT NULL DEFAULT '-infinity',
  handshake_at timestamptz NOT NULL DEFAULT '-infinity'
);

-- What came into our mailbox, by MESH's id, written before it is acknowledged. What could not be read is kept, sealed, for a person.
CREATE TABLE mailbox_letter (
  message_id text PRIMARY KEY,
  came_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- `answer`, `report`, or why a person has to look.
  what text NOT NULL,
  -- Headers and body under the broker's own key; null where it was understood.
  sealed text
);
