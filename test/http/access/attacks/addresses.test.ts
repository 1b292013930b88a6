import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Resource } from '@medplum/fhirtypes';
import { exportJWK, generateKeyPair } from 'jose';
import type { Principal } from '../../../../src/model/principal.ts';
import { addClient } from '../../../../src/store/access/clients.ts';
import { ASSERTION_TYPE, assertionOf } from '../../../support/access.ts';
import * as body from '../../../support/bodies.ts';
import { type TestEngine, startTestEngine } from '../../../support/engine.ts';
import { eventually } from '../../../support/eventually.ts';
import { example, type OpenDoor, openDoor } from '../../open-door.ts';
import { addOwnClient, postForm } from './own-client.ts';

/** Something inside, on every loopback address: it counts who came as far as a connection. */
interface Inside {
  readonly port: number;
  connections(): number;
  close(): void;
}

const listenOn = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });

const openInside = async (): Promise<Inside> => {
  let connections = 0;
  const make = (): Server =>
    createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
  const four = make();
  const six = make();
  const port = await listenOn(four, '127.0.0.1', 0);
  // Where the machine has no IPv6 there is nothing to reach there.
  await listenOn(six, '::1', port).catch(() => 0);
  return {
    port,
    connections: () => connections,
    close: () => {
      four.close();
      six.close();
    },
  };
};

/** Spellings of loopback, of the machine's other insides, and names that resolve to them. */
const HOSTS = [
  'localhost',
  'localhost.',
  'LOCALHOST',
  '127.0.0.1',
  '127.1',
  '0x7f000001',
  '2130706433',
  '0177.0.0.1',
  '0.0.0.0',
  '0',
  '[::1]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[0:0:0:0:0:ffff:127.0.0.1]',
  '[64:ff9b::7f00:1]',
  'ip6-localhost',
];

describe('a jwks_uri that leads inside', () => {
  let door: OpenDoor;
  let inside: Inside;
  beforeAll(async () => {
    door = await openDoor([]);
    inside = await openInside();
  }, 60_000);
  afterAll(async () => {
    inside.close();
    expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
    await door.close();
  });

  const askWith = async (jwksUri: string): Promise<{ readonly status: number; readonly json: Readonly<Record<string, unknown>> }> => {
    const { id } = await addClient(door.pool, { organization: 'ZZ1', kind: 'publisher', scopes: ['system/*.cruds'], keys: { jwksUri } });
    const endpoint = `${door.origin}/oauth/token`;
    const form = async () => ({ client_assertion_type: ASSERTION_TYPE, client_assertion: await assertionOf(id, endpoint) });
    const beside = await postForm(`${door.origin}/oauth/introspect`, new URLSearchParams({ token: 'x', ...(await form()) }));
    expect(beside.status).toBe(401);
    return postForm(endpoint, new URLSearchParams({ grant_type: 'client_credentials', ...(await form()) }));
  };

  test.each(HOSTS)('tries %s: no token, and nobody comes as far as a connection', async (host) => {
    for (const address of [`https://${host}:${inside.port}/jwks`, `http://${host}:${inside.port}/jwks`]) {
      const { status, json } = await askWith(address);
      expect([address, json['access_token']]).toEqual([address, undefined]);
      expect([400, 401]).toContain(status);
      // Which of its rules an address broke is nothing for whoever asks.
      expect(JSON.stringify(json)).not.toMatch(/127|ECONN|loopback|private|guard|::1/i);
    }
    expect(inside.connections()).toBe(0);
  });

  test.each([
    'http://169.254.169.254/latest/meta-data',
    'https://10.0.0.1/jwks',
    'https://192.168.0.1/jwks',
    'https://[fd00::1]/jwks',
    'https://[fe80::1]/jwks',
    'https://100.64.0.1/jwks',
  ])('tries %s', async (address) => {
    const startedAt = performance.now();
    const { status, json } = await askWith(address);
    expect(json['access_token']).toBeUndefined();
    expect([400, 401]).toContain(status);
    // It is not connected to, and so nothing is waited for.
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  test.each([
    'file:///etc/passwd',
    'data:application/json,{"keys":[]}',
    'ftp://localhost/x',
    'gopher://localhost/x',
    'blob:x',
    '//localhost/x',
    'x',
  ])('tries the scheme of %s', async (address) => {
    const { status, json } = await askWith(address);
    expect(json['access_token']).toBeUndefined();
    expect([400, 401]).toContain(status);
  });
});

describe('a jwks_uri that is let through, and leads on', () => {
  let door: OpenDoor;
  let inside: Inside;
  const keys = generateKeyPair('ES384', { extractable: true });
  let answer: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly text: string } = {
    status: 200,
    headers: {},
    text: '',
  };
  const server = createHttpServer((_request, response) => {
    response.writeHead(answer.status, answer.headers).end(answer.text);
  });
  let address = '';
  beforeAll(async () => {
    // Loopback by IPv4 alone is let through: what is at ::1 is inside still.
    door = await openDoor(['127.0.0.0/8']);
    inside = await openInside();
    address = `http://127.0.0.1:${await listenOn(server, '127.0.0.1', 0)}/jwks`;
  }, 60_000);
  afterAll(async () => {
    inside.close();
    server.closeAllConnections();
    server.close();
    expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
    await door.close();
  });

  let asked = 0;
  const ask = async () => {
    // What came of an address is remembered for a while: each time another one.
    asked += 1;
    const { id } = await addClient(door.pool, {
      organization: 'ZZ1',
      kind: 'publisher',
      scopes: ['system/*.cruds'],
      keys: { jwksUri: `${address}?${asked}` },
    });
    const own = await addOwnClient(door);
    const assertion = await own.assertion({ iss: id, sub: id }, { kid: 'k' }, (await keys).privateKey);
    return own.ask(await own.form({ client_assertion: assertion }));
  };
  const jwks = async (): Promise<string> =>
    JSON.stringify({ keys: [{ ...(await exportJWK((await keys).publicKey)), kid: 'k', alg: 'ES384', use: 'sig' }] });
  const json = { 'content-type': 'application/json' };

  test('a set of keys there gets a token', async () => {
    answer = { status: 200, headers: json, text: await jwks() };
    expect((await ask()).status).toBe(200);
  });

  test.each([301, 302, 303, 307, 308])('tries to redirect it with %s', async (status) => {
    answer = { status, headers: { location: `http://[::1]:${inside.port}/jwks` }, text: await jwks() };
    expect((await ask()).json['access_token']).toBeUndefined();
    answer = { status, headers: { location: `http://127.0.0.1:${inside.port}/jwks` }, text: await jwks() };
    expect((await ask()).json['access_token']).toBeUndefined();
    expect(inside.connections()).toBe(0);
  });

  test.each<[string, () => Promise<string>]>([
    ['nothing', async () => ''],
    ['no JSON', async () => '<html>'],
    ['a list', async () => '[]'],
    ['no keys', async () => '{"keys":[]}'],
    ['keys that are none', async () => '{"keys":[null,1,"x",{}]}'],
    ['a secret', async () => JSON.stringify({ keys: [{ kty: 'oct', k: 'eA', kid: 'k' }] })],
    ['two hundred kilobytes', async () => `{"keys":[${'{},'.repeat(70_000)}{}]}`],
    ['a name of the language', async () => '{"__proto__":{"keys":[]}}'],
  ])('tries %s in its place', async (_, text) => {
    answer = { status: 200, headers: json, text: await text() };
    const { status, json: told } = await ask();
    expect(told['access_token']).toBeUndefined();
    expect([400, 401]).toContain(status);
  });

  test.each([204, 400, 401, 404, 500])('tries the status %s', async (status) => {
    answer = { status, headers: json, text: status === 204 ? '' : await jwks() };
    expect((await ask()).json['access_token']).toBeUndefined();
  });
});

describe('an Endpoint and a Subscription that lead inside', () => {
  const operator: Principal = { organization: 'BROKER', kind: 'operator', scopes: ['system/*.cruds'], user: null };
  const publisher: Principal = { organization: 'TRUST1', kind: 'publisher', scopes: ['system/*.cruds'], user: null };
  const hospital: Principal = { organization: 'EPR1', kind: 'epr', scopes: ['system/*.cruds'], user: null };
  let engine: TestEngine;
  let inside: Inside;
  const put = (principal: Principal, resource: object) =>
    engine.store.write({ principal, resource: resource as Resource, id: (resource as Resource).id ?? null, ifMatch: null });
  beforeAll(async () => {
    inside = await openInside();
    engine = await startTestEngine({ OUTBOUND_ALLOW: '' });
  }, 60_000);
  afterAll(async () => {
    inside.close();
    await engine?.stop();
  });

  test('tries names that resolve to loopback, over each channel: a plan is due, and nobody comes as far as a connection', async () => {
    await put(operator, body.organization('org-trust', 'TRUST1', 'publisher'));
    await put(operator, body.organization('org-epr', 'EPR1', 'epr'));
    await put(operator, body.service('svc-epr', 'org-epr', 'epr'));
    const localhost = `localhost:${inside.port}`;
    // As they would stand once a name that was public when it was written resolves to something inside.
    await put(operator, body.endpoint('by-fhir', 'svc-epr', 'org-epr', `https://${localhost}/fhir`));
    await put(operator, body.endpoint('by-hl7', 'svc-epr', 'org-epr', `mllps://${localhost}`));
    const subscription = example('plan-subscription');
    await put(hospital, {
      ...subscription,
      id: 'by-hook',
      channel: { ...(subscription['channel'] as object), endpoint: `https://${localhost}/hook` },
    });
    await put(operator, body.agreement('org-trust', ['svc-epr']));
    for (const id of ['author', 'approver']) await put(publisher, body.practitioner(id));
    await put(publisher, body.patient('p1', '9990000018'));
    await put(
      publisher,
      body.composition('words1', 'p1', {
        'please-do': 'Speak slowly please',
        'who-to-ring': 'Ring the crisis team, day and night: 01632 960001',
      }),
    );
    await put(publisher, body.carePlan('v1', 'p1', 'words1', { reach: ['svc-epr'] }));
    await put(publisher, body.consent('c1', 'p1', 'org-trust', { kinds: ['epr'] }));
    await engine.store.approve(publisher, 'v1', '1', body.approval('v1'), body.approver);
    // Each was tried, and tried again.
    await eventually(async () => {
      const { rows } = await engine.database.pool.query<{ id: string; tries: number }>(
        `SELECT k.destination_id AS id, count(*)::integer AS tries FROM delivery d JOIN ledger_key k ON k.id = d.key_id
          WHERE d.outcome <> 'open' GROUP BY k.destination_id`,
      );
      for (const id of ['by-fhir', 'by-hl7']) expect(rows.find((row) => row.id === id)?.tries ?? 0).toBeGreaterThan(1);
    }, 20_000);
    expect(inside.connections()).toBe(0);
    const { rows } = await engine.database.pool.query("SELECT FROM delivery WHERE outcome = 'accepted'");
    expect(rows).toHaveLength(0);
  }, 60_000);
});
