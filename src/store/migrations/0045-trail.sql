-- What was changed, where a row tells of a change: `Consent/x/_history/2`.
ALTER TABLE audit ADD COLUMN about text;

-- The chain over the trail: each committed row of `audit` is a leaf of its stream, in order, soon after it was committed. Nothing is added to the
-- insert of the trail itself: that is the hottest there is.
CREATE TABLE trail_link (
  -- `publisher ODS`, or `asker ODS` for what is about no plan.
  stream text NOT NULL,
  number bigint NOT NULL,
  audit_id bigint NOT NULL UNIQUE,
  -- SHA-256 of 0x00, the salt and the row; SHA-256 of the link before and the leaf.
  leaf bytea NOT NULL,
  link bytea NOT NULL,
  PRIMARY KEY (stream, number)
);
-- Apart from the chain: lawful erasure takes the salt away, and nobody can tell any more what the leaf was of. Chain and proofs stay whole.
CREATE TABLE trail_salt (audit_id bigint PRIMARY KEY, salt bytea NOT NULL);
-- Heads that were signed, and the public halves of the keys that signed them.
CREATE TABLE trail_head (
  stream text NOT NULL,
  size bigint NOT NULL,
  root bytea NOT NULL,
  link bytea NOT NULL,
  signed_at timestamptz NOT NULL,
  key_id text NOT NULL,
  signature bytea NOT NULL,
  PRIMARY KEY (stream, size, key_id)
);
CREATE TABLE trail_key (id text PRIMARY KEY, public_key text NOT NULL, first_used_at timestamptz NOT NULL DEFAULT clock_timestamp());
-- Where each stream stands: what can be computed from its links, kept so that the next leaf costs no more than the first.
CREATE TABLE trail_stream (stream text PRIMARY KEY, size bigint NOT NULL, link bytea NOT NULL, frontier bytea[] NOT NULL);
-- Every row up to `final_id` is sealed or will never be there. `watched_id` becomes final once every transaction of its time has ended.
CREATE TABLE trail_cursor (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  final_id bigint NOT NULL DEFAULT 0,
  watched_id bigint NOT NULL DEFAULT 0,
  watched_xid xid8 NOT NULL DEFAULT '0',
  watched_at timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO trail_cursor DEFAULT VALUES;

CREATE TRIGGER trail_link_never_changes BEFORE UPDATE OR DELETE ON trail_link FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER trail_link_never_emptied BEFORE TRUNCATE ON trail_link FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER trail_head_never_changes BEFORE UPDATE OR DELETE ON trail_head FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER trail_head_never_emptied BEFORE TRUNCATE ON trail_head FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A row as it is hashed: what is null is left out, so that a column that comes later changes no leaf; the time is in UTC, whoever asks.
CREATE FUNCTION trail_content(a audit) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT jsonb_strip_nulls(to_jsonb(a) || jsonb_build_object('at', to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')))::text
$$;
