import { expect, test } from '@jest/globals';
import { parseConfig } from '../../src/config.ts';

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
    logLevel: 'info',
    behindProxy: false,
    userIssuers: [],
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
  ['REDIS_URL', 'localhost:6379'],
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
  ['LOG_LEVEL', 'loud'],
  ['BEHIND_PROXY', 'yes'],
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

test.each(['0.0.0.0', '::', '192.168.1.1', 'example.org', '::ffff:10.0.0.1'])('%s is no loopback, and needs a proxy in front', (host) => {
  expect(() => parseConfig({ HOST: host })).toThrow('BEHIND_PROXY=1');
  expect(parseConfig({ HOST: host, BEHIND_PROXY: '1' }).host).toBe(host);
});

test.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost', '::ffff:127.0.0.1'])('%s is loopback', (host) => {
  expect(parseConfig({ HOST: host }).host).toBe(host);
});

test('The longest wait is not less than the first', () => {
  expect(() => parseConfig({ BACKOFF_MIN_MS: '5000', BACKOFF_MAX_MS: '4000' })).toThrow('BACKOFF_MAX_MS');
});
