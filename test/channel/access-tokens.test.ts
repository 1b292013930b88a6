import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openChannels } from '../../src/channel/open-channels.ts';
import type { CredentialInUse } from '../../src/model/credential.ts';
import { AUTHORITY_PEM, pemOf } from '../support/certificates.ts';
import { startFakeFhirRecipient } from '../support/fake-fhir-recipient.ts';
import type { FakeRecipient } from '../support/fake-recipient.ts';
import { type FakeTokenEndpoint, type RegisteredClient, startFakeTokenEndpoint, type TokenHow } from '../support/fake-token-endpoint.ts';
import { envelope, recallParcel, target, updateParcel, within } from './samples.ts';

const ACCEPTED = { kind: 'accepted', level: 'application' };
let platform: FakeTokenEndpoint;
let client: RegisteredClient;
let channels: ReturnType<typeof openChannels>;
const recipients: FakeRecipient[] = [];

beforeAll(async () => {
  platform = await startFakeTokenEndpoint();
  client = platform.register('client-a', 'key-1');
});
afterAll(() => platform.stop());
beforeEach(() => {
  channels = openChannels(['127.0.0.0/8']);
  platform.behave('normal');
  platform.lasting('599');
});
afterEach(async () => {
  await channels.close();
  for (const recipient of recipients.splice(0)) await recipient.stop();
});

let versions = 0;
const credentialOf = ({ clientId, kid, key }: RegisteredClient, endpointId = 'end-a'): CredentialInUse => {
  versions += 1;
  const signedJwt = { tokenUrl: platform.url, clientId, kid, key, alg: 'RS512', scope: null, audience: null, ca: AUTHORITY_PEM } as const;
  return { version: `v${versions}`, endpointId, address: endpointId, signedJwt, certificate: null, ca: AUTHORITY_PEM };
};
/** An EPR behind the platform, which lets one client in. */
const behind = async (clientId: string): Promise<FakeRecipient> => {
  const authorizes = (header: string | undefined) => platform.holderOf(header) === clientId;
  const epr = await startFakeFhirRecipient({ tls: pemOf('server'), authorizes });
  recipients.push(epr);
  return epr;
};
const send = (epr: FakeRecipient, credential: CredentialInUse | null, count: number, sendBefore = 20_000, timeout = 10_000) =>
  channels['fhir-messaging'].send(
    target(epr.address, { credential }),
    updateParcel(epr.address, envelope(count)),
    within(sendBefore, timeout),
  );
/** Assertions that came while something was done. */
const assertionsOf = async (work: () => Promise<unknown>): Promise<readonly string[]> => {
  const before = platform.asked().length;
  await work();
  return platform.asked().slice(before);
};

describe('An access token by a signed JWT', () => {
  test('is asked for with exactly the claims of the API platform, once for all who wait, and used until it runs out', async () => {
    const epr = await behind('client-a');
    const credential = credentialOf(client);
    const asked = await assertionsOf(async () => {
      const outcomes = await Promise.all(Array.from({ length: 16 }, (_, count) => send(epr, credential, count)));
      expect(outcomes).toEqual(Array.from({ length: 16 }, () => ACCEPTED));
      expect(await send(epr, credential, 17)).toEqual(ACCEPTED);
    });
    expect(asked).toHaveLength(1);
    expect(epr.received()).toHaveLength(17);
    expect(epr.duplicates()).toBe(0);
  });

  test.each([['599'], [599]])('%j seconds: it is kept', async (seconds) => {
    platform.lasting(seconds);
    const epr = await behind('client-a');
    const credential = credentialOf(client);
    expect(
      await assertionsOf(async () => {
        await send(epr, credential, 1);
        await send(epr, credential, 2);
      }),
    ).toHaveLength(1);
  });

  // Within half a minute of its end no token is used; and one that says nothing readable of its end is used once.
  test.each([['30'], [29], [undefined], ['soon'], [-5], [Number.MAX_VALUE.toString()]])(
    '%j seconds: another is asked for',
    async (seconds) => {
      platform.lasting(seconds);
      const epr = await behind('client-a');
      const credential = credentialOf(client);
      const asked = await assertionsOf(async () => {
        expect(await send(epr, credential, 1)).toEqual(ACCEPTED);
        expect(await send(epr, credential, 2)).toEqual(ACCEPTED);
      });
      expect(asked).toHaveLength(2);
      expect(new Set(asked).size).toBe(2);
    },
  );

  test('that the recipient does not take any more is dropped, and another is asked for once', async () => {
    const epr = await behind('client-a');
    const credential = credentialOf(client);
    expect(await send(epr, credential, 1)).toEqual(ACCEPTED);
    platform.revokeAll();
    const asked = await assertionsOf(async () => {
      const outcomes = await Promise.all([2, 3, 4, 5].map((count) => send(epr, credential, count)));
      expect(outcomes).toEqual([ACCEPTED, ACCEPTED, ACCEPTED, ACCEPTED]);
    });
    expect(asked).toHaveLength(1);
    expect([epr.received().length, epr.duplicates()]).toEqual([5, 0]);
    // Of another client: nothing but refused, and no third try.
    const stranger = await behind('client-z');
    const refusedBy = await assertionsOf(async () =>
      expect(await send(stranger, credential, 6)).toEqual({ kind: 'refused', because: 'http-401', retry: true }),
    );
    expect(refusedBy).toHaveLength(1);
    expect(stranger.received()).toEqual([]);
  });

  test('goes with a recall as well', async () => {
    const epr = await behind('client-a');
    const credential = credentialOf(client);
    await send(epr, credential, 1);
    const recall = recallParcel(epr.address, envelope(2), [epr.holds()[0]?.document ?? '']);
    expect(await channels['fhir-messaging'].send(target(epr.address, { credential }), recall, within(10_000, 5_000))).toEqual(ACCEPTED);
    expect(epr.holds()).toEqual([]);
  });

  test('of one Endpoint never goes to another, and a rotated key gets a token of its own', async () => {
    const b = platform.register('client-b', 'key-b');
    const [one, other] = [await behind('client-a'), await behind('client-b')];
    const [ofOne, ofOther] = [credentialOf(client), credentialOf(b, 'end-b')];
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, count) => (count % 2 === 0 ? send(one, ofOne, count) : send(other, ofOther, count))),
    );
    expect(outcomes).toEqual(Array.from({ length: 20 }, () => ACCEPTED));
    expect(await send(other, ofOne, 21)).toMatchObject({ because: 'http-401' });
    expect(await send(one, { ...credentialOf(client), signedJwt: null }, 22)).toMatchObject({ because: 'http-401' });
    const rotated = credentialOf(platform.register('client-a', 'key-2'));
    expect(await assertionsOf(async () => expect(await send(one, rotated, 23)).toEqual(ACCEPTED))).toHaveLength(1);
  });
});

describe('Where there is no token nothing is written, and it is tried again', () => {
  test.each([
    ['refuse', 'token-refused'],
    ['fail', 'token-unavailable'],
    ['redirect', 'token-unavailable'],
    ['html', 'token-unreadable'],
    ['no-bearer', 'token-unreadable'],
    ['header-injection', 'token-unreadable'],
    ['endless', 'token-unavailable'],
    ['stall', 'token-late'],
  ] satisfies readonly [TokenHow, string][])('a token endpoint that does "%s": %s', async (how, because) => {
    const epr = await behind('client-a');
    const credential = credentialOf(client);
    platform.behave(how);
    const outcome = await send(epr, credential, 1, 1_000, 300);
    expect(outcome).toEqual({ kind: 'refused', because, retry: true });
    expect(epr.received()).toEqual([]);
    // What it did is remembered nowhere.
    platform.behave('normal');
    if (how !== 'stall') expect(await send(epr, credential, 2)).toEqual(ACCEPTED);
  });

  test('an assertion that the platform does not know, a key that signs nothing, an unknown authority, a forbidden address', async () => {
    const epr = await behind('client-a');
    const { signedJwt } = credentialOf(client);
    if (signedJwt === null) throw new Error('it has a key');
    const unknown = platform.register('client-x', 'key-x');
    for (const [change, because] of [
      [{ kid: 'another' }, 'token-refused'],
      [{ key: unknown.key }, 'token-refused'],
      [{ clientId: 'client-x' }, 'token-refused'],
      [{ audience: 'https://elsewhere.example/token' }, 'token-refused'],
      [{ alg: 'RS384' }, 'token-refused'],
      [{ key: 'no key' }, 'token-unavailable'],
      [{ ca: pemOf('stranger').cert }, 'token-unavailable'],
      [{ ca: null }, 'token-unavailable'],
      [{ tokenUrl: 'https://10.0.0.1/oauth2/token' }, 'token-address-forbidden'],
      [{ tokenUrl: 'file:///etc/hosts' }, 'token-address-forbidden'],
    ] as const) {
      const outcome = await send(epr, { ...credentialOf(client), signedJwt: { ...signedJwt, ...change } }, 1);
      expect([change, outcome]).toEqual([change, { kind: 'refused', because, retry: true }]);
    }
    expect(epr.received()).toEqual([]);
  });

  test('I1: a slow token does not carry a message past send_before', async () => {
    const epr = await behind('client-a');
    platform.behave('stall', 1);
    const startedAt = performance.now();
    expect(await send(epr, credentialOf(client), 1, 150, 60_000)).toEqual({ kind: 'refused', because: 'token-late', retry: true });
    expect(performance.now() - startedAt).toBeLessThan(30_000);
    expect(epr.received()).toEqual([]);
  });
});
