-- The Provenance that signs an approved version never changes (I9): asked for with each write of one.
CREATE UNIQUE INDEX approved_version_provenance ON approved_version (provenance_id);

-- The pages that one caller has kept, the newest first.
CREATE INDEX search_page_of_owner ON search_page (owner, ends_at DESC);
