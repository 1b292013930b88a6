-- An emergency look at somebody of whom a trust has a record and no plan names that record in `about` (begin_emergency, in 0064). Rows that name a
-- Patient are those of an emergency, which are few.
CREATE INDEX audit_patient ON audit (about) WHERE event = 'emergency' AND about IS NOT NULL;
