-- Heads in the order in which they were signed: one process signs at a time, so that a number that is seen has none below it still to come.
ALTER TABLE trail_head ADD COLUMN serial bigint GENERATED ALWAYS AS IDENTITY;
CREATE UNIQUE INDEX trail_head_serial ON trail_head (serial);
-- The last head that a second owner behind an address accepted; the address by its hash.
CREATE TABLE trail_handed (witness text PRIMARY KEY, serial bigint NOT NULL);
