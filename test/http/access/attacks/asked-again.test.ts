import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair } from 'jose';
import { addClient } from '../../../../src/store/access/clients.ts';
import { ASSERTION_TYPE } from '../../../support/access.ts';
import { type OpenDoor, openDoor } from '../../open-door.ts';
import { addOwnClient, type OwnClient, postForm } from './own-client.ts';

let door: OpenDoor;
let own: OwnClient;
let asked = 0;
let answer: { readonly status: number; readonly text: string } = { status: 200, text: '' };
const server = createServer((_request, response) => {
  asked += 1;
  response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.text);
});
let address = '';
beforeAll(async () => {
  door = await openDoor();
  own = await addOwnClient(door);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}, 60_000);
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  await door.close();
});

/** Assertions that anyone can make who knows the id of a client: nobody's key signed them. */
const forge = async (id: string, at: number): Promise<string> =>
  own.assertion({ iss: id, sub: id }, { kid: `k${at}` }, (await generateKeyPair('ES384')).privateKey);

test.each<[string, () => Promise<typeof answer>]>([
  [
    'keys of which none is the one',
    async () => ({
      status: 200,
      text: JSON.stringify({
        keys: [{ ...(await exportJWK((await generateKeyPair('ES384', { extractable: true })).publicKey)), kid: 'x' }],
      }),
    }),
  ],
  ['a fault', async () => ({ status: 500, text: '' })],
  ['no keys', async () => ({ status: 200, text: '{"keys":[]}' })],
  ['no JSON', async () => ({ status: 200, text: '<html>' })],
])('a stranger tries to have the broker ask a jwks_uri again and again, which answers with %s', async (name, make) => {
  answer = await make();
  const path = `/${encodeURIComponent(name)}`;
  const { id } = await addClient(door.pool, {
    organization: 'ZZ1',
    kind: 'publisher',
    scopes: ['system/*.cruds'],
    keys: { jwksUri: `${address}${path}` },
  });
  for (const [endpoint, more] of [
    ['token', { grant_type: 'client_credentials' }],
    ['introspect', { token: 'x' }],
  ] as const) {
    asked = 0;
    for (let at = 0; at < 30; at += 1) {
      const form = new URLSearchParams({ ...more, client_assertion_type: ASSERTION_TYPE, client_assertion: await forge(id, at) });
      const { status } = await postForm(`${door.origin}/oauth/${endpoint}`, form);
      expect([400, 401]).toContain(status);
    }
    expect([endpoint, asked <= 3]).toEqual([endpoint, true]);
  }
});
