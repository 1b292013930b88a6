-- Whoever makes a handshake has it for that long: two slices of one recipient make one.
ALTER TABLE destination ADD COLUMN handshake_until timestamptz;
