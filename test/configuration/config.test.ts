import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { parseConfig } from '../../src/config.ts';
import { NRL_STANDARD } from '../../src/http/nrl/nrl-site.ts';

test('An empty environment gives the documented defaults', () => {
  const expected = {
    port: 8080,
    host: '127.0.0.1',
    dataDir: '.data',
    databaseUrl: null,
    redisUrl: null,
    operatorOds: 'BROKER',
    outboundAllow: [],
    sweepMs: 15_000,
    sendTimeoutMs: 10_000,
    sendBeforeMs: 5_000,
    backoffMinMs: 1_000,
    backoffMaxMs: 60_000,
    messageLifetimeMs: 60_000,
    flagListMs: 43_200_000,
    logLevel: 'info',
    behindProxy: false,
    userIssuers: [],
    approvalPolicy: null,
    eventSignal: false,
    nrl: NRL_STANDARD,
    publicUrl: null,
    tls: null,
    healthPort: null,
    metricsPort: null,
    boardPort: null,
    otlpEndpoint: null,
    traceRatio: 1,
    requireCheck: false,
    maxConnections: 10_000,
    ratePerMinute: 60_000,
    refusedPerMinute: 600,
    mesh: null,
    keyFile: null,
    trailKeyFile: null,
    trailWitnessFile: null,
    trailWitnessUrl: null,
    trailHeadMs: 60_000,
    oldKeyFiles: [],
    hl7: null,
    errorCodeSystem: 'https://fhir.nhs.uk/CodeSystem/http-error-codes',
  };
  expect(parseConfig({})).toEqual(expected);
  // Docker and CI set variables to nothing.
  expect(parseConfig({ PORT: '', DATABASE_URL: '', REDIS_URL: ' ', OUTBOUND_ALLOW: '' })).toEqual(expected);
});

test('Values are read as what they are', () => {
  const config = parseConfig({
    PORT: '0',
    HOST: '::1',
    DATABASE_URL: 'postgresql://u:p@host/db?sslmode=require',
    REDIS_URL: 'rediss://host:6380/1',
    OUTBOUND_ALLOW: '127.0.0.0/8, ::1/128',
    SWEEP_MS: '250',
    BEHIND_PROXY: '1',
    OTHER: 'not ours',
  });
  expect(config).toMatchObject({ port: 0, host: '::1', sweepMs: 250, behindProxy: true, outboundAllow: ['127.0.0.0/8', '::1/128'] });
});

test.each([
  ['PORT', '65536'],
  ['PORT', '80.5'],
  ['PORT', 'http'],
  ['HOST', 'a b'],
  ['DATABASE_URL', 'mysql://u:hidden@h/d'],
  ['DATABASE_URL', 'postgres://u:hidden@[/d'],
  ['REDIS_URL', 'localhost:6379'],
  ['REDIS_URL', 'redis://:hidden@h:port'],
  ['OPERATOR_ODS', 'ab-c'],
  ['OUTBOUND_ALLOW', '10.0.0.1'],
  ['OUTBOUND_ALLOW', '10.0.0.0/33'],
  ['SWEEP_MS', '-1'],
  ['SEND_TIMEOUT_MS', 'ten'],
  ['SEND_BEFORE_MS', '77'],
  ['BACKOFF_MIN_MS', '1e99'],
  ['MESSAGE_LIFETIME_MS', '1.5'],
  ['USER_ISSUERS', 'sign-in.example'],
  ['USER_ISSUERS', 'https://a.example,https://a.example=/keys.json'],
  ['USER_ISSUERS', 'https://a.example,person:https://a.example'],
  ['LOG_LEVEL', 'loud'],
  ['BEHIND_PROXY', 'yes'],
  ['PUBLIC_URL', 'ftp://broker.example'],
  ['PUBLIC_URL', 'http://broker.example'],
  ['PUBLIC_URL', 'https://broker.example/fhir'],
  ['PUBLIC_URL', 'https://someone:hidden@broker.example'],
  ['PUBLIC_URL', 'https://broker.example?a'],
  ['PUBLIC_URL', 'https://broker.example#a'],
  ['HEALTH_PORT', '0.5'],
  ['METRICS_PORT', 'metrics'],
  ['BOARD_PORT', '0'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'https://someone:hidden@collector.example'],
  ['OTEL_TRACES_SAMPLER_ARG', '1.5'],
  ['MAX_CONNECTIONS', '1e9'],
  ['RATE_PER_MINUTE', '-5'],
  ['REFUSED_PER_MINUTE', 'many'],
])('%s=%s is refused in one line that names the variable, and not the value', (name, value) => {
  let message = '';
  try {
    parseConfig({ [name]: value });
  } catch (fault) {
    message = fault instanceof Error ? fault.message : '';
  }
  expect(message).toMatch(new RegExp(`^${name} must `));
  expect(message).not.toContain(value);
  expect(message).not.toContain('\n');
});

const TLS = { TLS_CERT: '/run/cert.pem', TLS_KEY: '/run/key.pem' };

test.each(['0.0.0.0', '::', '192.168.1.1', 'example.org', '::ffff:10.0.0.1'])(
  '%s is no loopback, and needs TLS or a proxy in front',
  (host) => {
    expect(() => parseConfig({ HOST: host })).toThrow(
      /^HOST must be a loopback address without TLS_CERT and TLS_KEY, unless BEHIND_PROXY=1/,
    );
    expect(() => parseConfig({ HOST: host, TLS_CERT: '/run/cert.pem' })).toThrow('HOST must');
    expect(() => parseConfig({ HOST: host, PUBLIC_URL: 'https://broker.example' })).toThrow('HOST must');
    expect(parseConfig({ HOST: host, BEHIND_PROXY: '1' }).host).toBe(host);
    expect(parseConfig({ HOST: host, ...TLS }).host).toBe(host);
  },
);

test('Certificate and key stand together, and authorities of callers only beside them', () => {
  const both = 'TLS_CERT and TLS_KEY must be set together';
  expect(() => parseConfig({ TLS_CERT: '/run/cert.pem' })).toThrow(both);
  expect(() => parseConfig({ TLS_KEY: '/run/key.pem' })).toThrow(both);
  expect(() => parseConfig({ TLS_CLIENT_CA: '/run/ca.pem' })).toThrow('TLS_CLIENT_CA must stand beside TLS_CERT and TLS_KEY');
  expect(parseConfig(TLS).tls).toEqual({ cert: '/run/cert.pem', key: '/run/key.pem', clientCa: null });
  expect(parseConfig({ ...TLS, TLS_CLIENT_CA: '/run/ca.pem' }).tls?.clientCa).toBe('/run/ca.pem');
});

test.each([
  ['https://broker.example', 'https://broker.example'],
  ['https://Broker.Example:8443/', 'https://broker.example:8443'],
  ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
  ['http://localhost:8080', 'http://localhost:8080'],
  ['http://[::1]:8080', 'http://[::1]:8080'],
])('PUBLIC_URL=%s is an origin', (value, origin) => expect(parseConfig({ PUBLIC_URL: value }).publicUrl).toBe(origin));

describe('A secret in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'broker-secrets-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  test('stands for the setting itself, without the line end that an editor leaves', () => {
    const config = parseConfig({
      DATABASE_URL_FILE: file('database', 'postgres://u:p@host/db\n'),
      REDIS_URL_FILE: file('redis', '  redis://:p@host:6379/1\r\n'),
    });
    expect([config.databaseUrl, config.redisUrl]).toEqual(['postgres://u:p@host/db', 'redis://:p@host:6379/1']);
  });

  test.each([
    ['that is not there', { DATABASE_URL_FILE: join(folder, 'nowhere') }, /^DATABASE_URL_FILE cannot be read \(ENOENT\)$/],
    ['that is a folder', { REDIS_URL_FILE: folder }, /^REDIS_URL_FILE cannot be read \(EISDIR\)$/],
    ['that is empty', { REDIS_URL_FILE: file('empty', '\n') }, /^REDIS_URL_FILE is empty$/],
    ['that holds something else', { DATABASE_URL_FILE: file('other', 'hidden') }, /^DATABASE_URL must be a postgres:\/\/ address$/],
    [
      'beside the setting itself',
      { DATABASE_URL: 'postgres://u:hidden@h/d', DATABASE_URL_FILE: file('both', 'postgres://u:hidden@h/d') },
      /^DATABASE_URL and DATABASE_URL_FILE must not both be set$/,
    ],
  ])('is refused in one line %s', (_which, env, line) => expect(() => parseConfig(env)).toThrow(line));
});

test.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost', '::ffff:127.0.0.1'])('%s is loopback', (host) => {
  expect(parseConfig({ HOST: host }).host).toBe(host);
});

test('The longest wait is not less than the first', () => {
  expect(() => parseConfig({ BACKOFF_MIN_MS: '5000', BACKOFF_MAX_MS: '4000' })).toThrow('BACKOFF_MAX_MS');
});

describe('The door for HL7 v2', () => {
  const FILES = { HL7_TLS_CERT: 'a', HL7_TLS_KEY: 'b', HL7_TLS_CLIENT_CA: 'c' };
  test('opens on loopback with facilities, or with certificates anywhere', () => {
    expect(parseConfig({ HL7_PORT: '0', HL7_FACILITIES: 'ZZ2=ed, ZZ3=ambulance' }).hl7).toEqual({
      host: '127.0.0.1',
      port: 0,
      tls: null,
      facilities: new Map([
        ['ZZ2', 'ed'],
        ['ZZ3', 'ambulance'],
      ]),
      maxFrame: 1_000_000,
      frameMs: 30_000,
      maxConnections: 100,
      takesTests: false,
    });
    expect(parseConfig({ HL7_PORT: '2575', HL7_HOST: '0.0.0.0', ...FILES, HL7_TEST_MESSAGES: '1' }).hl7).toMatchObject({
      tls: { cert: 'a', key: 'b', clientCa: 'c' },
      takesTests: true,
    });
  });

  test.each<readonly [Readonly<Record<string, string>>, RegExp]>([
    [{ HL7_HOST: '0.0.0.0' }, /^HL7_HOST must be a loopback address without HL7_TLS_CERT/],
    [{ HL7_HOST: '::' }, /^HL7_HOST must be a loopback address/],
    [{ HL7_HOST: '0.0.0.0', BEHIND_PROXY: '1' }, /^HL7_HOST must be a loopback address/],
    [{ HL7_TLS_CERT: 'a', HL7_TLS_KEY: 'b' }, /^HL7_TLS_CERT, HL7_TLS_KEY and HL7_TLS_CLIENT_CA must be set together$/],
    [{ ...FILES, HL7_FACILITIES: 'ZZ2=ed' }, /^HL7_FACILITIES must not be set with TLS/],
    [{ HL7_FACILITIES: 'ZZ2' }, /^HL7_FACILITIES must be ODS codes/],
    [{ HL7_FACILITIES: 'ZZ2=operator' }, /^HL7_FACILITIES must be/],
    [{ HL7_FACILITIES: 'ZZ2=ed,ZZ2=epr' }, /^HL7_FACILITIES must be/],
    [{ HL7_MAX_FRAME: '10' }, /^HL7_MAX_FRAME must be/],
    [{ HL7_TEST_MESSAGES: 'yes' }, /^HL7_TEST_MESSAGES must be 0 or 1$/],
  ])('%j is refused', (env, line) => expect(() => parseConfig({ HL7_PORT: '2575', ...env })).toThrow(line));
});

describe('The MESH mailbox', () => {
  const ALL = {
    MESH_URL: 'https://mesh.example/',
    MESH_MAILBOX: 'X26BROKER1',
    MESH_PASSWORD: 'hidden',
    MESH_SHARED_KEY: 'hidden',
    MESH_CERT: 'a',
    MESH_KEY: 'b',
  };
  test('is there when all of it is set, and looked into every five minutes', () => {
    expect(parseConfig(ALL).mesh).toEqual({
      url: 'https://mesh.example',
      mailbox: 'X26BROKER1',
      password: 'hidden',
      sharedKey: 'hidden',
      tls: { cert: 'a', key: 'b', ca: null },
      pollMs: 300_000,
      chunkBytes: 20_000_000,
    });
  });
  test('may be looked into more often where it is a simulator on this machine', () =>
    expect(parseConfig({ ...ALL, MESH_URL: 'https://127.0.0.1:8700', MESH_POLL_MS: '100' }).mesh).toMatchObject({ pollMs: 100 }));

  test.each<readonly [Readonly<Record<string, string>>, RegExp]>([
    [
      { ...ALL, MESH_PASSWORD: '' },
      /^MESH_URL, MESH_MAILBOX, MESH_PASSWORD, MESH_SHARED_KEY, MESH_CERT and MESH_KEY must be set together$/,
    ],
    [{ MESH_CA: 'c' }, /must be set together$/],
    [{ ...ALL, MESH_URL: 'http://mesh.example' }, /^MESH_URL must be an https:/],
    [{ ...ALL, MESH_URL: 'https://u:hidden@mesh.example' }, /^MESH_URL must be an https:/],
    [{ ...ALL, MESH_URL: 'https://mesh.example?x=y' }, /^MESH_URL must be an https:/],
    [{ ...ALL, MESH_MAILBOX: '../X' }, /^MESH_MAILBOX must be a mailbox/],
    [{ ...ALL, MESH_POLL_MS: '299999' }, /^MESH_POLL_MS must not be less than 300000/],
    [{ ...ALL, MESH_POLL_MS: '86400001' }, /^MESH_POLL_MS must be/],
    [{ ...ALL, MESH_CHUNK_BYTES: '100000001' }, /^MESH_CHUNK_BYTES must be/],
    [{ EVENT_SIGNAL: 'on' }, /^EVENT_SIGNAL must be off or mns$/],
  ])('%j is refused in one line that quotes nothing', (env, line) => {
    expect(() => parseConfig(env)).toThrow(line);
    expect(() => parseConfig(env)).not.toThrow(/hidden/);
  });
});
