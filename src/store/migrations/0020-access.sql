-- Who may come in. `jwks` holds public keys alone, or `jwks_uri` says where they are; a client that is suspended is not found by its keys.
CREATE TABLE access_client (
  id text PRIMARY KEY,
  organization text NOT NULL,
  kind text NOT NULL,
  scopes text[] NOT NULL,
  jwks jsonb,
  jwks_uri text,
  user_audiences text[] NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  suspended_at timestamptz,
  CHECK ((jwks IS NULL) <> (jwks_uri IS NULL))
);

-- Keys that access tokens are signed by. A key that signs no longer keeps its public half until the last of its tokens has run out.
CREATE TABLE signing_key (
  kid text PRIMARY KEY,
  public_jwk jsonb NOT NULL,
  private_jwk text,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  replaced_at timestamptz
);
-- One signs at a time.
CREATE UNIQUE INDEX signing_key_current ON signing_key ((true)) WHERE replaced_at IS NULL;

-- Client assertions that were used, by a hash: each is taken once.
CREATE TABLE used_assertion (
  id text PRIMARY KEY,
  ends_at timestamptz NOT NULL
);
CREATE INDEX used_assertion_ends ON used_assertion (ends_at);

-- Access tokens that were given back before their time.
CREATE TABLE revoked_token (
  jti text PRIMARY KEY,
  ends_at timestamptz NOT NULL
);
CREATE INDEX revoked_token_ends ON revoked_token (ends_at);
