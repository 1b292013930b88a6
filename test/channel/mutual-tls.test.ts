import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import type { Parcel } from '../../src/channel/channel.ts';
import { createAddressGuard } from '../../src/channel/address-guard.ts';
import { openFhirMessaging } from '../../src/channel/fhir-messaging.ts';
import { createGuardedAgent } from '../../src/channel/guarded-agent.ts';
import { openChannels } from '../../src/channel/open-channels.ts';
import { openWithCredential } from '../../src/channel/with-credential.ts';
import type { CredentialInUse } from '../../src/model/credential.ts';
import { AUTHORITY_PEM, type Holder, pemOf } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { startFakeFhirRecipient } from '../support/fake-fhir-recipient.ts';
import { startFakeMllpRecipient } from '../support/fake-mllp-recipient.ts';
import type { FakeRecipient } from '../support/fake-recipient.ts';
import { envelope, mdmParcel, target, updateParcel, within } from './samples.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SEND_ONCE = fileURLToPath(new URL('./send-once.ts', import.meta.url));
const channels = openChannels(['127.0.0.0/8']);
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});
afterAll(() => channels.close());

const FAR = Date.parse('2120-01-01');
let versions = 0;
/** A credential of a holder's certificate, for one Endpoint. */
const credentialOf = (holder: Holder | null, more: Partial<CredentialInUse> = {}): CredentialInUse => {
  versions += 1;
  const certificate = holder === null ? null : { ...pemOf(holder), notAfter: FAR };
  return { version: `v${versions}`, endpointId: 'end-a', address: 'a', signedJwt: null, certificate, ca: AUTHORITY_PEM, ...more };
};
const fingerprintOf = (holder: Holder): string => new X509Certificate(pemOf(holder).cert).fingerprint256;
/** Asks whoever calls for a certificate of the invented authority, or of who signed for himself. */
const asksFor = (holder: Holder) => ({
  ...pemOf('server'),
  ca: holder === 'stranger' ? pemOf('stranger').cert : AUTHORITY_PEM,
  requestCert: true,
  rejectUnauthorized: true,
});
const ACCEPTED = { kind: 'accepted', level: 'application' };
const started = async <T extends FakeRecipient>(starting: Promise<T>): Promise<T> => {
  const recipient = await starting;
  stops.push(recipient.stop);
  return recipient;
};

describe.each([
  { road: 'fhir-messaging', what: 'mutual TLS over HTTPS' },
  { road: 'hl7v2-mllp', what: '[3b.9] mutual TLS over MLLP' },
] as const)('$what', ({ road }) => {
  const start = (holder: Holder, server: Holder = 'server') => {
    const tls = { ...asksFor(holder), ...pemOf(server) };
    return started<FakeRecipient>(road === 'fhir-messaging' ? startFakeFhirRecipient({ tls }) : startFakeMllpRecipient({ tls }));
  };
  const parcel = (address: string, count: number): Parcel =>
    road === 'fhir-messaging' ? updateParcel(address, envelope(count)) : mdmParcel(envelope(count));
  const send = (recipient: FakeRecipient, credential: CredentialInUse | null, count: number) =>
    channels[road].send(target(recipient.address, { credential }), parcel(recipient.address, count), within(10_000, 5_000));
  let own: FakeRecipient;

  test('the certificate of the Endpoint is shown, and the recipient is known by the authority that was declared', async () => {
    own = await start('client');
    expect(await send(own, credentialOf('client'), 1)).toEqual(ACCEPTED);
    expect(own.holds()).toHaveLength(1);
  });

  test('without a certificate, or with one that its authority did not sign, nothing is stored', async () => {
    own = await start('client');
    for (const holder of [null, 'stranger'] as const) {
      const outcome = await send(own, credentialOf(holder), 1);
      // TLS 1.3: the refusal comes when the handshake is over for us, so that nobody can prove that nothing was read.
      expect(['not-connected', 'connection-lost']).toContain('because' in outcome ? outcome.because : outcome.kind);
    }
    expect([own.holds(), own.received()]).toEqual([[], []]);
  });

  test('a recipient whom another authority signed, or whose certificate has run out, gets nothing', async () => {
    own = await start('client', 'stranger');
    expect(await send(own, credentialOf('client'), 1)).toEqual({ kind: 'refused', because: 'not-connected', retry: true });
    const expired = await start('client', 'expired');
    expect(await send(expired, credentialOf('client'), 1)).toEqual({ kind: 'refused', because: 'not-connected', retry: true });
    const bySystem = await start('client');
    expect(await send(bySystem, credentialOf('client', { ca: null }), 1)).toMatchObject({ because: 'not-connected' });
    expect([own, expired, bySystem].flatMap((each) => each.received())).toEqual([]);
  });

  test('the environment cannot make it trust whoever answers', async () => {
    own = await start('client', 'stranger');
    const env = { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    const asked = [process.execPath, [SEND_ONCE, road, own.address], { env, cwd: ROOT }] as const;
    const { stdout } = await promisify(execFile)(...asked);
    expect(JSON.parse(stdout)).toEqual({ kind: 'refused', because: 'not-connected', retry: true });
    expect(own.received()).toEqual([]);
  }, 30_000);

  test('a certificate of ours that has run out is not shown: nothing is connected to', async () => {
    own = await start('client');
    const credential = credentialOf('client', { certificate: { ...pemOf('expired'), notAfter: Date.parse('2025-01-01') } });
    expect(await send(own, credential, 1)).toEqual({ kind: 'refused', because: 'certificate-expired', retry: true });
    expect(own.received()).toEqual([]);
  });

  test('two Endpoints at once: each recipient sees the certificate that is meant for it, and no other', async () => {
    const [one, other] = [await start('client'), await start('stranger')];
    const ofOne = credentialOf('client');
    const ofOther = credentialOf('stranger', { endpointId: 'end-b', address: 'b' });
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, count) => (count % 2 === 0 ? send(one, ofOne, count) : send(other, ofOther, count))),
    );
    expect(outcomes).toEqual(Array.from({ length: 20 }, () => ACCEPTED));
    expect([one.received().length, other.received().length]).toEqual([10, 10]);
    const seen = (recipient: FakeRecipient): readonly string[] =>
      road === 'fhir-messaging'
        ? recipient.received().map(({ headers }) => headers['client-certificate'] ?? '')
        : 'shown' in recipient && typeof recipient.shown === 'function'
          ? recipient.shown()
          : [];
    expect([[...new Set(seen(one))], [...new Set(seen(other))]]).toEqual([[fingerprintOf('client')], [fingerprintOf('stranger')]]);
  });
});

describe('A credential is rotated while messages flow', () => {
  const both = { ...pemOf('server'), ca: [AUTHORITY_PEM, pemOf('stranger').cert], requestCert: true, rejectUnauthorized: true };

  test('over HTTPS: what is in flight ends as it began, what comes next shows the new certificate, each once', async () => {
    const epr = await started(startFakeFhirRecipient({ tls: both }));
    const send = (credential: CredentialInUse, count: number) =>
      channels['fhir-messaging'].send(
        target(epr.address, { credential }),
        updateParcel(epr.address, envelope(count)),
        within(10_000, 5_000),
      );
    const [before, after] = [credentialOf('client'), credentialOf('stranger')];
    epr.behave({ how: 'answer-late', times: 4, delayMs: 600 });
    const inFlight = [1, 2, 3, 4].map((count) => send(before, count));
    await eventually(() => expect(epr.received()).toHaveLength(4));
    const next = [5, 6, 7, 8].map((count) => send(after, count));
    expect(await Promise.all([...inFlight, ...next])).toEqual(Array.from({ length: 8 }, () => ACCEPTED));
    const shown = epr.received().map(({ headers }) => headers['client-certificate']);
    expect(shown).toEqual([...Array(4).fill(fingerprintOf('client')), ...Array(4).fill(fingerprintOf('stranger'))]);
    expect(new Set(epr.received().map(({ id }) => id)).size).toBe(8);
  });

  test('[3b.9] over MLLP: the next message goes over a new connection, and never two at once', async () => {
    const ed = await started(startFakeMllpRecipient({ tls: both }));
    const send = (credential: CredentialInUse, count: number) =>
      channels['hl7v2-mllp'].send(target(ed.address, { credential }), mdmParcel(envelope(count)), within(10_000, 5_000));
    const [before, after] = [credentialOf('client'), credentialOf('stranger')];
    ed.behave({ how: 'answer-late', times: 1, delayMs: 200 });
    const outcomes = await Promise.all([send(before, 1), send(before, 2), send(after, 3), send(after, 4)]);
    expect(outcomes).toEqual(Array.from({ length: 4 }, () => ACCEPTED));
    expect(ed.shown()).toEqual([fingerprintOf('client'), fingerprintOf('stranger')]);
    expect([ed.received().length, ed.duplicates()]).toEqual([4, 0]);
    await eventually(() => expect(ed.connections()).toBe(1));
  });

  test('the connections of a certificate that was rotated out are closed once nothing is in flight over them', async () => {
    const guard = createAddressGuard(['127.0.0.0/8']);
    const shared = createGuardedAgent(guard);
    const roads = openWithCredential(guard, shared);
    const messaging = openFhirMessaging(roads);
    const epr = await started(startFakeFhirRecipient({ tls: both }));
    const send = (credential: CredentialInUse, count: number) =>
      messaging.send(target(epr.address, { credential }), updateParcel(epr.address, envelope(count)), within(10_000, 5_000));
    const [before, after] = [credentialOf('client'), credentialOf('stranger')];
    epr.behave({ how: 'answer-late', times: 1, delayMs: 1_500 });
    const inFlight = send(before, 1);
    await eventually(() => expect(epr.received()).toHaveLength(1));
    expect(await send(after, 2)).toEqual(ACCEPTED);
    expect(roads.agents()).toBe(2);
    expect(await inFlight).toEqual(ACCEPTED);
    expect(roads.agents()).toBe(1);
    // Another Endpoint has its own.
    expect(await send(credentialOf('client', { endpointId: 'end-b', address: 'b' }), 3)).toEqual(ACCEPTED);
    expect(roads.agents()).toBe(2);
    await roads.close();
    await shared.destroy();
  });
});
