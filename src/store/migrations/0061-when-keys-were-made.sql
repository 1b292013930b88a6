-- Since when an address is one of a plan's: what is said of a past moment names those that were then. Null for those of before, of which nobody knows.
ALTER TABLE ledger_key ADD COLUMN made_at timestamptz;
ALTER TABLE ledger_key ALTER COLUMN made_at SET DEFAULT clock_timestamp();
