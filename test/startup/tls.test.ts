import { request } from 'node:https';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort } from '../../src/store/free-port.ts';
import { AUTHORITY, AUTHORITY_PEM, filesOf, pemOf } from '../support/certificates.ts';
import { openDatabase, testKeyFile } from '../support/database.ts';
import { useStartup } from '../support/startup.ts';

const { folder, start, stop } = useStartup();
let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

const ask = (url: string, own: { cert?: string; key?: string } = {}): Promise<Answered> =>
  new Promise((resolve, reject) => {
    request(url, { ca: AUTHORITY_PEM, ...own, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    })
      .on('error', reject)
      .end();
  });

test('A broker beyond loopback with TLS and authorities: https in the ready line and in links, HSTS, health on a port of its own', async () => {
  const { cert, key } = filesOf('server');
  const HEALTH_PORT = String(await freePort());
  const broker = start({
    DATABASE_URL: database.url,
    KEY_FILE: await testKeyFile(folder().path),
    HOST: '0.0.0.0',
    TLS_CERT: cert,
    TLS_KEY: key,
    TLS_CLIENT_CA: AUTHORITY,
    HEALTH_PORT,
  });
  const base = await broker.ready();
  expect(base).toMatch(/^https:\/\/0\.0\.0\.0:\d+\/fhir$/);
  const reached = base.replace('0.0.0.0', '127.0.0.1');

  const metadata = await ask(`${reached}/metadata`, pemOf('client'));
  expect(metadata.status).toBe(200);
  expect(JSON.parse(metadata.body).implementation.url).toBe(reached);
  expect(metadata.headers['strict-transport-security']).toMatch(/^max-age=\d{8}/);
  await expect(ask(`${reached}/metadata`)).rejects.toThrow(/certificate required|ECONNRESET|EPIPE/);
  await expect(ask(new URL('/health/live', reached).href)).rejects.toThrow(/certificate required|ECONNRESET|EPIPE/);

  const health = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${HEALTH_PORT}${path}`);
  expect(await Promise.all(['/health/live', '/health/ready'].map(async (path) => (await health(path)).status))).toEqual([200, 200]);
  for (const path of ['/metrics', '/fhir/metadata', '/fhir/Patient', '/health/live/../../metrics', '/health/live?x', '/'])
    expect([path, (await health(path)).status]).toEqual([path, 404]);
  await stop(broker);
}, 60_000);

test('PUBLIC_URL stands in links, whatever Host and X-Forwarded-Host say', async () => {
  const broker = start({
    DATABASE_URL: database.url,
    KEY_FILE: await testKeyFile(folder().path),
    BEHIND_PROXY: '1',
    PUBLIC_URL: 'https://broker.example',
  });
  const base = await broker.ready();
  const answer = await fetch(`${base}/metadata`, { headers: { 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'http' } });
  expect(JSON.parse(await answer.text()).implementation.url).toBe('https://broker.example/fhir');
  await stop(broker);
}, 60_000);
