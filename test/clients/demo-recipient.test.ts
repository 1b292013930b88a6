import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { askBroker } from '../../demo/recipients/broker-client.ts';
import { readJwks, writeNewKeys } from '../../src/client-keys.ts';
import { openAccess } from '../../src/store/access/access.ts';
import { addClient, suspendClient } from '../../src/store/access/clients.ts';
import { type OpenDoor, openDoor } from '../http/open-door.ts';

// The client that README and docs/connect.md hold up as an example, on the real door.

let door: OpenDoor;
let folder = '';
let client = '';
beforeAll(async () => {
  door = await openDoor();
  folder = await mkdtemp(join(tmpdir(), 'demo-recipient-'));
  const { key, jwks } = await writeNewKeys(folder);
  const keys = { jwks: await readJwks(jwks) };
  client = (await addClient(door.pool, { organization: 'ZZ3', kind: 'ambulance', scopes: ['system/Task.s'], keys })).id;
  Object.assign(process.env, { CLIENT_ID: client, CLIENT_KEY: key });
}, 60_000);
afterAll(async () => {
  await door.close();
  await rm(folder, { recursive: true });
});

/** Tokens that were sent to the FHIR door, in order. */
let sent: string[] = [];
const { fetch } = globalThis;
beforeEach(() => {
  sent = [];
  globalThis.fetch = (url, init) => {
    const token = new Headers(init?.headers).get('Authorization');
    if (token !== null) sent.push(token.replace('Bearer ', ''));
    return fetch(url, init);
  };
});
afterEach(() => {
  globalThis.fetch = fetch;
  jest.restoreAllMocks();
});

describe('a recipient of the demo', () => {
  const recipient = () => askBroker({ broker: `${door.origin}/fhir` });

  test('keeps its token until shortly before it runs out', async () => {
    const ask = recipient();
    const start = performance.now();
    for (const later of [0, 260_000, 280_000]) {
      jest.spyOn(performance, 'now').mockReturnValue(start + later);
      expect((await ask('GET', 'Task')).status).toBe(200);
    }
    const [first, second, third] = sent;
    expect([second === first, third === first]).toEqual([true, false]);
  });

  test('several requests at the same moment share one token', async () => {
    const ask = recipient();
    await Promise.all([ask('GET', 'Task'), ask('GET', 'Task'), ask('GET', 'Task')]);
    expect([sent.length, new Set(sent).size]).toEqual([3, 1]);
  });

  test('asks for another one where its token is taken no longer', async () => {
    const ask = recipient();
    await ask('GET', 'Task');
    await openAccess(door.pool).revokeToken(String(decodeJwt(sent[0] ?? '').jti), new Date(Date.now() + 300_000));
    // A process remembers a token for four seconds.
    await new Promise((resolve) => setTimeout(resolve, 4_200));
    expect((await ask('GET', 'Task')).status).toBe(200);
    expect([sent.length, sent[1] === sent[0], sent[2] === sent[0]]).toEqual([3, true, false]);
  }, 30_000);

  test('says what the broker said where it is given none, and does not ask for ever', async () => {
    await suspendClient(door.pool, client);
    await expect(recipient()('GET', 'Task')).rejects.toThrow('the broker gives no token: 401 invalid_client');
    await suspendClient(door.pool, client, false);
  });
});
