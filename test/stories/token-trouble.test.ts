import type { Task } from '@medplum/fhirtypes';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { endpointCommand } from '../../src/endpoint-commands.ts';
import { ALL, searchAmong } from '../../src/store/search/search.ts';
import { layGround, publisher, type Ground } from '../store/ground.ts';
import * as body from '../support/bodies.ts';
import { AUTHORITY, AUTHORITY_PEM, pemOf } from '../support/certificates.ts';
import { certificateOptions, secretFolder } from '../support/credential-files.ts';
import { startTestEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { startFakeFhirRecipient } from '../support/fake-fhir-recipient.ts';
import type { FakeRecipient } from '../support/fake-recipient.ts';
import { type FakeTokenEndpoint, startFakeTokenEndpoint } from '../support/fake-token-endpoint.ts';

/** The broker's own loop, with queue and workers, at a recipient that asks for a certificate and a token. */
let broker: TestEngine;
let ground: Ground;
let platform: FakeTokenEndpoint;
let epr: FakeRecipient;
const secrets = secretFolder();

beforeAll(async () => {
  broker = await startTestEngine();
  ground = await layGround(broker.database);
  platform = await startFakeTokenEndpoint();
  epr = await startFakeFhirRecipient({
    tls: { ...pemOf('server'), ca: AUTHORITY_PEM, requestCert: true, rejectUnauthorized: true },
    authorizes: (header) => platform.holderOf(header) === 'client-loop',
  });
}, 60_000);
afterAll(async () => {
  secrets.remove();
  await epr?.stop();
  await platform?.stop();
  await broker?.stop();
}, 60_000);

const tasks = async (): Promise<readonly string[]> => {
  const found = await ground.store.search(searchAmong('Task', ALL, [{ is: 'token', param: 'code', anyOf: ['attention'] }], 100));
  return found.rows.map(({ body: task }) => (task as Task).status);
};

test('I12: a token endpoint that refuses holds plans and recalls up, loudly, and once it answers all is well by itself', async () => {
  const registered = platform.register('client-loop', 'key-loop');
  const { service } = await ground.recipient('loop', 'epr', epr.address);
  await endpointCommand(broker.database.pool, broker.config, 'endpoint credential set', 'end-loop', {
    'token-url': platform.url,
    client: registered.clientId,
    key: secrets.put('loop.pem', registered.key),
    kid: registered.kid,
    'token-ca': AUTHORITY,
    ...certificateOptions('client'),
  });
  platform.behave('refuse');
  const { consent, patient, number } = await ground.person('loop', [service]);
  await eventually(async () => expect(await tasks()).toEqual(['requested']), 20_000);
  expect(epr.received()).toEqual([]);
  const { rows } = await broker.database.pool.query(`SELECT DISTINCT outcome, because FROM delivery WHERE outcome <> 'open'`);
  expect(rows).toEqual([{ outcome: 'refused', because: 'token-refused' }]);

  platform.behave('normal');
  await eventually(() => expect(epr.holds().map(({ person }) => person)).toEqual([number]), 20_000);
  await eventually(async () => expect(await tasks()).toEqual(['completed']), 20_000);

  // A recall goes by the same road, and waits as a plan does.
  platform.revokeAll();
  platform.behave('fail');
  await ground.put(publisher, body.consent(consent, patient, 'org-trust', { kinds: ['epr'], status: 'inactive' }));
  await eventually(async () => expect(await tasks()).toEqual(['requested']), 20_000);
  expect(epr.holds()).toHaveLength(1);
  platform.behave('normal');
  await eventually(() => expect(epr.holds()).toEqual([]), 20_000);
  await eventually(async () => expect(await tasks()).toEqual(['completed']), 20_000);
  // Nothing of an assertion lies anywhere that the broker writes.
  const { rows: written } = await broker.database.pool.query('SELECT string_agg(because, $1) AS because FROM delivery', [' ']);
  for (const assertion of platform.asked()) expect(String(written[0]?.because)).not.toContain(assertion.slice(0, 40));
}, 120_000);
