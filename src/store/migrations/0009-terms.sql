-- Each term of a Contract speaks by itself: its purposes with its headings. Two terms for one pair are two rows.
ALTER TABLE agreement_fact ADD COLUMN term integer NOT NULL DEFAULT 0;
ALTER TABLE agreement_fact DROP CONSTRAINT agreement_fact_pkey;
ALTER TABLE agreement_fact ADD PRIMARY KEY (contract_id, publisher, recipient_ods, recipient_id, term);
