import { Code, System } from '../profiles/canonicals.ts';

interface Setting {
  readonly schema: Readonly<Record<string, unknown>>;
  /** What a right value is, to complete "must be …". */
  readonly rule: string;
  readonly about: string;
}

const HOUR_MS = 3_600_000;
const millis = (standard: number, minimum: number, about: string): Setting => ({
  schema: { type: 'integer', minimum, maximum: 24 * HOUR_MS, default: standard },
  rule: `a whole number of milliseconds from ${minimum} to ${24 * HOUR_MS}`,
  about,
});

const file = (about: string): Setting => ({ schema: { type: 'string', pattern: '^[^\\0]+$' }, rule: 'a file', about });
const perMinute = (standard: number, about: string): Setting => ({
  schema: { type: 'integer', minimum: 0, maximum: 1_000_000_000, default: standard },
  rule: 'a whole number from 0 to 1000000000',
  about,
});

/** Every variable of the environment that the broker reads: the table that `docs/configuration.md` is made from. */
export const SETTINGS = {
  PORT: {
    schema: { type: 'integer', minimum: 0, maximum: 65_535, default: 8080 },
    rule: 'a port from 0 to 65535',
    about: 'Port of the FHIR door. 0 picks a free one; the `ready` line tells which.',
  },
  HOST: {
    schema: { type: 'string', pattern: '^[0-9A-Za-z.:_-]+$', default: '127.0.0.1' },
    rule: 'a host name or an address',
    about:
      'Address to listen on. Anything but loopback needs TLS (`TLS_CERT`, `TLS_KEY`) or `BEHIND_PROXY=1`: tokens and plans go over no plain road.',
  },
  PUBLIC_URL: {
    schema: { type: 'string', pattern: '^https?://\\S+$' },
    rule: 'an origin: https://host or https://host:port, or http:// on loopback',
    about:
      'Origin as callers reach the broker: links, `fullUrl`, and issuer and audience of tokens are made from it. Without it `http://HOST:PORT`, and behind a proxy what `X-Forwarded-Host` and `X-Forwarded-Proto` say, which are read in no other case. Processes that share a database behind one name share it.',
  },
  TLS_CERT: file(
    'PEM file of the certificate, those between it and its root after it. With `TLS_KEY` the door speaks TLS 1.2 or later. Read again when it changes.',
  ),
  TLS_KEY: file('PEM file of the private key of `TLS_CERT`, without a passphrase. Read again when it changes.'),
  TLS_CLIENT_CA: file(
    'PEM file of the authorities that sign the certificates of callers. With it nobody gets a word in without one, `/health/*` included: see `HEALTH_PORT`.',
  ),
  HEALTH_PORT: {
    schema: { type: 'integer', minimum: 1, maximum: 65_535 },
    rule: 'a port from 1 to 65535',
    about:
      'Port on 127.0.0.1 that answers `/health/live` and `/health/ready`, and nothing else, over plain HTTP: for health checks beside TLS.',
  },
  METRICS_PORT: {
    schema: { type: 'integer', minimum: 1, maximum: 65_535 },
    rule: 'a port from 1 to 65535',
    about:
      'Port on 127.0.0.1 that answers `/metrics`, `/health/live` and `/health/ready`, and nothing else, over plain HTTP: of the broker, and of each `broker worker`, which has no door. Each process on a machine needs its own.',
  },
  BOARD_PORT: {
    schema: { type: 'integer', minimum: 1, maximum: 65_535 },
    rule: 'a port from 1 to 65535',
    about:
      'Port on 127.0.0.1 at which operators look into the queue with a browser (bull-board, read only). Without it there is none: it asks nobody who they are, so whoever may log in to the machine may look.',
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    schema: { type: 'string', pattern: '^https?://\\S+$' },
    rule: 'an http:// or https:// address without name and password',
    about:
      'OpenTelemetry collector that takes traces by OTLP over HTTP (`/v1/traces` is added). Without it nothing is traced. `OTEL_EXPORTER_OTLP_HEADERS` and the other variables of the official exporter are read by it.',
  },
  OTEL_TRACES_SAMPLER_ARG: {
    schema: { type: 'number', minimum: 0, maximum: 1, default: 1 },
    rule: 'a number from 0 to 1',
    about: 'Share of the traces that begin in the broker. One that a caller began by `traceparent` is traced where the caller says so.',
  },
  MAX_CONNECTIONS: {
    schema: { type: 'integer', minimum: 1, maximum: 1_000_000, default: 10_000 },
    rule: 'a whole number from 1 to 1000000',
    about: 'Connections that are open at once; one more is closed without a word. The system must allow as many files.',
  },
  RATE_PER_MINUTE: perMinute(
    60_000,
    'Requests of one client in a minute, over all processes together; more are answered 429. 0: no limit.',
  ),
  REFUSED_PER_MINUTE: perMinute(
    600,
    'Requests of one address in a minute that may be answered 401 by one process; after them all of its requests that need a caller are answered 429 and nothing of them is checked, until the minute is over. Behind a proxy the address is the last of `X-Forwarded-For`. 0: no limit.',
  ),
  DATA_DIR: {
    schema: { type: 'string', pattern: '^[^\\0]+$', default: '.data' },
    rule: 'a folder',
    about: 'Folder of the embedded PostgreSQL and of what is kept outside the database. One broker at a time.',
  },
  DATABASE_URL: {
    schema: { type: 'string', pattern: '^postgres(ql)?://\\S+$' },
    rule: 'a postgres:// address',
    about:
      'PostgreSQL 14 or later to use instead of the embedded one. Its login owns the tables; the broker runs as `LOGIN_running`, which it makes where it may, or finds there.',
  },
  DATABASE_URL_FILE: file('File that holds `DATABASE_URL`, as Docker and Kubernetes hand over secrets; instead of it.'),
  REDIS_URL: {
    schema: { type: 'string', pattern: '^rediss?://\\S+$' },
    rule: 'a redis:// or rediss:// address',
    about: 'Redis 6.2 or later (`maxmemory-policy noeviction`) for the queue, instead of PostgreSQL.',
  },
  REDIS_URL_FILE: file('File that holds `REDIS_URL`; instead of it.'),
  OPERATOR_ODS: {
    schema: { type: 'string', pattern: '^[A-Z0-9]{1,12}$', default: 'BROKER' },
    rule: 'an ODS code: 1 to 12 capital letters and digits',
    about: 'ODS code of the operator, who alone writes Organization, HealthcareService, Contract, and Endpoints of others.',
  },
  OUTBOUND_ALLOW: {
    schema: { type: 'string', default: '' },
    rule: 'CIDRs with commas between, as 127.0.0.0/8,::1/128',
    about: 'CIDRs, with commas between, that the outbound address guard lets through. Plain `http:` and `mllp:` go only to these.',
  },
  SWEEP_MS: millis(15_000, 100, 'How often due keys are looked for whose nudge was lost.'),
  SEND_TIMEOUT_MS: millis(10_000, 100, 'How long a destination may take to answer.'),
  SEND_BEFORE_MS: millis(5_000, 100, 'How long after the decision a delivery may still be written to the socket.'),
  BACKOFF_MIN_MS: millis(
    1_000,
    10,
    'First wait after a failed delivery; it doubles from there. A recipient in trouble is asked for a recall this often.',
  ),
  BACKOFF_MAX_MS: millis(
    60_000,
    10,
    'Longest wait between two tries, and about the time between two probes of a recipient in trouble. Not less than `BACKOFF_MIN_MS`.',
  ),
  MESSAGE_LIFETIME_MS: millis(60_000, 0, 'How long a message once sent may still arrive, for recipients that declare no lifetime.'),
  FLAG_LIST_MS: millis(
    12 * HOUR_MS,
    60_000,
    'How long a list of plan flags for matching without a connection (`Flag/$list`) may be used. What is on it cannot be called back before.',
  ),
  REQUIRE_CHECK: {
    schema: { type: 'string', enum: ['0', '1'], default: '0' },
    rule: '0 or 1',
    about:
      '1: an Endpoint is made active only once its check has been through (`broker recipient check`, `Endpoint/[id]/$check`) at the address that it has, and, over HL7 v2, with a recall form that is declared. 0: what a check saw still counts, where there was one.',
  },
  LOG_LEVEL: {
    schema: { type: 'string', enum: ['debug', 'info', 'warn', 'error', 'silent'], default: 'info' },
    rule: 'debug, info, warn, error or silent',
    about: 'Lines of this level and above go to standard error, as JSON.',
  },
  BEHIND_PROXY: {
    schema: { type: 'string', enum: ['0', '1'], default: '0' },
    rule: '0 or 1',
    about:
      '1: a proxy in front ends TLS, so the broker may listen beyond loopback without it. The proxy sets `X-Forwarded-For`, `X-Forwarded-Host` and `X-Forwarded-Proto`, and lets none of them in from outside.',
  },
  USER_ISSUERS: {
    schema: { type: 'string', default: '' },
    rule: 'https:// issuers with commas between, each with = and a key file where its keys are in one, and person: before one that is for persons',
    about:
      'Issuers, with commas between, whose id tokens name a user in `X-User-Identity`. `https://issuer` publishes its keys (OIDC Discovery); of `https://issuer=FILE` they are in a JWKS file. Without one nobody can approve a plan. With `person:` before it (`person:https://issuer`) an issuer signs for the persons whose plans they are, as NHS login does, and for nobody else.',
  },
  APPROVAL_POLICY: file(
    'JSON file: what each publisher asks of an approval beyond the guardrails (docs/approval.md). Without one: a registered clinician, and the agreement of the person or a recorded reason and a second clinician.',
  ),
  ERROR_CODE_SYSTEM: {
    schema: { type: 'string', pattern: '^(https?://|urn:)\\S+$', default: System.httpErrorCodes },
    rule: 'an absolute URI',
    about:
      'Code system of the NHS codes (`REC_BAD_REQUEST`, `REC_NOT_FOUND`, …) in `OperationOutcome.issue.details`. Published examples write it in several ways; systems are case-sensitive.',
  },
  NRL_ERROR_CODE_SYSTEM: {
    schema: { type: 'string', pattern: '^(https?://|urn:)\\S+$', default: System.spineError },
    rule: 'an absolute URI',
    about:
      'Code system of the errors that a consumer of NRL pointers gets (`INVALID_NHS_NUMBER`, `ACCESS_DENIED`, …): docs/nrl.md. The sources write it in several ways; systems are case-sensitive.',
  },
  NRL_PRACTICE_SETTING: {
    schema: {
      type: 'string',
      pattern: '^[0-9]{6,18}\\|\\S.*$',
      default: `${Code.adultMentalHealth.code}|${Code.adultMentalHealth.display}`,
    },
    rule: 'a SNOMED CT code, a bar, and its display',
    about: 'Practice setting of each NRL pointer, which has to have one: docs/nrl.md.',
  },
  KEY_FILE: {
    schema: { type: 'string', pattern: '^[^\\0]+$' },
    rule: 'a file',
    about:
      'File with the key-encryption key, under which the key of each person is wrapped: 32 bytes, as they are or in base64 (`openssl rand -base64 32`), readable by its owner (and group) alone. Without it the broker makes and uses `key-encryption.key` in `DATA_DIR`; every process on one database needs the same.',
  },
  TRAIL_KEY_FILE: {
    schema: { type: 'string', pattern: '^[^\\0]+$' },
    rule: 'a file',
    about:
      'File with the Ed25519 private key (PEM) that signs heads of the trail. Without it the broker makes and uses `trail-signing.key` in `DATA_DIR`.',
  },
  TRAIL_WITNESS_FILE: {
    schema: { type: 'string', pattern: '^[^\\0]+$' },
    rule: 'a file',
    about:
      'File to which signed heads of the trail are added: put it where whoever owns the database cannot change it. Without it `trail-heads.jsonl` in `DATA_DIR`.',
  },
  TRAIL_WITNESS_URL: {
    schema: { type: 'string', pattern: '^https?://\\S+$' },
    rule: 'an https:// address without name and password, or an http:// one that OUTBOUND_ALLOW lets through',
    about:
      'Address to which each signed head of the trail is POSTed as JSON, besides the file: of a second owner who is not the owner of the database. What is not answered 2xx is sent again after `TRAIL_HEAD_MS`, in order.',
  },
  TRAIL_HEAD_MS: millis(60_000, 100, 'How often a head of each stream of the trail that grew is signed.'),
  KEY_FILE_OLD: {
    schema: { type: 'string', default: '' },
    rule: 'files with commas between',
    about: 'Files of earlier key-encryption keys, with commas between, until `npm run -s broker -- keys rewrap` has been run.',
  },
  HL7_PORT: {
    schema: { type: 'integer', minimum: 0, maximum: 65_535 },
    rule: 'a port from 0 to 65535',
    about:
      'Port on which HL7 v2 over MLLP is taken: ADT as crisis contacts (docs/hl7v2-contacts.md). Without it there is no such door. 0 picks a free one; the log tells which.',
  },
  HL7_HOST: {
    schema: { type: 'string', pattern: '^[0-9A-Za-z.:_-]+$', default: '127.0.0.1' },
    rule: 'a host name or an address',
    about: 'Address of that door. Anything but loopback needs its TLS, with the certificates of those who send.',
  },
  HL7_TLS_CERT: file(
    'PEM file of its certificate, those between it and its root after it. With `HL7_TLS_KEY` and `HL7_TLS_CLIENT_CA` it speaks MLLP over TLS 1.2 or later, and takes nobody without a certificate. Read again when it changes.',
  ),
  HL7_TLS_KEY: file('PEM file of the private key of `HL7_TLS_CERT`, without a passphrase. Read again when it changes.'),
  HL7_TLS_CLIENT_CA: file(
    'PEM file of the authorities that sign the certificates of those who send. Each certificate is registered besides: `npm run -s broker -- hl7 sender add`.',
  ),
  HL7_FACILITIES: {
    schema: { type: 'string', default: '' },
    rule: 'ODS codes with = and a kind of service each, and commas between, as ZZ2=ed,ZZ3=ambulance',
    about:
      'Facilities (MSH-4) that may send without TLS, each as what kind of service. Whoever reaches the port on this machine may speak for each of them. Not beside TLS: there certificates say who sends.',
  },
  HL7_MAX_FRAME: {
    schema: { type: 'integer', minimum: 1_000, maximum: 100_000_000, default: 1_000_000 },
    rule: 'a whole number from 1000 to 100000000',
    about:
      'Bytes of the longest message; a longer one is answered AE, and its connection closed. Each connection may take twice as much memory.',
  },
  HL7_FRAME_MS: millis(30_000, 100, 'How long a message may take from its first byte to its last, and its sender to take the answer.'),
  HL7_MAX_CONNECTIONS: {
    schema: { type: 'integer', minimum: 1, maximum: 100_000, default: 100 },
    rule: 'a whole number from 1 to 100000',
    about: 'MLLP connections that are open at once; one more is closed without a word.',
  },
  HL7_TEST_MESSAGES: {
    schema: { type: 'string', enum: ['0', '1'], default: '0' },
    rule: '0 or 1',
    about:
      '1: messages with the processing id `T` or `D` (MSH-11) are taken as if they were `P`. Not where plans of persons are: there they are refused with AR 202.',
  },
  EVENT_SIGNAL: {
    schema: { type: 'string', enum: ['off', 'mns'], default: 'off' },
    rule: 'off or mns',
    about:
      '`off`: no event of a plan is told. `mns`: an event service in the shape of the Multicast Notification Service may be registered. The national one has no event of crisis plans (docs/event-signal.md).',
  },
  MESH_URL: {
    schema: { type: 'string', pattern: '^https://\\S+$' },
    rule: 'an https:// address without name, password and query',
    about:
      'Base of the MESH API. With it, and the five that follow, Endpoints of the connection type `mesh` can be active (docs/mesh.md). Without it there is no MESH.',
  },
  MESH_MAILBOX: {
    schema: { type: 'string', pattern: '^[A-Za-z0-9]{3,40}$' },
    rule: 'a mailbox: 3 to 40 letters and digits',
    about: 'The broker’s own mailbox, as the MESH team assigned it.',
  },
  MESH_PASSWORD: { schema: { type: 'string' }, rule: 'a password', about: 'Password of that mailbox.' },
  MESH_PASSWORD_FILE: file('File that holds `MESH_PASSWORD`; instead of it.'),
  MESH_SHARED_KEY: {
    schema: { type: 'string' },
    rule: 'a key',
    about: 'Key of the environment of MESH that requests are signed with (HMAC-SHA256).',
  },
  MESH_SHARED_KEY_FILE: file('File that holds `MESH_SHARED_KEY`; instead of it.'),
  MESH_CERT: file('PEM file of the certificate that MESH is shown. Read at the start.'),
  MESH_KEY: file('PEM file of the private key of `MESH_CERT`, without a passphrase. Read at the start.'),
  MESH_CA: file('PEM file of the authorities by which MESH is known; without it those of the system.'),
  MESH_POLL_MS: millis(
    300_000,
    100,
    'How often the mailbox is looked into. Not less than 300000, as MESH asks, but for a simulator on loopback. Over all processes one looks at a time.',
  ),
  MESH_CHUNK_BYTES: {
    schema: { type: 'integer', minimum: 1_000, maximum: 100_000_000, default: 20_000_000 },
    rule: 'a whole number from 1000 to 100000000',
    about: 'A message of more bytes is sent to MESH in parts of as many.',
  },
} as const satisfies Readonly<Record<string, Setting>>;
