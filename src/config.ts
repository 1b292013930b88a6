import { Ajv, type ErrorObject } from 'ajv';
import ipaddr from 'ipaddr.js';
import { System } from '../profiles/canonicals.ts';
import { CannotStart } from './model/cannot-start.ts';

/** What the broker was told by its environment: parsed once, in `main.ts` and `cli.ts`, and handed on in parts. Times are in milliseconds. */
export interface Config {
  /** 0 lets the system pick one. */
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  /** Null runs the embedded PostgreSQL in `dataDir`. */
  readonly databaseUrl: string | null;
  /** Null runs BullMQ on PostgreSQL. */
  readonly redisUrl: string | null;
  readonly operatorOds: string;
  /** CIDRs that the outbound address guard lets through. */
  readonly outboundAllow: readonly string[];
  readonly sweepMs: number;
  readonly sendTimeoutMs: number;
  readonly sendBeforeMs: number;
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
  readonly messageLifetimeMs: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly behindProxy: boolean;
  /** Code system of the NHS codes in each error. */
  readonly errorCodeSystem: string;
  /** File of the key-encryption key; null: `key-encryption.key` in `dataDir`. */
  readonly keyFile: string | null;
  /** Files of key-encryption keys that were used before. */
  readonly oldKeyFiles: readonly string[];
}

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
      'Address to listen on. Anything but loopback needs `BEHIND_PROXY=1`, for callers are named by headers that only a trusted proxy may set.',
  },
  DATA_DIR: {
    schema: { type: 'string', pattern: '^[^\\0]+$', default: '.data' },
    rule: 'a folder',
    about: 'Folder of the embedded PostgreSQL and of what is kept outside the database. One broker at a time.',
  },
  DATABASE_URL: {
    schema: { type: 'string', pattern: '^postgres(ql)?://\\S+$' },
    rule: 'a postgres:// address',
    about: 'PostgreSQL 14 or later to use instead of the embedded one.',
  },
  REDIS_URL: {
    schema: { type: 'string', pattern: '^rediss?://\\S+$' },
    rule: 'a redis:// or rediss:// address',
    about: 'Redis 6.2 or later (`maxmemory-policy noeviction`) for the queue, instead of PostgreSQL.',
  },
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
  BACKOFF_MIN_MS: millis(1_000, 10, 'First wait after a failed delivery; it doubles from there.'),
  BACKOFF_MAX_MS: millis(60_000, 10, 'Longest wait between two tries. Not less than `BACKOFF_MIN_MS`.'),
  MESSAGE_LIFETIME_MS: millis(60_000, 0, 'How long a message once sent may still arrive, for recipients that declare no lifetime.'),
  LOG_LEVEL: {
    schema: { type: 'string', enum: ['debug', 'info', 'warn', 'error', 'silent'], default: 'info' },
    rule: 'debug, info, warn, error or silent',
    about: 'Lines of this level and above go to standard error, as JSON.',
  },
  BEHIND_PROXY: {
    schema: { type: 'string', enum: ['0', '1'], default: '0' },
    rule: '0 or 1',
    about: '1: a proxy in front names the callers and strips such headers from outside, so the broker may listen beyond loopback.',
  },
  ERROR_CODE_SYSTEM: {
    schema: { type: 'string', pattern: '^(https?://|urn:)\\S+$', default: System.httpErrorCodes },
    rule: 'an absolute URI',
    about:
      'Code system of the NHS codes (`REC_BAD_REQUEST`, `REC_NOT_FOUND`, …) in `OperationOutcome.issue.details`. Published examples write it in several ways; systems are case-sensitive.',
  },
  KEY_FILE: {
    schema: { type: 'string', pattern: '^[^\\0]+$' },
    rule: 'a file',
    about:
      'File with the key-encryption key, under which the key of each person is wrapped: 32 bytes, as they are or in base64 (`openssl rand -base64 32`), readable by its owner (and group) alone. Without it the broker makes and uses `key-encryption.key` in `DATA_DIR`; every process on one database needs the same.',
  },
  KEY_FILE_OLD: {
    schema: { type: 'string', default: '' },
    rule: 'files with commas between',
    about: 'Files of earlier key-encryption keys, with commas between, until `npm run -s broker -- keys rewrap` has been run.',
  },
} as const satisfies Readonly<Record<string, Setting>>;

type Name = keyof typeof SETTINGS;

/** The environment as ajv leaves it: coerced, with defaults. */
interface Parsed {
  readonly PORT: number;
  readonly HOST: string;
  readonly DATA_DIR: string;
  readonly DATABASE_URL?: string;
  readonly REDIS_URL?: string;
  readonly OPERATOR_ODS: string;
  readonly OUTBOUND_ALLOW: string;
  readonly SWEEP_MS: number;
  readonly SEND_TIMEOUT_MS: number;
  readonly SEND_BEFORE_MS: number;
  readonly BACKOFF_MIN_MS: number;
  readonly BACKOFF_MAX_MS: number;
  readonly MESSAGE_LIFETIME_MS: number;
  readonly LOG_LEVEL: Config['logLevel'];
  readonly BEHIND_PROXY: '0' | '1';
  readonly ERROR_CODE_SYSTEM: string;
  readonly KEY_FILE?: string;
  readonly KEY_FILE_OLD: string;
}

const names = Object.keys(SETTINGS) as Name[];
const properties = Object.fromEntries(names.map((name) => [name, SETTINGS[name].schema]));
const validate = new Ajv({ coerceTypes: true, useDefaults: true, allErrors: true, strict: true }).compile<Parsed>({
  type: 'object',
  properties,
  required: names.filter((name) => 'default' in SETTINGS[name].schema),
});

const isName = (value: string): value is Name => value in SETTINGS;

const isLoopback = (host: string): boolean => host === 'localhost' || (ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback');

/** "PORT must be …": names the variable and the rule, never the value, which may be a secret. */
const complaints = (errors: readonly ErrorObject[]): readonly string[] => {
  const wrong = new Set(errors.map((error) => error.instancePath.slice(1)).filter(isName));
  return [...wrong].map((name) => `${name} must be ${SETTINGS[name].rule}`);
};

const listOf = (text: string): readonly string[] =>
  text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');

const refuse = (lines: readonly string[]): void => {
  if (lines.length > 0) throw new CannotStart(lines.join('; '));
};

/** Reads the configuration out of an environment; an empty variable counts as not set. Throws CannotStart with one line that names each wrong variable. */
export const parseConfig = (env: Readonly<Record<string, string | undefined>>): Config => {
  const given: unknown = Object.fromEntries(
    names.filter((name) => (env[name] ?? '').trim() !== '').map((name) => [name, env[name]?.trim()]),
  );
  if (!validate(given)) {
    refuse(complaints(validate.errors ?? []));
    throw new CannotStart('the environment cannot be read');
  }
  const behindProxy = given.BEHIND_PROXY === '1';
  const outboundAllow = listOf(given.OUTBOUND_ALLOW);
  refuse([
    ...(outboundAllow.every((cidr) => ipaddr.isValidCIDR(cidr)) ? [] : [`OUTBOUND_ALLOW must be ${SETTINGS.OUTBOUND_ALLOW.rule}`]),
    ...(given.BACKOFF_MAX_MS >= given.BACKOFF_MIN_MS ? [] : ['BACKOFF_MAX_MS must not be less than BACKOFF_MIN_MS']),
    ...(behindProxy || isLoopback(given.HOST)
      ? []
      : ['HOST must be a loopback address unless BEHIND_PROXY=1 says that a proxy names the callers']),
  ]);
  return {
    port: given.PORT,
    host: given.HOST,
    dataDir: given.DATA_DIR,
    databaseUrl: given.DATABASE_URL ?? null,
    redisUrl: given.REDIS_URL ?? null,
    operatorOds: given.OPERATOR_ODS,
    outboundAllow,
    sweepMs: given.SWEEP_MS,
    sendTimeoutMs: given.SEND_TIMEOUT_MS,
    sendBeforeMs: given.SEND_BEFORE_MS,
    backoffMinMs: given.BACKOFF_MIN_MS,
    backoffMaxMs: given.BACKOFF_MAX_MS,
    messageLifetimeMs: given.MESSAGE_LIFETIME_MS,
    logLevel: given.LOG_LEVEL,
    behindProxy,
    errorCodeSystem: given.ERROR_CODE_SYSTEM,
    keyFile: given.KEY_FILE ?? null,
    oldKeyFiles: listOf(given.KEY_FILE_OLD),
  };
};
