-- FHIR resources as their owners wrote them. `body` is text: what was stored is what is served, byte for byte.
CREATE TABLE resource (
  type text NOT NULL,
  id text NOT NULL,
  version integer NOT NULL,
  owner text NOT NULL,
  updated_at timestamptz NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (type, id)
);
CREATE INDEX resource_newest ON resource (type, updated_at DESC, id DESC);
CREATE INDEX resource_newest_of_owner ON resource (type, owner, updated_at DESC, id DESC);

CREATE TABLE resource_version (
  type text NOT NULL,
  id text NOT NULL,
  version integer NOT NULL,
  owner text NOT NULL,
  updated_at timestamptz NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (type, id, version)
);

-- One row for each value by which a resource can be found: `system|code`, `code`, or `Type/id`.
CREATE TABLE resource_token (
  type text NOT NULL,
  param text NOT NULL,
  token text NOT NULL,
  id text NOT NULL,
  PRIMARY KEY (type, param, token, id)
);
CREATE INDEX resource_token_of ON resource_token (type, id);
