-- Portions that processes have taken of each client's requests in the minute that ends at `expire` (milliseconds since 1970), as
-- rate-limiter-flexible writes them. Unlogged: what a crash forgets is at most one minute of counting.
CREATE UNLOGGED TABLE rate_limit (
  key varchar(255) PRIMARY KEY,
  points integer NOT NULL DEFAULT 0,
  expire bigint
);
