import { expect, test } from '@jest/globals';
import { parseConfig } from '../../src/config.ts';
import { readMesh } from '../../src/mesh-part.ts';
import { AUTHORITY, filesOf, type Holder } from '../support/certificates.ts';

const configOf = (cert: Holder, key: Holder, more: Readonly<Record<string, string>> = {}) =>
  parseConfig({
    MESH_URL: 'https://mesh.example',
    MESH_MAILBOX: 'X26BROKER1',
    MESH_PASSWORD: 'hidden',
    MESH_SHARED_KEY: 'hidden',
    MESH_CERT: filesOf(cert).cert,
    MESH_KEY: filesOf(key).key,
    MESH_CA: AUTHORITY,
    ...more,
  });

test('What MESH is shown is read at the start; without a mailbox there is nothing to read', async () => {
  expect(await readMesh(configOf('client', 'client'))).toMatchObject({
    secrets: { mailbox: 'X26BROKER1' },
    tls: { ca: expect.any(String) },
  });
  expect(await readMesh(parseConfig({}))).toBeNull();
});

test.each([
  ['a key of another certificate', configOf('client', 'server'), /^MESH_KEY is not the key of MESH_CERT$/],
  ['a certificate that has run out', configOf('expired', 'expired'), /^MESH_CERT has expired/],
  ['a file that is not there', configOf('client', 'client', { MESH_CERT: '/nowhere' }), /^MESH_CERT cannot be read \(ENOENT\)$/],
  ['authorities that are not there', configOf('client', 'client', { MESH_CA: '/nowhere' }), /^MESH_CA cannot be read \(ENOENT\)$/],
])('%s is refused in one line', async (_which, config, line) => {
  await expect(readMesh(config)).rejects.toThrow(line);
});
