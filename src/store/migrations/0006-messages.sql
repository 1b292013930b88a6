-- Messages that were taken, each once: what came, by its hash alone, and the answer that was given, which holds nothing of the person.
CREATE TABLE message (
  sender text NOT NULL,
  -- Bundle.id; in BaRS with the version of the Bundle, which keeps its id.
  identity text NOT NULL,
  digest text NOT NULL,
  request_id uuid,
  correlation_id uuid,
  encounter_id text NOT NULL REFERENCES contact,
  -- When the sender last changed it: an older one does not take the place of a newer one.
  said_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  answer text NOT NULL,
  PRIMARY KEY (sender, identity),
  UNIQUE (sender, request_id)
);
CREATE INDEX message_contact ON message (encounter_id, said_at DESC);

-- Two services may tell of one contact: the first is the contact, the other says the same. `told_at` says which was first.
ALTER TABLE contact ADD COLUMN told_at timestamptz NOT NULL DEFAULT clock_timestamp();
ALTER TABLE contact ADD COLUMN same_as text REFERENCES contact;
CREATE INDEX contact_identifier ON contact (identifier);

-- The numbers under which others tell of a contact.
CREATE TABLE contact_other_number (
  encounter_id text NOT NULL REFERENCES contact,
  identifier text NOT NULL,
  PRIMARY KEY (identifier, encounter_id)
);
CREATE INDEX contact_other_number_contact ON contact_other_number (encounter_id);
