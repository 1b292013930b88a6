-- What a decision reads, in the shapes of src/model. Written in the same transaction as the resource that says it.
-- An epoch changes with each fact under its lock: a decision is valid as long as the epochs that it read are the same.
CREATE TABLE person (
  id uuid PRIMARY KEY,
  nhs_number text,
  epoch bigint NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX person_by_number ON person (nhs_number) WHERE nhs_number IS NOT NULL;

CREATE TABLE patient_fact (
  patient_id text PRIMARY KEY,
  person_id uuid NOT NULL REFERENCES person,
  owner text NOT NULL,
  facts jsonb NOT NULL,
  disclosed jsonb NOT NULL
);
CREATE INDEX patient_fact_person ON patient_fact (person_id);

CREATE TABLE consent_fact (
  consent_id text PRIMARY KEY,
  patient_id text NOT NULL REFERENCES patient_fact,
  facts jsonb NOT NULL
);
CREATE INDEX consent_fact_patient ON consent_fact (patient_id);
-- Consents that speak of somebody who is not registered yet: read again when they are.
CREATE INDEX consent_fact_unresolved ON consent_fact (consent_id) WHERE facts @? '$.provisions[*].actors[*] ? (@.is == "unresolved")';

CREATE TABLE plan (
  id uuid PRIMARY KEY,
  publisher text NOT NULL,
  identifier text NOT NULL,
  patient_id text NOT NULL REFERENCES patient_fact,
  withdrawn boolean NOT NULL DEFAULT false,
  version jsonb,
  reach_recipients text[] NOT NULL DEFAULT '{}',
  reach_areas text[] NOT NULL DEFAULT '{}',
  UNIQUE (publisher, identifier)
);
CREATE INDEX plan_patient ON plan (patient_id);
CREATE INDEX plan_publisher ON plan (publisher, id);
CREATE INDEX plan_reach_recipients ON plan USING gin (reach_recipients);
CREATE INDEX plan_reach_areas ON plan USING gin (reach_areas);

-- An approved version never changes (I9): the signed bytes, and each kind's projection with its words.
CREATE TABLE approved_version (
  care_plan_id text PRIMARY KEY,
  composition_id text NOT NULL UNIQUE,
  plan_id uuid NOT NULL REFERENCES plan,
  number integer NOT NULL,
  approved_at timestamptz NOT NULL,
  bytes text NOT NULL,
  hash text NOT NULL,
  provenance_id text NOT NULL,
  projections jsonb NOT NULL,
  UNIQUE (plan_id, number)
);
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
-- Nor is it deleted (lawful erasure destroys a key, not a row); TRUNCATE passes row triggers by.
CREATE TRIGGER approved_version_never_changes BEFORE UPDATE ON approved_version FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER approved_version_never_goes BEFORE DELETE ON approved_version FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER approved_version_never_emptied BEFORE TRUNCATE ON approved_version FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE recipient (
  id text PRIMARY KEY,
  ods text NOT NULL,
  kind text NOT NULL,
  retains boolean NOT NULL,
  areas text[] NOT NULL,
  active boolean NOT NULL,
  declared jsonb NOT NULL,
  epoch bigint NOT NULL DEFAULT 1
);
CREATE INDEX recipient_principal ON recipient (ods, kind);
CREATE INDEX recipient_areas ON recipient USING gin (areas);

CREATE TABLE destination (
  id text PRIMARY KEY,
  recipient_id text NOT NULL REFERENCES recipient,
  facts jsonb NOT NULL,
  -- How notifications are addressed and counted; null for other channels.
  subscription jsonb,
  events bigint NOT NULL DEFAULT 0,
  handshake_due boolean NOT NULL DEFAULT false,
  -- Whoever makes a handshake has it for that long: two slices of one recipient make one.
  handshake_until timestamptz,
  ends_at timestamptz
);
CREATE INDEX destination_recipient ON destination (recipient_id);
CREATE INDEX destination_handshake ON destination (id) WHERE handshake_due;
CREATE INDEX destination_ends ON destination (ends_at) WHERE ends_at IS NOT NULL;

-- A Contract expanded to pairs. `recipient` is a HealthcareService id, or an ODS code: all services of that organisation.
CREATE TABLE agreement_fact (
  contract_id text NOT NULL,
  publisher text NOT NULL,
  recipient_ods text NOT NULL,
  recipient_id text NOT NULL DEFAULT '',
  facts jsonb NOT NULL,
  -- Each term speaks by itself: its purposes with its headings.
  term integer NOT NULL DEFAULT 0,
  PRIMARY KEY (contract_id, publisher, recipient_ods, recipient_id, term)
);
CREATE INDEX agreement_fact_pair ON agreement_fact (publisher, recipient_ods);

-- One row a pair of organisations: its lock and its epoch.
CREATE TABLE pair (
  publisher text NOT NULL,
  recipient_ods text NOT NULL,
  epoch bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (publisher, recipient_ods)
);

CREATE TABLE contact (
  encounter_id text PRIMARY KEY,
  sender text NOT NULL,
  kind text NOT NULL,
  identifier text NOT NULL,
  nhs_number text,
  patient_id text,
  open boolean NOT NULL,
  ends_at timestamptz,
  UNIQUE (sender, identifier)
);
CREATE INDEX contact_number ON contact (nhs_number, sender) WHERE open;
CREATE INDEX contact_patient ON contact (patient_id, sender) WHERE open;

-- One durable row for each transaction that wrote a fact: whose keys are to be made or bumped.
CREATE TABLE fan_out (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  persons uuid[] NOT NULL DEFAULT '{}',
  pairs text[] NOT NULL DEFAULT '{}',
  recipients text[] NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- The last plan that was done, in order of id.
  cursor uuid
);
