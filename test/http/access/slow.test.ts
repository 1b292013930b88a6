import { request } from 'node:http';
import type { RequestListener } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import { System } from '../../../profiles/canonicals.ts';
import { listen } from '../../../src/http/listen.ts';
import type { Listening, ListenOptions, Patience } from '../../../src/http/listen.ts';
import { createLog } from '../../../src/log.ts';
import { AUTHORITY_PEM, filesOf } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';

/** The door's own patience, thirty times shorter and more; what is not tried stays far out of the way. */
const FAR: Partial<Patience> = { headersMs: 60_000, requestMs: 60_000, idleMs: 60_000, silenceMs: 60_000, lookMs: 50 };

const opened: Listening[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const each of opened.splice(0)) await each.close(0);
});

const answering: RequestListener = (incoming, response) => {
  incoming.resume().on('end', () => response.end('done'));
  incoming.on('error', () => undefined);
};

const open = async (patience: Partial<Patience>, listener = answering, more: Partial<ListenOptions> = {}): Promise<Listening> => {
  const door = await listen(listener, {
    host: '127.0.0.1',
    port: 0,
    log: createLog('silent'),
    errorCodeSystem: System.httpErrorCodes,
    patience: { ...FAR, ...patience },
    ...more,
  });
  opened.push(door);
  return door;
};

/** One who comes and says what `say` says; what came back, and after how many milliseconds the door had enough of it. */
const ended = (door: Listening, say: (socket: Socket) => void, secure = false): Promise<{ readonly text: string; readonly ms: number }> =>
  new Promise((resolve) => {
    const startedAt = performance.now();
    let text = '';
    const socket: Socket = secure
      ? connectTls({ port: door.port, host: '127.0.0.1', ca: AUTHORITY_PEM }, () => say(socket))
      : connect(door.port, '127.0.0.1', () => say(socket));
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    socket.on('close', () => resolve({ text, ms: performance.now() - startedAt }));
  });

/** Says a byte again and again, so that the connection is never silent. */
const drip = (socket: Socket, text: string): void => {
  const timer = setInterval(() => socket.write(text), 20);
  socket.on('close', () => clearInterval(timer));
};

const ask = (door: Listening): Promise<string> =>
  new Promise((resolve, reject) => {
    request({ port: door.port, host: '127.0.0.1', agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => resolve(text));
    })
      .on('error', reject)
      .end();
  });

const HEAD = 'POST /fhir HTTP/1.1\r\nHost: x\r\n';

describe('A slow caller holds no connection', () => {
  const tls = { ...filesOf('server'), clientCa: null };
  test.each([
    ['plain', false],
    ['over TLS', true],
  ])('who says nothing at all, %s', async (_which, secure) => {
    const door = await open({ headersMs: 300 }, answering, secure ? { tls } : {});
    expect((await ended(door, () => undefined, secure)).ms).toBeLessThan(5_000);
  });

  test.each([
    ['plain', false],
    ['over TLS', true],
  ])('who says headers one by one for ever, %s: told so, and cut off', async (_which, secure) => {
    const door = await open({ headersMs: 300 }, answering, secure ? { tls } : {});
    const { text, ms } = await ended(
      door,
      (socket) => {
        socket.write(HEAD);
        drip(socket, 'X-A: a\r\n');
      },
      secure,
    );
    expect(ms).toBeLessThan(5_000);
    expect(text).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(text).toContain('"resourceType":"OperationOutcome"');
  });

  test('who says a body byte by byte', async () => {
    const door = await open({ headersMs: 300, requestMs: 300 });
    const { ms } = await ended(door, (socket) => {
      socket.write(`${HEAD}Content-Length: 100000\r\n\r\n`);
      drip(socket, 'a');
    });
    expect(ms).toBeLessThan(5_000);
  });

  test('who announces a body, and then is silent', async () => {
    const door = await open({ headersMs: 300, requestMs: 300 });
    expect((await ended(door, (socket) => socket.write(`${HEAD}Content-Length: 10\r\n\r\n`))).ms).toBeLessThan(5_000);
  });

  test('who asks, and does not read the answer', async () => {
    let left: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => {
      left = resolve;
    });
    const door = await open({ silenceMs: 400 }, (_request, response) => {
      response.once('close', left);
      response.end('x'.repeat(20_000_000));
    });
    const socket = connect(door.port, '127.0.0.1', () => socket.pause().write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
    socket.on('error', () => undefined);
    sockets.push(socket);
    const startedAt = performance.now();
    await closed;
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  test('who keeps a connection, and asks no more', async () => {
    const door = await open({ idleMs: 200 });
    const { text, ms } = await ended(door, (socket) => socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
    expect(text).toMatch(/^HTTP\/1\.1 200 .*done$/s);
    expect(ms).toBeLessThan(5_000);
  });

  test('the door itself has such patience', async () => {
    const door = await listen(answering, { host: '127.0.0.1', port: 0, log: createLog('silent'), errorCodeSystem: System.httpErrorCodes });
    opened.push(door);
    const { headersTimeout, requestTimeout, keepAliveTimeout, timeout } = door.server;
    expect({ headersTimeout, requestTimeout, keepAliveTimeout, timeout }).toEqual({
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 30_000,
      timeout: 60_000,
    });
  });
});

describe('Many connections at once', () => {
  test('beyond the limit one is closed, and those that are open are answered; when they go there is room again', async () => {
    const door = await open({ headersMs: 1_500 }, answering, { maxConnections: 20 });
    const silent = Array.from({ length: 19 }, () => ended(door, () => undefined));
    const count = (): Promise<number> =>
      new Promise((resolve, reject) => {
        door.server.getConnections((error, open) => (error === null ? resolve(open) : reject(error)));
      });
    await eventually(async () => expect(await count()).toBe(19));
    expect(await ask(door)).toBe('done');
    const twentieth = ended(door, () => undefined);
    await eventually(async () => expect(await count()).toBe(20));
    await expect(ask(door)).rejects.toThrow(/ECONNRESET|socket hang up/);
    await Promise.all([...silent, twentieth]);
    expect(await ask(door)).toBe('done');
  });

  test('five hundred slow ones keep nobody else from an answer', async () => {
    const door = await open({ headersMs: 60_000 });
    for (let each = 0; each < 500; each += 1) {
      const socket = connect(door.port, '127.0.0.1', () => socket.write(HEAD));
      sockets.push(socket.on('error', () => undefined));
    }
    const startedAt = performance.now();
    expect(await ask(door)).toBe('done');
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});
