-- Who may send HL7 v2 over MLLP: a client certificate, by the SHA-256 of its bytes, and for which facility (MSH-4) and application (MSH-3) it speaks.
CREATE TABLE hl7_sender (
  id text PRIMARY KEY,
  -- ODS code.
  organization text NOT NULL,
  kind text NOT NULL,
  -- Null: any.
  application text,
  fingerprint text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  suspended_at timestamptz
);
CREATE UNIQUE INDEX hl7_sender_one ON hl7_sender (fingerprint, organization, coalesce(application, ''));

-- ADT^A08 tells of details, and not how far a visit is: what was said of that before stands, and what is said of it later but older counts.
ALTER TABLE message ADD COLUMN says text NOT NULL DEFAULT 'all' CHECK (says IN ('all', 'details'));
