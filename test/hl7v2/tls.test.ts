import { X509Certificate } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { fingerprintOf } from '../../src/channel/fingerprint.ts';
import { addHl7Sender, suspendHl7Sender } from '../../src/store/access/hl7-senders.ts';
import { AMBULANCE, type Caller, NOBODY, type OpenDoor, openDoor } from '../http/open-door.ts';
import { contactsOf } from '../inbound/incident.ts';
import { AUTHORITY_PEM, changeableFiles, type Holder, pemOf } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { adt, said } from './adt.ts';
import { type OpenHl7, openHl7 } from './open-hl7.ts';
import { type SendingSystem, sendingSystem } from './sending-system.ts';

const ED: Caller = { ods: 'ZZ2', kind: 'ed' };
const served = changeableFiles('server');
const fingerprint = (holder: Holder): string => fingerprintOf(new X509Certificate(pemOf(holder).cert));

let door: OpenDoor;
let hl7: OpenHl7;
beforeAll(async () => {
  door = await openDoor();
  hl7 = await openHl7(door, { tls: served.files, tlsMs: 50 });
}, 60_000);
afterAll(async () => {
  await hl7.close();
  await door.close();
  served.remove();
});

const as = (holder: Holder | null, options = {}): Promise<SendingSystem> =>
  sendingSystem(hl7.port, { ca: AUTHORITY_PEM, servername: 'localhost', ...(holder === null ? {} : pemOf(holder)), ...options });
const tell = async (holder: Holder, message: Parameters<typeof adt>[0]): Promise<readonly string[]> => {
  const system = await as(holder);
  const ack = await system.exchange(adt({ number: NOBODY, ...message }));
  system.destroy();
  return said(ack);
};
const NOT_THEIRS = ['AR', '103 MSH^1^4'];

test('[3b.9] a certificate speaks for the facility that it is registered for, and for no other; whoever is not registered is answered alike', async () => {
  const stored = await door.stored();
  expect(await tell('client', { visit: 'T1' })).toEqual(NOT_THEIRS);
  // On loopback without TLS ZZ3 may send: here a list of facilities opens nothing.
  expect(await tell('client', { visit: 'T1', facility: 'ZZ3' })).toEqual(NOT_THEIRS);
  const sender = await addHl7Sender(door.pool, { organization: 'ZZ2', kind: 'ed', application: null, fingerprint: fingerprint('client') });
  expect(await tell('client', { visit: 'T1' })).toEqual(['AA']);
  expect(await tell('client', { visit: 'T1', facility: 'ZZ3' })).toEqual(NOT_THEIRS);
  expect(await tell('server-2', { visit: 'T1' })).toEqual(NOT_THEIRS);
  expect(await door.stored()).toBe(stored + 1);
  expect(await contactsOf(door, ED, 'T1')).toHaveLength(1);

  // From the next message on, also over a connection that stands.
  const standing = await as('client');
  expect(said(await standing.exchange(adt({ number: NOBODY, visit: 'T2' })))).toEqual(['AA']);
  await suspendHl7Sender(door.pool, sender?.id ?? '', true);
  expect(said(await standing.exchange(adt({ number: NOBODY, visit: 'T3' })))).toEqual(NOT_THEIRS);
  await suspendHl7Sender(door.pool, sender?.id ?? '', false);
  expect(said(await standing.exchange(adt({ number: NOBODY, visit: 'T3' })))).toEqual(['AA']);
  standing.destroy();
});

test('one certificate of an engine may speak for two facilities, each by its application and as its kind', async () => {
  const own = { fingerprint: fingerprint('server-2') };
  await addHl7Sender(door.pool, { ...own, organization: 'ZZ3', kind: 'ambulance', application: 'CAD' });
  const ward = await addHl7Sender(door.pool, { ...own, organization: 'ZZ2', kind: 'epr', application: 'WARD' });
  await addHl7Sender(door.pool, { ...own, organization: 'ZZ2', kind: 'ed', application: null });
  expect(await addHl7Sender(door.pool, { ...own, organization: 'ZZ2', kind: 'epr', application: null })).toBeNull();
  expect(await tell('server-2', { visit: 'W1', application: 'WARD' })).toEqual(['AA']);
  expect(await tell('server-2', { visit: 'W1', application: 'CAD', facility: 'ZZ3' })).toEqual(['AA']);
  expect(await tell('server-2', { visit: 'W1', application: 'OTHER', facility: 'ZZ3' })).toEqual(NOT_THEIRS);
  expect(await tell('server-2', { visit: 'W2', application: 'OTHER' })).toEqual(['AA']);
  const EPR: Caller = { ods: 'ZZ2', kind: 'epr' };
  expect((await Promise.all([EPR, ED, AMBULANCE].map((caller) => contactsOf(door, caller, 'W1')))).map((all) => all.length)).toEqual([
    1, 0, 1,
  ]);
  // One that is suspended is not let in by the row beside it.
  await suspendHl7Sender(door.pool, ward?.id ?? '', true);
  expect(await tell('server-2', { visit: 'W3', application: 'WARD' })).toEqual(NOT_THEIRS);
});

test.each<readonly [string, Holder | null, object]>([
  ['without a certificate', null, {}],
  ['with one that no authority of ours signed', 'stranger', {}],
  ['with one that has expired', 'expired', {}],
  ['over TLS 1.1', 'client', { maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }],
])('nobody gets a word in %s', async (_, holder, options) => {
  const stored = await door.stored();
  // In TLS 1.3 the client is done before the server has looked at its certificate.
  const answer = await as(holder, options).then(
    (system) => system.exchange(adt({ number: NOBODY, visit: 'N1' })),
    () => null,
  );
  expect(answer).toBeNull();
  expect(await door.stored()).toBe(stored);
});

test('a certificate that runs out while its connection stands speaks for nobody any more', async () => {
  const until = new X509Certificate(pemOf('client').cert).validToDate.getTime();
  const later = await openHl7(door, { tls: served.files, now: () => until });
  const system = await sendingSystem(later.port, { ca: AUTHORITY_PEM, servername: 'localhost', ...pemOf('client') });
  expect(said(await system.exchange(adt({ number: NOBODY, visit: 'T9' })))).toEqual(NOT_THEIRS);
  system.destroy();
  await later.close();
});

test('a new certificate of the door is taken up while it listens', async () => {
  served.put('server-2', 'cert');
  served.put('server-2', 'key');
  await eventually(async () => {
    const system = await as('client', { checkServerIdentity: () => undefined });
    const certificate = system.socket instanceof TLSSocket ? system.socket.getPeerX509Certificate() : undefined;
    system.destroy();
    expect(certificate === undefined ? null : fingerprintOf(certificate)).toBe(fingerprint('server-2'));
  });
  const checkServerIdentity = (): undefined => undefined;
  // Callers are asked for theirs as before.
  for (const holder of [null, 'stranger'] as const) {
    const answer = await as(holder, { checkServerIdentity }).then(
      (system) => system.exchange(adt({ number: NOBODY, visit: 'N2' })),
      () => null,
    );
    expect(answer).toBeNull();
  }
});

test('whoever shows no certificate takes no place of those who do', async () => {
  const small = await openHl7(door, { tls: served.files, maxConnections: 2 });
  const silent = await Promise.all(Array.from({ length: 5 }, () => sendingSystem(small.port)));
  // The two that came last are still waited for, and count for nothing.
  await eventually(() => expect(silent.filter(({ isClosed }) => isClosed)).toHaveLength(3));
  const [one, two] = await Promise.all(
    [0, 1].map(() => sendingSystem(small.port, { ca: AUTHORITY_PEM, servername: 'localhost', ...pemOf('client') })),
  );
  for (const system of [one, two]) expect(said((await system?.exchange(adt({ number: NOBODY, visit: 'T20' }))) ?? null)).toEqual(['AA']);
  const three = await sendingSystem(small.port, { ca: AUTHORITY_PEM, servername: 'localhost', ...pemOf('client') });
  await three.closed();
  one?.destroy();
  two?.destroy();
  await small.close();
  for (const system of silent) expect(system.isClosed).toBe(true);
});

test('plain text on the port of TLS is closed', async () => {
  const plain = await sendingSystem(hl7.port);
  expect(await plain.exchange(adt({ number: NOBODY }))).toBeNull();
});
