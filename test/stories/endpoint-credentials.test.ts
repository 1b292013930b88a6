import { X509Certificate } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { parseConfig } from '../../src/config.ts';
import { endpointCommand, type EndpointOptions } from '../../src/endpoint-commands.ts';
import { CannotStart } from '../../src/model/cannot-start.ts';
import { certificatesEnding, forgetLeftCredentials } from '../../src/store/credentials.ts';
import { everyRow } from '../at-rest/every-row.ts';
import { layGround, operator, type Ground } from '../store/ground.ts';
import * as body from '../support/bodies.ts';
import { AUTHORITY, AUTHORITY_PEM, filesOf, type Holder, pemOf } from '../support/certificates.ts';
import { certificateOptions, secretFolder } from '../support/credential-files.ts';
import { eventually } from '../support/eventually.ts';
import { type FakeFhirOptions, startFakeFhirRecipient } from '../support/fake-fhir-recipient.ts';
import { startFakeMllpRecipient } from '../support/fake-mllp-recipient.ts';
import type { FakeRecipient } from '../support/fake-recipient.ts';
import { type FakeTokenEndpoint, startFakeTokenEndpoint } from '../support/fake-token-endpoint.ts';
import { openSending, type Sending } from '../support/sending.ts';

/** What an operator does with the credentials of an Endpoint while plans flow. */
let ground: Ground;
let sending: Sending;
let another: Sending;
let platform: FakeTokenEndpoint;
let recipients: FakeRecipient[] = [];
const secrets = secretFolder();
const config = parseConfig({ DATA_DIR: '/nowhere', OPERATOR_ODS: 'BROKER' });

beforeAll(async () => {
  ground = await layGround();
  sending = openSending(ground, 10_000, { sendTimeout: 5_000 });
  another = openSending(ground, 10_000, { sendTimeout: 5_000 });
  platform = await startFakeTokenEndpoint();
}, 60_000);
afterAll(async () => {
  secrets.remove();
  await platform?.stop();
  await sending?.close();
  await another?.close();
  await ground?.close();
});
afterEach(async () => {
  for (const recipient of recipients) await recipient.stop();
  recipients = [];
});

const fingerprintOf = (holder: Holder): string => new X509Certificate(pemOf(holder).cert).fingerprint256;
const asksFor = (...holders: readonly ('client' | 'stranger')[]) => ({
  ...pemOf('server'),
  ca: holders.map((holder) => (holder === 'stranger' ? pemOf('stranger').cert : AUTHORITY_PEM)),
  requestCert: true,
  rejectUnauthorized: true,
});
const epr = async (options: FakeFhirOptions): Promise<FakeRecipient> => {
  const recipient = await startFakeFhirRecipient(options);
  recipients.push(recipient);
  return recipient;
};
const run = (name: string, id: string, options: EndpointOptions = {}) =>
  endpointCommand(ground.database.pool, config, `endpoint ${name}`, id, options) as Promise<{
    readonly address: string;
    readonly credentials: readonly { readonly standing: string; readonly address: string; readonly version: string }[];
  }>;
const standings = async (id: string): Promise<readonly string[]> =>
  (await run('credential show', id)).credentials.map(({ standing }) => standing.split(':')[0] ?? '');
const refusalOf = async (work: Promise<unknown>): Promise<string> => {
  const fault: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(fault instanceof CannotStart)) throw fault ?? new Error('it was not refused');
  return fault.message;
};
const shownTo = (recipient: FakeRecipient): readonly (string | undefined)[] =>
  recipient.received().map(({ headers }) => headers['client-certificate']);

describe('A credential is rotated while plans flow', () => {
  test.each(['certificate', 'token'] as const)(
    'I3: nothing is lost, nothing doubled, and the new one is used at once: %s',
    async (what) => {
      const name = what === 'token' ? 'ftok' : 'fcert';
      const clientId = `client-${name}`;
      const isByToken = what === 'token';
      const keys = [1, 2].map((count) => {
        const { kid, key } = platform.register(clientId, `${name}-${count}`);
        return { key: secrets.put(`${name}-${count}.pem`, key), kid };
      });
      const [first, second] = isByToken
        ? [{ 'token-url': platform.url, client: clientId, 'token-ca': AUTHORITY, ca: AUTHORITY, ...keys[0] }, { ...keys[1] }]
        : [certificateOptions('client'), certificateOptions('stranger')];
      const kids: (string | null)[] = [];
      const recipient = await epr(
        isByToken
          ? {
              tls: pemOf('server'),
              authorizes: (header) => {
                kids.push(platform.kidOf(header));
                return platform.holderOf(header) === clientId;
              },
            }
          : { tls: asksFor('client', 'stranger') },
      );
      const { service } = await ground.recipient(name, 'epr', recipient.address);
      await run('credential set', `end-${name}`, first);
      const persons = async (from: number, to: number): Promise<void> => {
        for (let count = from; count < to; count += 1) await ground.person(`${name}${count}`, [service]);
      };
      await persons(0, 12);

      let isOver = false;
      const flowing = (async () => {
        // Two workers, each with connections and tokens of its own.
        while (!isOver) await Promise.all([sending.all(service), another.all(service)]);
      })();
      recipient.behave({ how: 'answer-late', delayMs: 200 });
      await eventually(() => expect(recipient.received().length).toBeGreaterThan(3));
      await run('credential rotate', `end-${name}`, second);
      await persons(12, 24);
      await eventually(() => expect(recipient.holds()).toHaveLength(24), 20_000);
      isOver = true;
      await flowing;

      expect(recipient.received()).toHaveLength(24);
      expect(new Set(recipient.holds().map(({ person }) => person)).size).toBe(24);
      const { rows } = await ground.database.pool.query(
        'SELECT DISTINCT d.outcome FROM delivery d JOIN ledger_key k ON k.id = d.key_id WHERE k.recipient_id = $1',
        [service],
      );
      expect(rows).toEqual([{ outcome: 'accepted' }]);
      const used = isByToken ? kids : shownTo(recipient);
      expect(new Set(used).size).toBe(2);
      // Those that were begun before may have been on their way; none that was begun since goes by the one of before.
      expect(used.filter((each) => each === used[0]).length).toBeLessThanOrEqual(12);
      expect(used.at(-1)).not.toBe(used[0]);
    },
    60_000,
  );
});

describe('An Endpoint is moved', () => {
  test.each(['fhir', 'mllp'] as const)(
    'I2 I3: the copy at the old address is recalled first, by the credential of there, which goes when it has answered: %s',
    async (road) => {
      const name = `moved${road}`;
      const id = `end-${name}`;
      const open = async (...holders: readonly ('client' | 'stranger')[]): Promise<FakeRecipient> => {
        if (road === 'fhir') return epr({ tls: asksFor(...holders) });
        const ed = await startFakeMllpRecipient({ tls: asksFor(...holders) });
        recipients.push(ed);
        return ed;
      };
      const [old, next] = [await open('client'), await open('stranger')];
      const lane = await ground.lane(name, road === 'fhir' ? 'epr' : 'ed', old.address);
      await run('credential set', id, certificateOptions('client'));
      await sending.step(lane.service);
      expect(old.holds()).toHaveLength(1);

      expect(await refusalOf(run('move', id, { address: next.address }))).toMatch(/needs a credential of its own/);
      await old.stop();
      const shown = await run('move', id, { address: next.address, ...certificateOptions('stranger') });
      expect(shown.address).toBe(next.address);
      expect(await standings(id)).toEqual(['left', 'in use']);

      // Nobody answers at the old address: nothing is sent to the new one, and the credential of the old one is kept.
      await sending.step(lane.service);
      await forgetLeftCredentials(ground.database.pool);
      expect(next.received()).toEqual([]);
      expect(await standings(id)).toEqual(['left', 'in use']);

      await old.start();
      await eventually(async () => {
        await sending.step(lane.service);
        expect(next.holds()).toHaveLength(1);
      });
      expect(old.holds()).toEqual([]);
      expect(old.received().map(({ kind }) => kind)).toEqual(['update', 'recall']);
      expect(next.received().map(({ kind }) => kind)).toEqual(['update']);
      if (road === 'fhir') {
        expect([shownTo(old), shownTo(next)]).toEqual([[fingerprintOf('client'), fingerprintOf('client')], [fingerprintOf('stranger')]]);
        // The message says whom it is for: the one that it goes to.
        expect(old.received()[1]?.bytes).toContain(old.address);
        expect(old.received()[1]?.bytes).not.toContain(next.address);
      }
      await eventually(async () => {
        await sending.step(lane.service);
        await forgetLeftCredentials(ground.database.pool);
        expect(await standings(id)).toEqual(['in use']);
      });
    },
    30_000,
  );

  test('between begin and deliver: nothing more goes to the old address, and the new one gets the plan', async () => {
    const [old, next] = [await epr({}), await epr({})];
    const lane = await ground.lane('midway', 'epr', old.address);
    let outcome: unknown;
    await ground.fanOutAll();
    await sending.step(lane.service, {
      deliver: async (...asked) => {
        await run('move', 'end-midway', { address: next.address });
        const told = await sending.ports.deliver(...asked);
        outcome = told;
        return told;
      },
    });
    expect(outcome).toEqual({ kind: 'refused', because: 'address-moved', retry: true });
    await eventually(async () => {
      await sending.step(lane.service);
      expect(next.holds()).toHaveLength(1);
    });
    expect(old.received()).toEqual([]);
  });

  test('by a write of the Endpoint itself the credentials stand alike', async () => {
    const [old, next] = [await epr({ tls: asksFor('client') }), await epr({ tls: asksFor('stranger') })];
    await ground.recipient('written', 'epr', old.address);
    await run('credential set', 'end-written', certificateOptions('client'));
    await run('credential set', 'end-written', { address: next.address, ...certificateOptions('stranger') });
    expect(await standings('end-written')).toEqual(['in use', 'prepared']);
    const endpoint = (address: string) => body.endpoint('end-written', 'svc-written', 'org-written', address);
    await ground.put(operator, endpoint(next.address));
    expect(await standings('end-written')).toEqual(['left', 'in use']);
    await ground.put(operator, endpoint(old.address));
    expect(await standings('end-written')).toEqual(['in use', 'left']);
  });

  test('that cannot be moved stays as it was, and nothing that was given is kept', async () => {
    const old = await epr({ tls: asksFor('client') });
    await ground.recipient('stays', 'epr', old.address);
    const id = 'end-stays';
    await run('credential set', id, certificateOptions('client'));
    for (const [options, why] of [
      [{}, /--address is missing/],
      [{ address: old.address }, /has this address already/],
      [{ address: 'mllps://127.0.0.1:9' }, /must begin with https:/],
      [{ address: 'https://name:word@127.0.0.1/fhir' }, /holds a name and password/],
      [{ address: 'http://127.0.0.1:9/fhir', ...certificateOptions('client') }, /shown over TLS/],
    ] as const)
      expect(await refusalOf(run('move', id, options))).toMatch(why);
    expect((await run('credential show', id)).credentials).toHaveLength(1);
    expect((await run('move', id, { address: 'https://127.0.0.1:9/fhir', 'no-credential': true })).address).toBe(
      'https://127.0.0.1:9/fhir',
    );
  });
});

describe('The commands', () => {
  beforeAll(async () => {
    await ground.recipient('shown', 'epr', 'https://shown.example/fhir');
    await ground.recipient('lined', 'ed', 'mllps://lined.example:2575');
  });
  const token = (over: EndpointOptions = {}): EndpointOptions => ({
    'token-url': platform.url,
    client: 'client-shown',
    kid: 'kid-1',
    ...over,
  });

  test('show no secret, nor does any row of the database', async () => {
    const { key } = platform.register('client-shown', 'kid-1');
    const file = secrets.put('shown.pem', key);
    const said = [
      await run('credential set', 'end-shown', { ...token({ key: file }), ...certificateOptions('client') }),
      await run('credential show', 'end-shown'),
      await run('credential rotate', 'end-shown', { scope: 'system/Communication.c' }),
    ];
    expect(said[1]).toMatchObject({
      endpoint: 'end-shown',
      service: 'svc-shown',
      credentials: [
        {
          standing: 'in use',
          token: {
            url: platform.url,
            client_id: 'client-shown',
            kid: 'kid-1',
            alg: 'RS512',
            thumbprint: expect.stringMatching(/^[\w-]{43}$/),
          },
          certificate: { thumbprint: fingerprintOf('client'), not_after: '2126-01-01T00:00:00.000Z' },
          authorities: 'its own',
        },
      ],
    });
    // A part that is not named stays what it was.
    expect(said[2]).toMatchObject({ credentials: [{ token: { scope: 'system/Communication.c', kid: 'kid-1' }, certificate: {} }] });
    expect(said[2]?.credentials[0]?.version).not.toBe(said[1]?.credentials[0]?.version);
    const secretLines = [key, pemOf('client').key].flatMap((pem) => pem.split('\n').filter((line) => line.length > 40));
    const texts = [JSON.stringify(said), ...(await everyRow(ground.database.owner)).map(([, text]) => text)];
    for (const line of secretLines) expect(texts.some((text) => text.includes(line))).toBe(false);
  });

  test.each([
    ['a credential of nothing', () => ({}), /a credential is a key for tokens/],
    ['a certificate without its key', () => ({ cert: filesOf('client').cert }), /--cert goes together with cert-key/],
    [
      'a certificate and the key of another',
      () => ({ cert: filesOf('client').cert, 'cert-key': filesOf('server').key }),
      /--cert-key is not the key of cert/,
    ],
    [
      'a certificate that has run out',
      () => ({ cert: filesOf('expired').cert, 'cert-key': filesOf('expired').key }),
      /--cert has expired, on 2025/,
    ],
    ['a file that is not there', () => ({ ...token(), key: '/nowhere/at/all' }), /--key cannot be read: ENOENT/],
    [
      'a file that holds no key',
      () => ({ ...token(), key: secrets.put('no.pem', 'very secret words') }),
      /^--key holds no private key that can be read/,
    ],
    ['a file without authorities', () => ({ ca: secrets.put('no-ca.pem', 'none') }), /--ca must hold certificates/],
    ['a key of the wrong kind', () => ({ ...token(), key: filesOf('client').key }), /--key must be RSA of at least 2048 bits for RS512/],
    ['an algorithm that is none', () => ({ ...token(), key: filesOf('client').key, alg: 'HS256' }), /--alg is one of RS512, RS384, ES384/],
    [
      'a token address with a password',
      () => ({ ...token({ 'token-url': 'https://a:b@c.example/' }), key: secrets.put('k.pem', platform.register('x', 'x').key) }),
      /--token-url is an https: address without name and password/,
    ],
    [
      'a key without a kid',
      () => ({ ...token({ kid: undefined }), key: secrets.put('k2.pem', platform.register('y', 'y').key) }),
      /--kid is missing/,
    ],
  ] as const)('refuse %s, and say nothing of what a file holds', async (_what, options, why) => {
    const said = await refusalOf(run('credential set', 'end-lined', options()));
    expect(said).toMatch(why);
    expect(said).not.toContain('secret');
    expect((await run('credential show', 'end-lined')).credentials).toEqual([]);
  });

  test('refuse a token on MLLP, a second credential, a rotation and a removal of none, and what is no Endpoint', async () => {
    const key = secrets.put('m.pem', platform.register('client-m', 'kid-m').key);
    expect(await refusalOf(run('credential set', 'end-lined', { ...token(), key }))).toMatch(/MLLP has no place/);
    expect(await refusalOf(run('credential rotate', 'end-lined', certificateOptions('client')))).toMatch(
      /there is no credential for this address/,
    );
    expect(await refusalOf(run('credential remove', 'end-lined'))).toMatch(/there is no credential/);
    await run('credential set', 'end-lined', certificateOptions('client'));
    expect(await refusalOf(run('credential set', 'end-lined', certificateOptions('client')))).toMatch(/already: rotate it, or remove it/);
    expect(await refusalOf(run('credential rotate', 'end-lined'))).toMatch(/say what is to change/);
    expect((await run('credential remove', 'end-lined')).credentials).toEqual([]);
    expect(await refusalOf(run('credential show', 'nobodys'))).toMatch(/there is no Endpoint nobodys/);
  });

  test('a certificate that is about to run out is counted', async () => {
    const soon = () => certificatesEnding(ground.database.pool, 14);
    const before = await soon();
    await ground.recipient('ending', 'epr', 'https://ending.example/fhir');
    await run('credential set', 'end-ending', certificateOptions('client'));
    expect(await soon()).toBe(before);
    await ground.database.pool.query(
      `UPDATE endpoint_credential SET shown = jsonb_set(shown, '{certificate,not_after}', to_jsonb((clock_timestamp() + interval '13 days')::text)) WHERE destination_id = 'end-ending'`,
    );
    expect(await soon()).toBe(before + 1);
  });

  test('refuse to rotate what was changed in the database, in one line', async () => {
    await ground.recipient('changed', 'epr', 'https://changed.example/fhir');
    await run('credential set', 'end-changed', certificateOptions('client'));
    await ground.database.pool.query(`UPDATE endpoint_credential SET version = gen_random_uuid() WHERE destination_id = 'end-changed'`);
    expect(await refusalOf(run('credential rotate', 'end-changed', certificateOptions('stranger')))).toMatch(/does not open/);
    await run('credential remove', 'end-changed');
    expect((await run('credential set', 'end-changed', certificateOptions('stranger'))).credentials).toHaveLength(1);
  });

  test('two who rotate at once: one after the other, and the row opens', async () => {
    await run('credential set', 'end-lined', certificateOptions('client'));
    await Promise.all([1, 2, 3, 4].map(() => run('credential rotate', 'end-lined', certificateOptions('stranger'))));
    expect(await run('credential rotate', 'end-lined', certificateOptions('client'))).toMatchObject({
      credentials: [{ certificate: { thumbprint: fingerprintOf('client') } }],
    });
  });
});
