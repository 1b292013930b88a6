-- Messages of HL7 v2 in enhanced mode by their MSH-10: an application acknowledgement may come long after the message, and over another connection.
-- The ids are the broker's own and name nobody. An answer is its outcome, without the text of the acknowledgement.
CREATE TABLE sent_message (
  control_id text PRIMARY KEY,
  -- The newest attempt that sent it: a retry repeats the id.
  delivery_id uuid NOT NULL REFERENCES delivery ON DELETE CASCADE,
  -- Its place in the parcel.
  position smallint NOT NULL,
  carries boolean NOT NULL,
  recipient_id text NOT NULL,
  address text NOT NULL,
  answer jsonb,
  answered_at timestamptz
);
CREATE INDEX sent_message_delivery ON sent_message (delivery_id, position);
