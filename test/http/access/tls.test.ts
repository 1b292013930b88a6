import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import type { RequestOptions } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { connect } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import { System } from '../../../profiles/canonicals.ts';
import { listen } from '../../../src/http/listen.ts';
import type { Listening, ListenOptions } from '../../../src/http/listen.ts';
import { createLog } from '../../../src/log.ts';
import { CannotStart } from '../../../src/model/cannot-start.ts';
import { AUTHORITY, AUTHORITY_PEM, changeableFiles, filesOf, type Holder, pemOf } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';

const opened: Listening[] = [];
const stops: (() => void)[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close(0);
  for (const stop of stops.splice(0)) stop();
});

const open = async (tls: ListenOptions['tls'], more: Partial<ListenOptions> = {}): Promise<Listening> => {
  const door = await listen((_request, response) => response.end('in'), {
    host: '127.0.0.1',
    port: 0,
    log: createLog('silent'),
    errorCodeSystem: System.httpErrorCodes,
    tls: tls ?? null,
    ...more,
  });
  opened.push(door);
  return door;
};

/** What a caller gets: the body of the answer, or the code of what went wrong. */
const ask = ({ port }: Listening, options: RequestOptions & { readonly session?: Buffer } = {}): Promise<string> =>
  new Promise((resolve) => {
    request({ host: '127.0.0.1', port, ca: AUTHORITY_PEM, agent: new Agent({ maxCachedSessions: 0 }), ...options }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => resolve(text));
    })
      .on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
      .end();
  });

const shakeHands = ({ port }: Listening, options: ConnectionOptions = {}): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ca: AUTHORITY_PEM, ...options }, () => resolve(socket));
    socket.on('error', reject);
  });

const nameOf = async (door: Listening): Promise<string> => {
  const socket = await shakeHands(door);
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return String(CN);
};

const server = { ...filesOf('server'), clientCa: null };

describe('TLS', () => {
  test('the door tells an address with https, and answers over TLS', async () => {
    const door = await open(server);
    expect(door.url).toBe(`https://127.0.0.1:${door.port}/fhir`);
    expect(await ask(door)).toBe('in');
  });

  test('plain HTTP gets nothing, and the door stays open', async () => {
    const door = await open(server);
    const said = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connectPlain(door.port, '127.0.0.1', () => socket.write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n'));
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1');
      });
      socket.on('error', () => undefined).on('close', () => resolve(text));
    });
    expect(said).not.toMatch(/HTTP\/1/);
    expect(await ask(door)).toBe('in');
  });

  test.each(['TLSv1', 'TLSv1.1'] as const)('%s is not spoken', async (maxVersion) => {
    const door = await open(server);
    // The client is willing: @SECLEVEL=0 lets its library go so far down.
    const old = { minVersion: 'TLSv1', maxVersion, ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(shakeHands(door, old)).rejects.toMatchObject({ code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('%s is spoken', async (version) => {
    const socket = await shakeHands(await open(server), { minVersion: version, maxVersion: version });
    expect(socket.getProtocol()).toBe(version);
    socket.destroy();
  });

  test('a handshake that never ends is cut off', async () => {
    const door = await open(server, { patience: { headersMs: 300 } });
    const startedAt = performance.now();
    await new Promise<void>((resolve) => {
      connectPlain(door.port, '127.0.0.1')
        .on('error', () => undefined)
        .on('close', () => resolve())
        .resume();
    });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

describe('Mutual TLS', () => {
  const mutual = { ...filesOf('server'), clientCa: AUTHORITY };

  test('a caller whose certificate the authority signed comes in', async () => {
    expect(await ask(await open(mutual), pemOf('client'))).toBe('in');
  });

  test.each([
    ['none', {}],
    ['one that he signed himself in the name of another', pemOf('stranger')],
    ['one that has expired', pemOf('expired')],
  ])('a caller does not get past the handshake with %s, whatever he asks for', async (_which, own) => {
    const door = await open(mutual);
    for (const path of ['/health/live', '/fhir/metadata', '/'])
      expect(await ask(door, { ...own, path })).toMatch(/^(?:ERR_SSL_\w+|ECONNRESET|EPIPE)$/);
    expect(await ask(door, pemOf('client'))).toBe('in');
  });

  test('a session of one who had a certificate lets nobody in after the authority was changed', async () => {
    const changeable = changeableFiles('server');
    stops.push(changeable.remove);
    const door = await open(changeable.files, { patience: { tlsMs: 30 } });
    const first = await shakeHands(door, pemOf('client'));
    const session = new Promise<Buffer>((resolve) => {
      first.once('session', resolve);
    });
    first.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    first.resume();
    const kept = await session;
    writeFileSync(changeable.files.clientCa, pemOf('stranger').cert);
    await eventually(async () => expect(await ask(door, pemOf('stranger'))).toBe('in'));
    expect(await ask(door, { ...pemOf('client'), session: kept })).not.toBe('in');
    expect(await ask(door, { session: kept })).not.toBe('in');
  });
});

describe('The files of TLS', () => {
  const refusal = async (tls: Partial<NonNullable<ListenOptions['tls']>>): Promise<string> => {
    const opening = open({ ...server, ...tls });
    await expect(opening).rejects.toBeInstanceOf(CannotStart);
    return opening.then(
      () => '',
      (fault: Error) => fault.message,
    );
  };

  test.each<[string, Partial<NonNullable<ListenOptions['tls']>>, RegExp]>([
    ['no certificate', { cert: '/nowhere/cert.pem' }, /^TLS_CERT cannot be read \(ENOENT\)$/],
    ['no key', { key: '/nowhere/key.pem' }, /^TLS_KEY cannot be read \(ENOENT\)$/],
    ['no authorities', { clientCa: '/nowhere/ca.pem' }, /^TLS_CLIENT_CA cannot be read \(ENOENT\)$/],
    ['a folder', { cert: '/' }, /^TLS_CERT cannot be read \(EISDIR\)$/],
    ['a key for a certificate', { cert: filesOf('server').key }, /^TLS_CERT must hold certificates as PEM$/],
    ['a certificate for a key', { key: filesOf('server').cert }, /^TLS_KEY must hold a private key as PEM, without a passphrase$/],
    ['a key for authorities', { clientCa: filesOf('server').key }, /^TLS_CLIENT_CA must hold certificates as PEM$/],
    ['the key of another certificate', { key: filesOf('client').key }, /^TLS_KEY is not the key of TLS_CERT$/],
    ['a certificate that has expired', filesOf('expired'), /^TLS_CERT has expired, on 2025-01-01T00:00:00.000Z$/],
    ['a certificate of the future', filesOf('future'), /^TLS_CERT is not valid before 2120-01-01T00:00:00.000Z$/],
    ['an authority that has expired', { clientCa: filesOf('expired').cert }, /^TLS_CLIENT_CA has expired, on /],
  ])('%s: the broker does not start, and says why in one line', async (_which, files, line) => {
    expect(await refusal(files)).toMatch(line);
  });

  test('a new certificate is used as soon as its key is there too, without a restart, and one that cannot be used never', async () => {
    const lines: string[] = [];
    const changeable = changeableFiles('server');
    stops.push(changeable.remove);
    const change = (holder: Holder, part: 'cert' | 'key'): Promise<void> => {
      changeable.put(holder, part);
      return new Promise((resolve) => setTimeout(resolve, 200));
    };
    const door = await open(
      { ...changeable.files, clientCa: null },
      { log: createLog('info', (text) => lines.push(text)), patience: { tlsMs: 30 } },
    );
    const told = (): readonly string[] => lines.slice(1).map((line): string => JSON.parse(line).msg);
    expect(await nameOf(door)).toBe('Invented server');

    await change('server-2', 'cert');
    expect(await nameOf(door)).toBe('Invented server');
    await change('server-2', 'key');
    expect(await nameOf(door)).toBe('Invented server, renewed');
    expect(told()).toEqual([
      'the files of the certificate cannot be used: what was read before stays in use',
      'the certificate of the door was changed for a new one',
    ]);

    await change('expired', 'key');
    await change('expired', 'cert');
    expect(await nameOf(door)).toBe('Invented server, renewed');
    // Told once for each reason, not every time that it looks.
    expect(told()).toHaveLength(4);
    expect(lines.join('')).not.toMatch(/BEGIN|PRIVATE/);
  });

  test('who came in by the old certificate is not cut off, and comes in by the new one next', async () => {
    const changeable = changeableFiles('server');
    stops.push(changeable.remove);
    let answer: () => void = () => undefined;
    const door = await listen(
      (_request, response) => {
        answer = () => response.end('late');
      },
      {
        host: '127.0.0.1',
        port: 0,
        log: createLog('silent'),
        errorCodeSystem: System.httpErrorCodes,
        tls: { ...changeable.files, clientCa: null },
        patience: { tlsMs: 30 },
      },
    );
    opened.push(door);
    const agent = new Agent({ keepAlive: true });
    const pending = ask(door, { agent });
    changeable.put('server-2', 'cert');
    changeable.put('server-2', 'key');
    await eventually(async () => expect(await nameOf(door)).toBe('Invented server, renewed'));
    answer();
    expect(await pending).toBe('late');
    agent.destroy();
  });
});
