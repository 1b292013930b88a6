import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createGzip, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { AddressForbidden, createAddressGuard } from '../../src/channel/address-guard.ts';
import { createGuardedFetch, FetchFailed } from '../../src/channel/guarded-fetch.ts';
import { filesOf } from '../support/certificates.ts';

const LIMITS = { timeoutMs: 2_000, maxBytes: 100_000 };
const open = createGuardedFetch(createAddressGuard(['127.0.0.1/32']), LIMITS);
/** Where time is not what is asked about: a busy machine takes its own. */
const patient = createGuardedFetch(createAddressGuard(['127.0.0.1/32']), { ...LIMITS, timeoutMs: 15_000 });
const shut = createGuardedFetch(createAddressGuard([]), LIMITS);

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** A server that somebody else runs, and how often anything connected to it. */
const serve = async (listener: RequestListener, { host = '127.0.0.1', port = 0 } = {}): Promise<{ port: number; heard: () => number }> => {
  let heard = 0;
  const server = createServer(listener).on('connection', () => {
    heard += 1;
  });
  servers.push(server);
  server.listen(port, host);
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, heard: () => heard };
};

const because = async (pending: Promise<Response>): Promise<string> =>
  pending.then(
    () => 'answered',
    (error: unknown) => (error instanceof FetchFailed ? error.because : error instanceof AddressForbidden ? 'forbidden' : String(error)),
  );

describe('A guarded fetch', () => {
  test('answers with what is there, where OUTBOUND_ALLOW lets it, and asks for no encoding', async () => {
    const { port } = await serve((request, response) => {
      response.setHeader('Content-Type', 'application/json');
      response
        .writeHead(203)
        .end(JSON.stringify({ keys: [], encoding: request.headers['accept-encoding'], cookie: request.headers.cookie }));
    });
    const answer = await open(`http://127.0.0.1:${port}/jwks`, { headers: { accept: 'application/json' } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([203, 'application/json']);
    expect(await answer.json()).toEqual({ keys: [], encoding: 'identity' });
  });

  test('answers where there is no body', async () => {
    const { port } = await serve((_request, response) => response.writeHead(204).end());
    expect((await open(`http://127.0.0.1:${port}/`)).status).toBe(204);
  });

  test.each([
    '127.0.0.1',
    'localhost',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '017700000001',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '127.0.0.1.',
    '①②⑦.0.0.1',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.0.1',
    '169.254.169.254',
    '[fd00::1]',
    '[fe80::1]',
    '0.0.0.0',
    '[::]',
  ])('reaches nothing at %s, by http nor by https', async (host) => {
    const { port, heard } = await serve((_request, response) => response.end('secret'));
    expect(await because(shut(`http://${host}:${port}/`))).toBe('forbidden');
    expect(await because(shut(`https://${host}:${port}/`))).toBe('forbidden');
    expect(heard()).toBe(0);
  });

  test('goes over plain text nowhere but where OUTBOUND_ALLOW says, though the address is public', async () => {
    expect(await because(open('http://9.9.9.9/jwks'))).toBe('forbidden');
  });

  test.each(['data:application/json,{}', 'blob:https://x/1', 'file:///etc/passwd', 'ftp://127.0.0.1/', 'about:blank', 'jwks.json', ''])(
    'does not fetch %s',
    async (address) => expect(await because(open(address))).toBe('forbidden'),
  );

  test('takes no name and password in an address', async () => {
    const { port, heard } = await serve((_request, response) => response.end());
    expect(await because(open(`http://user@127.0.0.1:${port}/`))).toBe('forbidden');
    expect(await because(open(`http://:secret@127.0.0.1:${port}/`))).toBe('forbidden');
    expect(heard()).toBe(0);
  });

  test.each([301, 302, 303, 307, 308])('follows no redirect (%i), whatever the caller says', async (status) => {
    const inside = await serve((_request, response) => response.end('secret'), { host: '127.0.0.2' });
    const { port } = await serve((_request, response) =>
      response.writeHead(status, { Location: `http://127.0.0.2:${inside.port}/` }).end(),
    );
    expect(await because(open(`http://127.0.0.1:${port}/`, { redirect: 'follow' }))).toBe('redirected');
    expect(inside.heard()).toBe(0);
  });

  test('a name that resolves otherwise the second time is connected to only as it was judged', async () => {
    const outside = await serve((_request, response) => response.end('outside'));
    const inside = await serve((_request, response) => response.end('secret'), { host: '127.0.0.2', port: outside.port });
    const answers = ['127.0.0.1', '127.0.0.2', '127.0.0.2'];
    let asked = 0;
    const guard = createAddressGuard(['127.0.0.1/32'], async () => {
      asked += 1;
      return [{ address: answers.shift() ?? '127.0.0.2', family: 4 }];
    });
    const rebound = createGuardedFetch(guard, LIMITS);
    const url = `http://rebinding.test:${outside.port}/jwks`;
    expect(await (await rebound(url)).text()).toBe('outside');
    // One look for one connection: what was judged is what was connected to.
    expect(asked).toBe(1);
    expect(await because(rebound(url))).toBe('forbidden');
    expect([outside.heard(), inside.heard()]).toEqual([1, 0]);
  });

  test('of the addresses of a name only those are tried that may be reached', async () => {
    const outside = await serve((_request, response) => response.end('outside'));
    const inside = await serve((_request, response) => response.end('secret'), { host: '127.0.0.2', port: outside.port });
    const guard = createAddressGuard(['127.0.0.1/32'], async () => [
      { address: '127.0.0.2', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ]);
    expect(await (await createGuardedFetch(guard, LIMITS)(`http://both.test:${outside.port}/`)).text()).toBe('outside');
    expect(inside.heard()).toBe(0);
  });

  test('ends what takes too long: no answer, a slow head, a slow body', async () => {
    const mute = await serve(() => undefined);
    const slow = await serve((_request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('x'), 50);
      response.once('close', () => clearInterval(drip));
    });
    const startedAt = performance.now();
    expect(await Promise.all([mute, slow].map(({ port }) => because(open(`http://127.0.0.1:${port}/`))))).toEqual(['timeout', 'timeout']);
    expect(performance.now() - startedAt).toBeLessThan(6_000);
  });

  test('ends when the caller does', async () => {
    const { port } = await serve(() => undefined);
    expect(await because(open(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(50) }))).toBe('aborted');
  });

  test('a body that is too large is cut off, whether its length is said or not', async () => {
    const said = await serve((_request, response) => response.end(Buffer.alloc(LIMITS.maxBytes + 1)));
    let written = 0;
    const unsaid = await serve((_request, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384))) written += 16_384;
      };
      response.on('drain', more).on('error', () => undefined);
      more();
    });
    expect(await because(patient(`http://127.0.0.1:${said.port}/`))).toBe('too-large');
    expect(await because(patient(`http://127.0.0.1:${unsaid.port}/`))).toBe('too-large');
    expect(written).toBeLessThan(20_000_000);
  });

  test('a few kilobytes that unpack into gigabytes are cut off', async () => {
    // 50 MB in 50 kB, and packed once more: 300 bytes.
    const bomb = gzipSync(gzipSync(Buffer.alloc(50_000_000)));
    expect(bomb.length).toBeLessThan(LIMITS.maxBytes);
    const { port } = await serve((_request, response) => response.writeHead(200, { 'Content-Encoding': 'gzip, gzip' }).end(bomb));
    expect(await because(patient(`http://127.0.0.1:${port}/`))).toBe('too-large');
  });

  test('what unpacks without end is cut off as it unpacks: nobody waits for the end', async () => {
    const { port } = await serve((_request, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' });
      const gzip = createGzip();
      gzip.on('error', () => undefined).pipe(response);
      gzip.write(Buffer.alloc(1_000_000));
      gzip.flush();
    });
    expect(await because(patient(`http://127.0.0.1:${port}/`))).toBe('too-large');
  });

  test('an answer that is no HTTP, and a connection that breaks off, are failures that name no address', async () => {
    const { port } = await serve((request) => request.socket.end('SSH-2.0-OpenSSH\r\n'));
    const failed = open(`http://127.0.0.1:${port}/secret`);
    await expect(failed).rejects.toThrow('the address was not read: not-answered');
    await expect(failed).rejects.toBeInstanceOf(FetchFailed);
  });

  test.each([
    ['nobody trusts', filesOf('server'), '127.0.0.1'],
    ['has expired', filesOf('expired'), '127.0.0.1'],
  ])('an https server whose certificate %s is not asked', async (_which, { cert, key }, host) => {
    let asked = 0;
    const server = createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, (_request, response) => {
      asked += 1;
      response.end('{}');
    });
    servers.push(server);
    server.listen(0, host);
    await once(server, 'listening');
    // What is asked here is no matter of time: a loaded machine may take seconds for a handshake.
    expect(await because(patient(`https://${host}:${(server.address() as AddressInfo).port}/jwks`))).toBe('not-answered');
    expect(asked).toBe(0);
  });

  test('keeps no connection: each fetch is judged anew', async () => {
    const { port, heard } = await serve((_request, response) => response.end('{}'));
    await open(`http://127.0.0.1:${port}/`);
    await open(`http://127.0.0.1:${port}/`);
    expect(heard()).toBe(2);
  });
});
