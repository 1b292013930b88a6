-- What an agreement says beside what is decided by it, and whom the passing of its review was told to.
CREATE TABLE agreement (
  contract_id text PRIMARY KEY,
  terms jsonb NOT NULL,
  executed boolean NOT NULL,
  publishers text[] NOT NULL,
  -- The review date of which its publishers were told.
  review_told text
);
CREATE INDEX agreement_review ON agreement ((terms->>'reviewDate')) WHERE executed AND review_told IS DISTINCT FROM terms->>'reviewDate';
