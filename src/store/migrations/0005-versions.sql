-- A resource that was deleted has no row any more; its last version says so, and holds no body.
ALTER TABLE resource_version ADD COLUMN deleted boolean NOT NULL DEFAULT false;
-- History of a type (R4 http, history), newest first, of one owner.
CREATE INDEX resource_version_of_owner ON resource_version (type, owner, updated_at DESC, id DESC, version DESC);
