import { Ajv, type ErrorObject } from 'ajv';
import ipaddr from 'ipaddr.js';
import { System } from '../profiles/canonicals.ts';
import { CannotStart } from './model/cannot-start.ts';
import { withSecretFiles } from './secret-files.ts';

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
  /** Origin as callers reach the broker; null where each request tells. */
  readonly publicUrl: string | null;
  /** PEM files; null listens without TLS. `clientCa` set asks each caller for a certificate. */
  readonly tls: { readonly cert: string; readonly key: string; readonly clientCa: string | null } | null;
  /** Port on loopback that answers `/health/*` over plain HTTP; null opens none. */
  readonly healthPort: number | null;
  readonly maxConnections: number;
  /** Requests of one client in a minute; 0 is no limit. */
  readonly ratePerMinute: number;
  /** Refused requests of one address in a minute; 0 is no limit. */
  readonly refusedPerMinute: number;
  /** Code system of the NHS codes in each error. */
  readonly errorCodeSystem: string;
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
      'Origin as callers reach the broker: links, `fullUrl`, and issuer and audience of tokens are made from it. Without it each request tells by `Host`, and behind a proxy by `X-Forwarded-Host` and `X-Forwarded-Proto`, which are read in no other case.',
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
    about: 'PostgreSQL 14 or later to use instead of the embedded one.',
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
    about:
      '1: a proxy in front ends TLS, names the callers and strips such headers from outside, so the broker may listen beyond loopback without TLS. The proxy sets `X-Forwarded-For`, `X-Forwarded-Host` and `X-Forwarded-Proto`.',
  },
  ERROR_CODE_SYSTEM: {
    schema: { type: 'string', pattern: '^(https?://|urn:)\\S+$', default: System.httpErrorCodes },
    rule: 'an absolute URI',
    about:
      'Code system of the NHS codes (`REC_BAD_REQUEST`, `REC_NOT_FOUND`, …) in `OperationOutcome.issue.details`. Published examples write it in several ways; systems are case-sensitive.',
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
  readonly PUBLIC_URL?: string;
  readonly TLS_CERT?: string;
  readonly TLS_KEY?: string;
  readonly TLS_CLIENT_CA?: string;
  readonly HEALTH_PORT?: number;
  readonly MAX_CONNECTIONS: number;
  readonly RATE_PER_MINUTE: number;
  readonly REFUSED_PER_MINUTE: number;
  readonly ERROR_CODE_SYSTEM: string;
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

/** An origin and nothing beside it; over plain HTTP on loopback only. Null where it is none. */
const originOf = (text: string): string | null => {
  if (!URL.canParse(text)) return null;
  const { origin, protocol, hostname } = new URL(text);
  const isSafe = protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname.replace(/^\[|\]$/g, '')));
  return isSafe && text.replace(/\/$/, '').toLowerCase() === origin ? origin : null;
};

/** "PORT must be …": names the variable and the rule, never the value, which may be a secret. */
const complaints = (errors: readonly ErrorObject[]): readonly string[] => {
  const wrong = new Set(errors.map((error) => error.instancePath.slice(1)).filter(isName));
  return [...wrong].map((name) => `${name} must be ${SETTINGS[name].rule}`);
};

const refuse = (lines: readonly string[]): void => {
  if (lines.length > 0) throw new CannotStart(lines.join('; '));
};

/** Reads the configuration out of an environment; an empty variable counts as not set. Throws CannotStart with one line that names each wrong variable. */
export const parseConfig = (env: Readonly<Record<string, string | undefined>>): Config => {
  const set = names.flatMap((name) => ((env[name] ?? '').trim() === '' ? [] : [[name, env[name]?.trim() ?? ''] as const]));
  const given: unknown = withSecretFiles(Object.fromEntries(set));
  if (!validate(given)) {
    refuse(complaints(validate.errors ?? []));
    throw new CannotStart('the environment cannot be read');
  }
  const behindProxy = given.BEHIND_PROXY === '1';
  const { TLS_CERT, TLS_KEY, TLS_CLIENT_CA } = given;
  const hasTls = TLS_CERT !== undefined && TLS_KEY !== undefined;
  const publicUrl = originOf(given.PUBLIC_URL ?? '');
  const outboundAllow = given.OUTBOUND_ALLOW.split(',')
    .map((cidr) => cidr.trim())
    .filter((cidr) => cidr !== '');
  refuse([
    ...(['DATABASE_URL', 'REDIS_URL'] as const)
      .filter((name) => given[name] !== undefined && !URL.canParse(given[name]))
      .map((name) => `${name} must be ${SETTINGS[name].rule}`),
    ...(outboundAllow.every((cidr) => ipaddr.isValidCIDR(cidr)) ? [] : [`OUTBOUND_ALLOW must be ${SETTINGS.OUTBOUND_ALLOW.rule}`]),
    ...(given.BACKOFF_MAX_MS >= given.BACKOFF_MIN_MS ? [] : ['BACKOFF_MAX_MS must not be less than BACKOFF_MIN_MS']),
    ...(behindProxy || hasTls || isLoopback(given.HOST)
      ? []
      : ['HOST must be a loopback address without TLS_CERT and TLS_KEY, unless BEHIND_PROXY=1 says that a proxy ends TLS']),
    ...((TLS_CERT === undefined) === (TLS_KEY === undefined) ? [] : ['TLS_CERT and TLS_KEY must be set together']),
    ...(TLS_CLIENT_CA === undefined || hasTls ? [] : ['TLS_CLIENT_CA must stand beside TLS_CERT and TLS_KEY']),
    ...(given.PUBLIC_URL === undefined || publicUrl !== null ? [] : [`PUBLIC_URL must be ${SETTINGS.PUBLIC_URL.rule}`]),
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
    publicUrl,
    tls: hasTls ? { cert: TLS_CERT, key: TLS_KEY, clientCa: TLS_CLIENT_CA ?? null } : null,
    healthPort: given.HEALTH_PORT ?? null,
    maxConnections: given.MAX_CONNECTIONS,
    ratePerMinute: given.RATE_PER_MINUTE,
    refusedPerMinute: given.REFUSED_PER_MINUTE,
    errorCodeSystem: given.ERROR_CODE_SYSTEM,
  };
};
