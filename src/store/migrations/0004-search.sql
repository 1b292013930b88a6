-- Order of creation, which no update changes: what pages of a search follow.
ALTER TABLE resource ADD COLUMN serial bigint;
UPDATE resource r SET serial = n.serial FROM (
  SELECT v.type, v.id, row_number() OVER (ORDER BY v.updated_at, v.type, v.id) AS serial FROM resource_version v WHERE v.version = 1) n
 WHERE n.type = r.type AND n.id = r.id;
ALTER TABLE resource ALTER COLUMN serial SET NOT NULL;
ALTER TABLE resource ALTER COLUMN serial ADD GENERATED ALWAYS AS IDENTITY;
SELECT setval(pg_get_serial_sequence('resource', 'serial'), coalesce(max(serial), 0) + 1, false) FROM resource;
CREATE UNIQUE INDEX resource_serial ON resource (serial);
CREATE INDEX resource_created ON resource (type, serial);
CREATE INDEX resource_created_of_owner ON resource (type, owner, serial);

-- What a search finds a resource by (src/store/search): one row a value, with its owner before its serial, so that a search among what is one
-- organisation's reads no row of another's. The owner is who wrote it, and of a Task who has it to do. "C" compares bytes: the first letters of a name are a range of the index.
-- The rows of a data folder from before are made at the start (src/store/search/rebuild-index.ts).
DROP TABLE resource_token;
-- Codes, identifiers, references and URIs, as src/store/search/token-text.ts writes them.
CREATE TABLE resource_token (
  type text COLLATE "C" NOT NULL,
  param text COLLATE "C" NOT NULL,
  token text COLLATE "C" NOT NULL,
  owner text COLLATE "C" NOT NULL,
  serial bigint NOT NULL,
  PRIMARY KEY (type, param, token, owner, serial)
);
CREATE INDEX resource_token_of ON resource_token (serial, param);

-- Words in small letters without accents; `exact` as they were written.
CREATE TABLE resource_string (
  type text COLLATE "C" NOT NULL,
  param text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  owner text COLLATE "C" NOT NULL,
  serial bigint NOT NULL,
  exact text COLLATE "C" NOT NULL,
  PRIMARY KEY (type, param, owner, value, serial)
);
CREATE INDEX resource_string_of ON resource_string (serial, param);

-- Spans of time in milliseconds since 1970, the end not included; an open end is a number beyond every date.
CREATE TABLE resource_date (
  type text COLLATE "C" NOT NULL,
  param text COLLATE "C" NOT NULL,
  low bigint NOT NULL,
  high bigint NOT NULL,
  owner text COLLATE "C" NOT NULL,
  serial bigint NOT NULL,
  PRIMARY KEY (type, param, owner, low, high, serial)
);
CREATE INDEX resource_date_high ON resource_date (type, param, owner, high, low, serial);
CREATE INDEX resource_date_of ON resource_date (serial, param);

-- Codes depend on the parameter, and parameters on the type: taken as independent, a search for one status of many is thought to find nothing.
CREATE STATISTICS resource_token_values (mcv) ON type, param, token FROM resource_token;

-- A resource that is deleted is found by nothing.
CREATE FUNCTION forget_search_values() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM resource_token WHERE serial = OLD.serial;
  DELETE FROM resource_string WHERE serial = OLD.serial;
  DELETE FROM resource_date WHERE serial = OLD.serial;
  RETURN NULL;
END $$;
CREATE TRIGGER resource_is_forgotten AFTER DELETE ON resource FOR EACH ROW EXECUTE FUNCTION forget_search_values();

-- By which parameters the rows above were made, and up to where a change of them has come.
CREATE TABLE search_index (single boolean PRIMARY KEY DEFAULT true CHECK (single), made_by text NOT NULL, rebuilding text, done_to bigint NOT NULL DEFAULT 0);

-- The matches of a sorted search, as they were at its first page, for an hour; or a page's token that is too long for a URL. `id` is a
-- hash, and a token is sealed: who has the table has no page.
CREATE TABLE search_page (
  id text PRIMARY KEY,
  owner text NOT NULL,
  serials bigint[] NOT NULL DEFAULT '{}',
  token text,
  ends_at timestamptz NOT NULL
);
CREATE INDEX search_page_ends ON search_page (ends_at);
