import { Agent, get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import type { Listening } from '../../src/http/listen.ts';
import { System } from '../../profiles/canonicals.ts';
import { listen } from '../../src/http/listen.ts';
import { createLog } from '../../src/log.ts';
import { CannotStart } from '../../src/model/cannot-start.ts';
import { eventually } from '../support/eventually.ts';

const log = createLog('silent');
const opened: Listening[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) if (each.server.listening) await each.close(0);
});

const slow = (millis: number) =>
  listen(
    (_request, response) => {
      setTimeout(() => response.end('done'), millis).unref();
    },
    { host: '127.0.0.1', port: 0, log, errorCodeSystem: System.httpErrorCodes },
  );

const ask = (port: number, agent?: Agent): Promise<string> =>
  new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, agent }, (response: IncomingMessage) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => resolve(text));
      response.on('error', reject);
    }).on('error', reject);
  });

test('a port that is in use is said in one line', async () => {
  const first = await slow(0);
  opened.push(first);
  const second = listen(() => {}, { host: '127.0.0.1', port: first.port, log, errorCodeSystem: System.httpErrorCodes });
  await expect(second).rejects.toThrow(CannotStart);
  await expect(second).rejects.toThrow(/^cannot listen on 127\.0\.0\.1:\d+: the port is in use: set PORT to another one, or to 0$/);
});

test('the address that it tells is the one that it listens on', async () => {
  const door = await slow(0);
  opened.push(door);
  expect(door.url).toBe(`http://127.0.0.1:${door.port}/fhir`);
  expect(await ask(door.port)).toBe('done');
});

test('closing lets what is in flight finish, takes nothing new, and waits for no idle connection', async () => {
  const door = await slow(300);
  const agent = new Agent({ keepAlive: true });
  await ask(door.port, agent);
  const inFlight = ask(door.port, agent);
  await wait(50);
  const startedAt = performance.now();
  const closed = door.close();
  await expect(ask(door.port)).rejects.toThrow(/ECONNREFUSED/);
  expect(await inFlight).toBe('done');
  await closed;
  expect(performance.now() - startedAt).toBeLessThan(3_000);
  agent.destroy();
});

test('a request that never ends is cut after the grace', async () => {
  const door = await slow(60_000);
  const inFlight = ask(door.port);
  const refused = expect(inFlight).rejects.toThrow(/socket hang up|ECONNRESET/);
  await wait(50);
  await door.close(100);
  await refused;
});

test('one who sends no HTTP and never reads the answer holds no connection', async () => {
  const door = await slow(0);
  opened.push(door);
  const connections = (): Promise<number> =>
    new Promise((resolve, reject) => {
      door.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
    });
  // Nobody listens for data: the other side's end is never seen, and this one never closed.
  const sockets = Array.from({ length: 20 }, () => connect(door.port, '127.0.0.1').on('error', () => {}));
  for (const socket of sockets) socket.write('MSH|^~\\&|garbage\r\r');
  await eventually(async () => expect(await connections()).toBe(20));
  await eventually(async () => expect(await connections()).toBe(0), 5_000);
  for (const socket of sockets) socket.destroy();
});

test('nobody asks a thousand things at once on one connection', async () => {
  let asked = 0;
  const door = await listen(
    (_request, response) => {
      asked += 1;
      response.end('x'.repeat(100_000));
    },
    { host: '127.0.0.1', port: 0, log, errorCodeSystem: System.httpErrorCodes },
  );
  opened.push(door);
  const ended = new Promise<void>((resolve) => {
    const socket = connect(door.port, '127.0.0.1')
      .on('error', () => {})
      .on('close', () => resolve());
    socket.resume();
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1_000));
  });
  await ended;
  expect(asked).toBeGreaterThan(0);
  expect(asked).toBeLessThan(200);
});
