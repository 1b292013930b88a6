import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { sourceFiles } from '../../scripts/rooms.ts';
import { openChannels } from '../../src/channel/open-channels.ts';
import { eventually } from '../support/eventually.ts';
import { startFakeFhirRecipient } from '../support/fake-fhir-recipient.ts';
import { startFakeHook } from '../support/fake-hook.ts';
import { startFakeMllpRecipient } from '../support/fake-mllp-recipient.ts';
import { envelope, mdmParcel, target, updateParcel, within } from './samples.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What may be imported of a module that can open connections, outside `src/channel`: nothing that does. */
const HARMLESS: Readonly<Record<string, RegExp>> = {
  'node:http': /^(?:createServer|STATUS_CODES|IncomingMessage|ServerResponse)$/,
  'node:https': /^createServer$/,
  'node:tls': /^createServer$/,
  // It takes connections that others open.
  ws: /^WebSocketServer$/,
  // `security-headers.ts` makes a socket that is never connected.
  'node:net': /^(?:createServer|isIP|isIPv4|isIPv6|Socket)$/,
};
/** Modules of which a single import can open a connection. */
const OPENING =
  /^(?:node:)?(?:http|https|http2|net|tls|dgram|dns|dns\/promises|inspector)$|^(?:undici|fhir-kit-client|axios|got|ws|nodemailer|ioredis|redis|pg|bullmq|supertest|@opentelemetry\/exporter-[a-z-]+)(?:\/|$)/;
/** The files that connect to the two stores of the broker's own, and to the collector of its traces: addresses that only the operator sets. */
const STORES: Readonly<Record<string, string>> = {
  'src/store/pool.ts': 'pg',
  'src/store/assert-database.ts': 'pg',
  'src/store/migrate.ts': 'pg bullmq',
  'src/store/postgres-cluster.ts': 'pg',
  'src/store/running-role.ts': 'pg',
  'src/tracing.ts': '@opentelemetry/exporter-trace-otlp-http',
  'queues/assert-redis.ts': 'ioredis',
  'queues/backend.ts': 'pg ioredis bullmq',
};
/** Commands of the operator's that ask the broker itself, at an address of the operator's own. */
const COMMANDS: ReadonlySet<string> = new Set(['src/broker-address.ts', 'src/token-command.ts']);
/** A fetch that was handed in: where it is made, it is the guarded one. */
const HANDED_IN = /\bfetch: (?:Fetch|FetchKeys|GuardedFetch)\b/;
/** Globals that connect by themselves. */
const GLOBALS = /(?<![.\w'"`-])(?:fetch|WebSocket|EventSource|XMLHttpRequest|WebTransport)\s*\(/;

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1');

/** Values, not types, that a file imports: the module, and each name as the module calls it. */
const valuesImported = (code: string): readonly (readonly [module: string, name: string])[] => [
  ...[...code.matchAll(/\bimport\s+(?!type\b)([^'";]*?)\s+from\s+'([^']+)'/g)].flatMap(([, names = '', module = '']) =>
    names
      .replace(/[{}]/g, ',')
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== '' && !each.startsWith('type '))
      .map((each) => [module, each.replace(/\s+as\s+\w+$/, '')] as const),
  ),
  ...[...code.matchAll(/\b(?:import|require)\s*\(\s*'([^']+)'/g)].map(([, module = '']) => [module, '(all)'] as const),
];

/** What a file does to open a connection that it should not. */
const opens = (file: string, text: string): readonly string[] => {
  const code = withoutComments(text);
  const found = valuesImported(code)
    .filter(([module]) => OPENING.test(module))
    .filter(([module, name]) => !HARMLESS[module]?.test(name) && !STORES[file]?.split(' ').includes(module))
    .map(([module, name]) => `${file} imports ${name} of ${module}`);
  if (GLOBALS.test(code) && !COMMANDS.has(file) && !HANDED_IN.test(code)) found.push(`${file} calls ${GLOBALS.exec(code)?.[0]}…)`);
  // These fetch what somebody else names, by whatever fetch they are given.
  if (/\bcreateRemoteJWKSet\b/.test(code) && !/\bcustomFetch\b/.test(code)) found.push(`${file} fetches keys without the guard`);
  if (/from 'oidc-provider'/.test(code) && /new Provider\(/.test(code) && !/\bfetch\b/.test(code))
    found.push(`${file} makes a provider that fetches without the guard`);
  return found;
};

describe('Every outbound connection', () => {
  test('is opened in src/channel, but those to PostgreSQL, Redis and the collector of traces', () => {
    const files = sourceFiles(root).filter((file) => /^(?:src|queues|mappings|profiles)\//.test(file) && !file.startsWith('src/channel/'));
    expect(files.length).toBeGreaterThan(200);
    expect(files.flatMap((file) => opens(file, readFileSync(`${root}/${file}`, 'utf8')))).toEqual([]);
    // A file that no longer connects leaves the list.
    for (const [file, modules] of Object.entries(STORES))
      for (const module of modules.split(' '))
        expect([file, valuesImported(readFileSync(`${root}/${file}`, 'utf8')).some(([each]) => each === module)]).toEqual([file, true]);
  });

  test.each([
    ['the global fetch', 'const a = await fetch(url);'],
    ['a WebSocket', 'const a = new WebSocket(url);'],
    ['undici', "import { request } from 'undici';"],
    ['a request of node:http', "import { createServer, request } from 'node:http';"],
    ['a connection of node:net', "import { connect as open } from 'node:net';"],
    ['node:tls', "import { connect } from 'node:tls';"],
    ['the whole of a module', "import https from 'node:https';"],
    ['a lazy import', "const { request } = await import('node:https');"],
    ['a resolver, by which a name leaves', "import { lookup } from 'node:dns/promises';"],
    ['a FHIR client', "import { Client } from 'fhir-kit-client';"],
    ['another database', "import pg from 'pg';"],
    ['remote keys', "import { createRemoteJWKSet } from 'jose';\nconst a = createRemoteJWKSet(url);"],
  ])('is seen where it should not be: %s', (_which, text) => expect(opens('src/http/a.ts', text)).toHaveLength(1));

  test('a type, a server, and a word in a comment or a text open none', () => {
    const text = [
      "import type { Socket } from 'node:net';",
      "import { createServer } from 'node:http';",
      "import { type Pool } from 'pg';",
      '// fetch(url)',
      "const help = 'fetch(url)';",
      'const a = { prefetch: door.fetch(url) };',
    ].join('\n');
    expect(opens('src/http/a.ts', text)).toEqual([]);
    expect(opens('src/http/a.ts', 'const load = async (fetch: Fetch, url: string) => fetch(url);')).toEqual([]);
  });
});

/** A resolver that somebody else runs: it answers what it likes, and one time after another otherwise. */
const fickle = (...answers: readonly string[]) => {
  const rest = [...answers];
  return async () => [{ address: rest.shift() ?? answers.at(-1) ?? '', family: 4 }];
};

/** Something inside that listens at the same port, on an address that the guard forbids: how often anything came. */
const inside = async (port: number) => {
  let heard = 0;
  const server = createTcpServer((socket) => {
    heard += 1;
    socket.destroy();
  });
  server.listen(port, '127.0.0.2');
  await once(server, 'listening');
  return { heard: () => heard, stop: () => server.close() };
};

// The end of the old connection may be heard only after the next message was written to it: what is asked for comes about soon.
describe('A name that resolves otherwise the second time reaches nothing inside', () => {
  const allow = ['127.0.0.1/32'];
  const forbidden = { kind: 'refused', because: 'address-forbidden', retry: true };

  test('as the address of a FHIR Endpoint', async () => {
    const epr = await startFakeFhirRecipient();
    const port = Number(new URL(epr.address).port);
    const trap = await inside(port);
    const channels = openChannels(allow, { resolve: fickle('127.0.0.1', '127.0.0.2') });
    const address = `http://rebinding.test:${port}/fhir`;
    const send = () => channels['fhir-messaging'].send(target(address), updateParcel(address, envelope(1)), within(2_000));
    expect(await send()).toMatchObject({ kind: 'accepted' });
    await epr.stop();
    await eventually(async () => expect(await send()).toEqual(forbidden));
    expect(trap.heard()).toBe(0);
    trap.stop();
    await channels.close();
  });

  test('as the hook of a Subscription', async () => {
    const hook = createServer((_request, response) => response.end());
    hook.listen(0, '127.0.0.1');
    await once(hook, 'listening');
    const { port } = hook.address() as AddressInfo;
    const trap = await inside(port);
    const channels = openChannels(allow, { resolve: fickle('127.0.0.1', '127.0.0.2') });
    const address = `http://rebinding.test:${port}/hook`;
    const send = () => channels.subscription.send(target(address), updateParcel(address, envelope(1)), within(2_000));
    expect(await send()).toMatchObject({ kind: 'accepted' });
    hook.closeAllConnections();
    hook.close();
    await eventually(async () => expect(await send()).toEqual(forbidden));
    expect(trap.heard()).toBe(0);
    trap.stop();
    await channels.close();
  });

  test('as the address of an MLLP Endpoint', async () => {
    const ed = await startFakeMllpRecipient();
    const port = Number(new URL(ed.address).port);
    const trap = await inside(port);
    const channels = openChannels(allow, { resolve: fickle('127.0.0.1', '127.0.0.2') });
    const address = `mllp://rebinding.test:${port}`;
    const send = () => channels['hl7v2-mllp'].send(target(address), mdmParcel(envelope(1)), within(2_000));
    expect(await send()).toMatchObject({ kind: 'accepted' });
    await ed.stop();
    await eventually(async () => expect(await send()).toMatchObject({ because: 'address-forbidden' }));
    expect(trap.heard()).toBe(0);
    trap.stop();
    await channels.close();
  });
});

test.each(['fhir-messaging', 'subscription'] as const)('a redirect to an address inside is not followed: %s', async (channel) => {
  const hook = await startFakeHook();
  const answers = createServer((_request, response) => response.writeHead(307, { Location: hook.address }).end());
  answers.listen(0, '127.0.0.1');
  await once(answers, 'listening');
  const address = `http://127.0.0.1:${(answers.address() as AddressInfo).port}/fhir`;
  const channels = openChannels(['127.0.0.1/32']);
  expect(await channels[channel].send(target(address), updateParcel(address, envelope(1)), within(2_000))).not.toMatchObject({
    kind: 'accepted',
  });
  expect(hook.notifications()).toEqual([]);
  await channels.close();
  answers.close();
  await hook.stop();
});
