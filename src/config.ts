import { Ajv, type ErrorObject } from 'ajv';
import ipaddr from 'ipaddr.js';
import { issuerOf, isUserIssuer } from './http/access/user-issuers.ts';
import { hl7ConfigOf, type Hl7Config, type Hl7Parsed } from './hl7-config.ts';
import { type MeshConfig, meshConfigOf, type MeshParsed } from './mesh-config.ts';
import { nrlSiteOf, type NrlSite } from './http/nrl/nrl-site.ts';
import { isLoopback } from './loopback.ts';
import { CannotStart } from './model/cannot-start.ts';
import { SETTINGS } from './settings.ts';
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
  /** Whether an Endpoint becomes active only after its check. */
  readonly requireCheck: boolean;
  /** CIDRs that the outbound address guard lets through. */
  readonly outboundAllow: readonly string[];
  readonly sweepMs: number;
  readonly sendTimeoutMs: number;
  readonly sendBeforeMs: number;
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
  readonly messageLifetimeMs: number;
  /** For how long a list of plan flags may be used. */
  readonly flagListMs: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly behindProxy: boolean;
  /** Origin as callers reach the broker; null where each request tells. */
  readonly publicUrl: string | null;
  /** Issuers of identities of users, each with or without a file of keys. */
  readonly userIssuers: readonly string[];
  /** File of the publishers' policies of approval; null for the default. */
  readonly approvalPolicy: string | null;
  /** PEM files; null listens without TLS. `clientCa` set asks each caller for a certificate. */
  readonly tls: { readonly cert: string; readonly key: string; readonly clientCa: string | null } | null;
  /** Port on loopback that answers `/health/*` over plain HTTP; null opens none. */
  readonly healthPort: number | null;
  /** Port on loopback for `/metrics` and `/health/*`; null opens none. */
  readonly metricsPort: number | null;
  /** Port on loopback for the operators' look into the queue; null opens none. */
  readonly boardPort: number | null;
  /** Collector of traces; null traces nothing. */
  readonly otlpEndpoint: string | null;
  /** Share of the traces that begin here, from 0 to 1. */
  readonly traceRatio: number;
  readonly maxConnections: number;
  /** Requests of one client in a minute; 0 is no limit. */
  readonly ratePerMinute: number;
  /** Refused requests of one address in a minute; 0 is no limit. */
  readonly refusedPerMinute: number;
  /** Code system of the NHS codes in each error. */
  readonly errorCodeSystem: string;
  /** Whether events of plans are told to an event service that is registered. */
  readonly eventSignal: boolean;
  /** Errors and practice setting for consumers of NRL pointers. */
  readonly nrl: NrlSite;
  /** File of the key-encryption key; null: `key-encryption.key` in `dataDir`. */
  readonly keyFile: string | null;
  /** File of the key that signs heads of the trail; null: `trail-signing.key` in `dataDir`. */
  readonly trailKeyFile: string | null;
  /** The second owner's file of heads; null: `trail-heads.jsonl` in `dataDir`. */
  readonly trailWitnessFile: string | null;
  /** Where the second owner takes heads over HTTP; null: the file is all. */
  readonly trailWitnessUrl: string | null;
  /** Milliseconds between heads. */
  readonly trailHeadMs: number;
  /** Files of key-encryption keys that were used before. */
  readonly oldKeyFiles: readonly string[];
  /** Null opens no door for HL7 v2. */
  readonly hl7: Hl7Config | null;
  /** Null has no MESH mailbox. */
  readonly mesh: MeshConfig | null;
}

type Name = keyof typeof SETTINGS;

/** The environment as ajv leaves it: coerced, with defaults. */
interface Parsed extends Hl7Parsed, MeshParsed {
  readonly PORT: number;
  readonly HOST: string;
  readonly DATA_DIR: string;
  readonly DATABASE_URL?: string;
  readonly REDIS_URL?: string;
  readonly OPERATOR_ODS: string;
  readonly OUTBOUND_ALLOW: string;
  readonly REQUIRE_CHECK: '0' | '1';
  readonly SWEEP_MS: number;
  readonly SEND_TIMEOUT_MS: number;
  readonly SEND_BEFORE_MS: number;
  readonly BACKOFF_MIN_MS: number;
  readonly BACKOFF_MAX_MS: number;
  readonly MESSAGE_LIFETIME_MS: number;
  readonly FLAG_LIST_MS: number;
  readonly LOG_LEVEL: Config['logLevel'];
  readonly BEHIND_PROXY: '0' | '1';
  readonly PUBLIC_URL?: string;
  readonly USER_ISSUERS: string;
  readonly APPROVAL_POLICY?: string;
  readonly TLS_CERT?: string;
  readonly TLS_KEY?: string;
  readonly TLS_CLIENT_CA?: string;
  readonly HEALTH_PORT?: number;
  readonly METRICS_PORT?: number;
  readonly BOARD_PORT?: number;
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string;
  readonly OTEL_TRACES_SAMPLER_ARG: number;
  readonly MAX_CONNECTIONS: number;
  readonly RATE_PER_MINUTE: number;
  readonly REFUSED_PER_MINUTE: number;
  readonly ERROR_CODE_SYSTEM: string;
  readonly NRL_ERROR_CODE_SYSTEM: string;
  readonly NRL_PRACTICE_SETTING: string;
  readonly KEY_FILE?: string;
  readonly TRAIL_KEY_FILE?: string;
  readonly TRAIL_WITNESS_FILE?: string;
  readonly TRAIL_WITNESS_URL?: string;
  readonly TRAIL_HEAD_MS: number;
  readonly KEY_FILE_OLD: string;
  readonly EVENT_SIGNAL: 'off' | 'mns';
}

const names = Object.keys(SETTINGS) as Name[];
const properties = Object.fromEntries(names.map((name) => [name, SETTINGS[name].schema]));
const validate = new Ajv({ coerceTypes: true, useDefaults: true, allErrors: true, strict: true }).compile<Parsed>({
  type: 'object',
  properties,
  required: names.filter((name) => 'default' in SETTINGS[name].schema),
});

const isName = (value: string): value is Name => value in SETTINGS;

/** An origin and nothing beside it; over plain HTTP on loopback only. Null where it is none. */
const originOf = (text: string): string | null => {
  if (!URL.canParse(text)) return null;
  const { origin, protocol, hostname } = new URL(text);
  const isSafe = protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname.replace(/^\[|\]$/g, '')));
  return isSafe && text.replace(/\/$/, '').toLowerCase() === origin ? origin : null;
};

/** Whether an address is one, and holds no name and password: they would stand in logs. */
const hasNoLogin = (text: string | undefined): boolean => {
  if (text === undefined) return true;
  const { username, password } = URL.canParse(text) ? new URL(text) : { username: text, password: '' };
  return username === '' && password === '';
};

/** "PORT must be …": names the variable and the rule, never the value, which may be a secret. */
const complaints = (errors: readonly ErrorObject[]): readonly string[] => {
  const wrong = new Set(errors.map((error) => error.instancePath.slice(1)).filter(isName));
  return [...wrong].map((name) => `${name} must be ${SETTINGS[name].rule}`);
};

const listed = (text: string): readonly string[] =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');

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
  const outboundAllow = listed(given.OUTBOUND_ALLOW);
  const userIssuers = listed(given.USER_ISSUERS);
  const issuers = userIssuers.map(issuerOf);
  const { TLS_CERT, TLS_KEY, TLS_CLIENT_CA } = given;
  const hasTls = TLS_CERT !== undefined && TLS_KEY !== undefined;
  const publicUrl = originOf(given.PUBLIC_URL ?? '');
  const { hl7, refused } = hl7ConfigOf(given);
  const { mesh, refused: refusedMesh } = meshConfigOf(given);
  refuse([
    ...refused,
    ...refusedMesh,
    ...(['DATABASE_URL', 'REDIS_URL'] as const)
      .filter((name) => given[name] !== undefined && !URL.canParse(given[name]))
      .map((name) => `${name} must be ${SETTINGS[name].rule}`),
    ...(outboundAllow.every((cidr) => ipaddr.isValidCIDR(cidr)) ? [] : [`OUTBOUND_ALLOW must be ${SETTINGS.OUTBOUND_ALLOW.rule}`]),
    ...(['TRAIL_WITNESS_URL', 'OTEL_EXPORTER_OTLP_ENDPOINT'] as const)
      .filter((name) => !hasNoLogin(given[name]))
      .map((name) => `${name} must be ${SETTINGS[name].rule}`),
    ...(userIssuers.every(isUserIssuer) && new Set(issuers).size === issuers.length
      ? []
      : [`USER_ISSUERS must be ${SETTINGS.USER_ISSUERS.rule}`]),
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
    requireCheck: given.REQUIRE_CHECK === '1',
    sweepMs: given.SWEEP_MS,
    sendTimeoutMs: given.SEND_TIMEOUT_MS,
    sendBeforeMs: given.SEND_BEFORE_MS,
    backoffMinMs: given.BACKOFF_MIN_MS,
    backoffMaxMs: given.BACKOFF_MAX_MS,
    messageLifetimeMs: given.MESSAGE_LIFETIME_MS,
    flagListMs: given.FLAG_LIST_MS,
    logLevel: given.LOG_LEVEL,
    behindProxy,
    publicUrl,
    userIssuers,
    approvalPolicy: given.APPROVAL_POLICY ?? null,
    tls: hasTls ? { cert: TLS_CERT, key: TLS_KEY, clientCa: TLS_CLIENT_CA ?? null } : null,
    healthPort: given.HEALTH_PORT ?? null,
    metricsPort: given.METRICS_PORT ?? null,
    boardPort: given.BOARD_PORT ?? null,
    otlpEndpoint: given.OTEL_EXPORTER_OTLP_ENDPOINT ?? null,
    traceRatio: given.OTEL_TRACES_SAMPLER_ARG,
    maxConnections: given.MAX_CONNECTIONS,
    ratePerMinute: given.RATE_PER_MINUTE,
    refusedPerMinute: given.REFUSED_PER_MINUTE,
    errorCodeSystem: given.ERROR_CODE_SYSTEM,
    eventSignal: given.EVENT_SIGNAL === 'mns',
    nrl: nrlSiteOf(given.NRL_ERROR_CODE_SYSTEM, given.NRL_PRACTICE_SETTING),
    keyFile: given.KEY_FILE ?? null,
    trailKeyFile: given.TRAIL_KEY_FILE ?? null,
    trailWitnessFile: given.TRAIL_WITNESS_FILE ?? null,
    trailWitnessUrl: given.TRAIL_WITNESS_URL ?? null,
    trailHeadMs: given.TRAIL_HEAD_MS,
    oldKeyFiles: listed(given.KEY_FILE_OLD),
    hl7,
    mesh,
  };
};
