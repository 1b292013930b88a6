-- By what the broker proves itself at one address of one Endpoint (src/model/credential.ts). `sealed` opens only for this Endpoint, recipient, address
-- and version: a row that was changed or exchanged for another's opens nowhere (src/store/keys/sealed-credential.ts). `shown` holds no secret.
-- `standing`: prepared for an address that the Endpoint does not have yet, in use, or left behind, and kept until nothing lies at that address any more.
CREATE TABLE endpoint_credential (
  destination_id text NOT NULL REFERENCES destination (id),
  address text NOT NULL,
  recipient_id text NOT NULL,
  version uuid NOT NULL,
  shown jsonb NOT NULL,
  sealed text NOT NULL,
  standing text NOT NULL CHECK (standing IN ('prepared', 'in-use', 'left')),
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (destination_id, address)
);
