-- Who approved a version, as an issuer of identities signed it: the verified claim, beside the signed bytes and as unchanging as they are. Null
-- for what was approved before there were such claims. The trust's own Provenance says whom the trust names.
ALTER TABLE approved_version ADD COLUMN approved_by jsonb;

-- Which version was in force when a plan was withdrawn, and who did it, as the trail names a user; null where a client did so without one.
CREATE TABLE withdrawal (
  care_plan_id text PRIMARY KEY,
  withdrawn_at timestamptz NOT NULL,
  withdrawn_by text
);
CREATE TRIGGER withdrawal_never_changes BEFORE UPDATE ON withdrawal FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER withdrawal_never_goes BEFORE DELETE ON withdrawal FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER withdrawal_never_emptied BEFORE TRUNCATE ON withdrawal FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
