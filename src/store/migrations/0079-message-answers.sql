-- Answers to messages of ours that came by a message of their own (delivery.md 3a): which attempt is the first with the ids that each names, what it
-- said, and how often. A row for each word, however often it is said. No person is in it.
CREATE TABLE message_answer (
  delivery_id uuid NOT NULL REFERENCES delivery,
  code text NOT NULL,
  -- `credited`: the ledger believes it; `recorded`: it told nothing that still counts; `contrary`: the opposite had been answered before.
  told text NOT NULL,
  times integer NOT NULL DEFAULT 1,
  first_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (delivery_id, code)
);
