import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Agent, request } from 'undici';
import { toAuthorization } from '../../mappings/mesh/to-authorization.ts';
import { createAddressGuard } from '../../src/channel/address-guard.ts';
import { openMesh } from '../../src/channel/mesh.ts';
import { MeshFailed, openMeshInbox } from '../../src/channel/mesh-inbox.ts';
import { type MeshMailbox, type MeshSettings, openMeshMailbox } from '../../src/channel/mesh-mailbox.ts';
import { AUTHORITY_PEM, pemOf } from '../support/certificates.ts';
import { type MeshSimulator, startMeshSimulator } from '../support/mesh-simulator.ts';
import { envelope, NHS_NUMBER, recallParcel, target, updateParcel, within } from './samples.ts';

// The client against MESH as nhs.md section 5 has it.
const OURS = 'X26OURS1';
const THEIRS = 'X26THEIRS1';
const ADDRESS = `mesh://${THEIRS}?workflow_id=PLANS`;
const secrets = { mailbox: OURS, password: 'ours', sharedKey: 'shared' };
let mesh: MeshSimulator;
const open: MeshMailbox[] = [];
const mailbox = (more: Partial<MeshSettings> = {}, allow: readonly string[] = ['127.0.0.0/8']): MeshMailbox => {
  const own = openMeshMailbox(createAddressGuard(allow), {
    url: mesh.url,
    secrets,
    tls: { ...pemOf('client'), ca: AUTHORITY_PEM },
    chunkBytes: 20_000_000,
    ...more,
  });
  open.push(own);
  return own;
};
const inboxOf = (own: MeshMailbox, timeoutMs = 2_000) => openMeshInbox(own, timeoutMs, { name: 'Invented', version: '1' });
const PENDING = { kind: 'unknown', because: 'answer-pending' };
const send = (own: MeshMailbox | null, count = 1, msLeft = 5_000) =>
  openMesh(own).send(target(ADDRESS), updateParcel(ADDRESS, envelope(count)), within(msLeft, 2_000));

beforeAll(async () => {
  mesh = await startMeshSimulator({
    sharedKey: 'shared',
    mailboxes: { [OURS]: 'ours', [THEIRS]: 'theirs' },
    workflows: { [THEIRS]: ['PLANS'] },
  });
});
beforeEach(() => {
  mesh.skew(0);
  mesh.take(THEIRS);
  mesh.take(OURS);
});
afterAll(async () => {
  await Promise.all(open.map((each) => each.close()));
  await mesh?.stop();
});

describe('who the broker is', () => {
  test('a message is taken with the certificate, the header and its HMAC; v2 is asked for [mesh.1] [mesh.2] [mesh.7]', async () => {
    const own = mailbox();
    expect(await send(own)).toEqual(PENDING);
    const last = mesh.asked().at(-1);
    expect(last).toMatchObject({ method: 'POST', path: `/messageexchange/${OURS}/outbox`, status: 202 });
    expect(last?.headers).toMatchObject({ accept: 'application/vnd.mesh.v2+json', 'mex-to': THEIRS, 'mex-workflowid': 'PLANS' });
  });

  test('each request has a nonce of its own: one that is used again is refused with 403 [mesh.3]', async () => {
    const own = mailbox();
    const before = mesh.asked().length;
    await Promise.all(Array.from({ length: 5 }, () => inboxOf(own).list()));
    const headers = mesh
      .asked()
      .slice(before)
      .map((each) => each.headers['authorization']);
    expect(new Set(headers).size).toBe(5);
    // As whoever overheard it would say it again: byte for byte.
    const by = new Agent({ connect: { ...pemOf('client'), ca: AUTHORITY_PEM } });
    const authorization = toAuthorization(secrets, '0b9d2a5e-0000-4000-8000-0123456789ab', Date.now());
    const ask = async (): Promise<number> => {
      const headers = { authorization, accept: 'application/vnd.mesh.v2+json' };
      const answer = await request(`${mesh.url}/messageexchange/${OURS}/inbox`, { dispatcher: by, headers });
      await answer.body.dump();
      return answer.statusCode;
    };
    expect([await ask(), await ask()]).toEqual([200, 403]);
    await by.destroy();
  });

  test.each([
    ['another password', { secrets: { ...secrets, password: 'wrong' } }],
    ['another shared key', { secrets: { ...secrets, sharedKey: 'wrong' } }],
    ['a mailbox that there is not', { secrets: { ...secrets, mailbox: 'X26NONE' } }],
  ])('%s: 403, which proves nothing (a used nonce gets it, too), and nothing lies there [mesh.2]', async (_which, more) => {
    expect(await send(mailbox(more))).toEqual({ kind: 'unknown', because: 'http-403' });
    expect(mesh.lies(THEIRS)).toEqual([]);
  });

  test('a clock that is more than two hours wrong: 403 [mesh.4]', async () => {
    mesh.skew(2 * 3_600_000 + 120_000);
    expect(await send(mailbox())).toMatchObject({ because: 'http-403' });
    mesh.skew(3_600_000);
    expect(await send(mailbox())).toEqual(PENDING);
  });

  test('without a certificate, or with a stranger’s, nothing lies there; MESH that another authority signed gets nothing [mesh.1]', async () => {
    for (const tls of [{ ca: AUTHORITY_PEM }, { ...pemOf('stranger'), ca: AUTHORITY_PEM }]) {
      const outcome = await send(mailbox({ tls }));
      expect(['not-connected', 'connection-lost']).toContain('because' in outcome ? outcome.because : outcome.kind);
    }
    expect(await send(mailbox({ tls: { ...pemOf('client'), ca: null } }))).toMatchObject({ kind: 'refused', because: 'not-connected' });
    expect(mesh.lies(THEIRS)).toEqual([]);
  });

  test('a certificate of ours that has run out is not shown: nothing is connected to [mesh.1]', async () => {
    const before = mesh.asked().length;
    expect(await send(mailbox({ tls: { ...pemOf('expired'), ca: AUTHORITY_PEM } }))).toEqual({
      kind: 'refused',
      because: 'certificate-expired',
      retry: true,
    });
    expect(mesh.asked()).toHaveLength(before);
  });

  test('the address guard stands before MESH too, and a broker without a mailbox refuses', async () => {
    expect(await send(mailbox({}, []))).toMatchObject({ kind: 'refused', because: 'address-forbidden' });
    expect(await send(null)).toEqual({ kind: 'refused', because: 'mesh-not-configured', retry: true });
    expect(mesh.lies(THEIRS)).toEqual([]);
  });
});

describe('what is sent', () => {
  test('the frozen bytes as they are, with their checksum; headers hold ids of ours and no person [mesh.8]', async () => {
    const own = mailbox();
    const of = envelope(3);
    for (const parcel of [updateParcel(ADDRESS, of), recallParcel(ADDRESS, of, [of.documentId])]) {
      const taken: string[] = [];
      const to = target(ADDRESS, { mailbox: { localId: of.messageId, taken: async (id) => void taken.push(id) } });
      expect(await openMesh(own).send(to, parcel, within(5_000, 2_000))).toEqual(PENDING);
      const [{ message, text } = { message: null, text: '' }] = mesh.take(THEIRS);
      expect(text).toBe(parcel.bytes);
      expect(taken).toEqual([message?.id]);
      expect(message?.headers).toMatchObject({
        'mex-localid': of.messageId,
        'mex-content-checksum': createHash('sha256').update(parcel.bytes).digest('hex'),
      });
      expect(JSON.stringify(message?.headers)).not.toContain(NHS_NUMBER);
    }
  });

  test('longer than a part: parts in order, put together again byte for byte; nothing is handed on before the last [mesh.9]', async () => {
    const own = mailbox({ chunkBytes: 1_000 });
    const parcel = updateParcel(ADDRESS, envelope(4), 'Sprich leise, bitte: größer als ein Teil. '.repeat(40));
    const before = mesh.asked().length;
    expect(await openMesh(own).send(target(ADDRESS), parcel, within(5_000, 2_000))).toEqual(PENDING);
    const parts = Math.ceil(Buffer.byteLength(parcel.bytes) / 1_000);
    expect(parts).toBeGreaterThan(2);
    expect(
      mesh
        .asked()
        .slice(before)
        .map((each) => each.headers['mex-chunk-range']),
    ).toEqual(Array.from({ length: parts }, (_, index) => `${index + 1}:${parts}`));
    expect(mesh.take(THEIRS)).toMatchObject([{ text: parcel.bytes }]);
  });

  test('a part that is not taken leaves it in doubt, and nothing is handed on [mesh.9]', async () => {
    const own = mailbox({ chunkBytes: 1_000 });
    const parcel = updateParcel(ADDRESS, envelope(5), 'Please speak slowly. '.repeat(60));
    const to = target(ADDRESS, { mailbox: { localId: 'a', taken: async () => mesh.behave('send', 'busy', 1) } });
    expect(await openMesh(own).send(to, parcel, within(5_000, 2_000))).toEqual({ kind: 'unknown', because: 'in-part-http-503' });
    expect(mesh.lies(THEIRS)).toEqual([]);
  });

  test.each([
    ['06', false],
    ['20', true],
  ] as const)('%s of MESH: refused, and said again as it is: %s [mesh.11]', async (code, retry) => {
    mesh.behave('send', `refuse-${code}`);
    expect(await send(mailbox())).toEqual({ kind: 'refused', because: `mesh-${code}`, retry });
    expect(mesh.lies(THEIRS)).toEqual([]);
  });

  test('what the ledger cannot write down is in doubt', async () => {
    const to = target(ADDRESS, { mailbox: { localId: 'a', taken: () => Promise.reject(new Error('the database is away')) } });
    expect(await openMesh(mailbox()).send(to, updateParcel(ADDRESS, envelope(6)), within(5_000, 2_000))).toEqual({
      kind: 'unknown',
      because: 'not-written-down',
    });
  });

  test.each([
    ['12: no such mailbox [mesh.11]', 'mesh://X26NOBODY?workflow_id=PLANS', { kind: 'refused', because: 'mesh-12', retry: true }],
    ['17: not its workflow [mesh.11]', `mesh://${THEIRS}?workflow_id=OTHER`, { kind: 'refused', because: 'mesh-17', retry: true }],
    ['no mailbox at all', 'https://127.0.0.1/fhir', { kind: 'refused', because: 'address-unusable', retry: false }],
  ] as const)('%s', async (_which, address, outcome) => {
    expect(await openMesh(mailbox()).send(target(address), updateParcel(address, envelope(1)), within(5_000, 2_000))).toEqual(outcome);
    expect(mesh.lies(THEIRS)).toEqual([]);
  });

  test('I1: past `send_before` not a byte leaves', async () => {
    const before = mesh.asked().length;
    expect(await send(mailbox(), 7, 0)).toEqual({ kind: 'refused', because: 'abandoned', retry: true });
    expect(mesh.asked()).toHaveLength(before);
  });
});

test('each request, of every sort, asks for version 2 and has the header that proves who asks [mesh.2] [mesh.5]', async () => {
  const before = mesh.asked().length;
  const own = mailbox({ chunkBytes: 1_000 });
  const inbox = inboxOf(own);
  await openMesh(own).send(target(ADDRESS), updateParcel(ADDRESS, envelope(9), 'Please speak slowly. '.repeat(60)), within(5_000, 2_000));
  const id = mesh.put(THEIRS, OURS, 'PLANS_ACK', 'one two', 2);
  await inbox.handshake();
  await inbox.list();
  await inbox.download(id);
  await inbox.acknowledge(id);
  await inbox.track(mesh.sent(THEIRS).at(-1)?.id ?? '');
  const asked = mesh.asked().slice(before);
  expect(new Set(asked.map(({ method, path }) => `${method} ${path.split('/').slice(3, 4).join()}`)).size).toBeGreaterThanOrEqual(5);
  for (const { path, status, headers } of asked) {
    expect([path, status < 300, headers['accept']]).toEqual([path, true, 'application/vnd.mesh.v2+json']);
    expect(headers['authorization']).toMatch(/^NHSMESH X26OURS1:[0-9a-f-]{36}:1:\d{12}:[0-9a-f]{64}$/);
  }
});

describe('our own mailbox', () => {
  test('a handshake says which client it is [mesh.6]', async () => {
    await inboxOf(mailbox()).handshake();
    expect(mesh.asked().at(-1)).toMatchObject({
      method: 'POST',
      path: `/messageexchange/${OURS}`,
      headers: { 'mex-clientversion': 'crisis-plan-broker', 'mex-osname': 'Invented', 'mex-osversion': '1' },
    });
  });

  test('a message in parts is put together; acknowledged it is gone, and gone is null [mesh.13] [mesh.14]', async () => {
    const inbox = inboxOf(mailbox());
    const id = mesh.put(THEIRS, OURS, 'PLANS_ACK', 'one two three four', 3);
    expect(await inbox.list()).toEqual({ ids: [id], next: null });
    const letter = await inbox.download(id);
    expect(letter?.body.toString()).toBe('one two three four');
    expect(letter?.headers).toMatchObject({ 'mex-from': THEIRS, 'mex-messagetype': 'DATA', 'mex-messageid': id });
    await inbox.acknowledge(id);
    await inbox.acknowledge(id);
    expect(await inbox.list()).toEqual({ ids: [], next: null });
    expect(await inbox.download(id)).toBeNull();
  });

  test('a message that is longer than any answer is not taken in [mesh.13]', async () => {
    const id = mesh.put(THEIRS, OURS, 'PLANS_ACK', 'x'.repeat(21_000_000), 7);
    const failed = await inboxOf(mailbox(), 15_000)
      .download(id)
      .then(
        () => 'it was taken in',
        (error: unknown) => (error instanceof MeshFailed ? `${error.message} ${error.isOfMessage}` : 'it broke'),
      );
    expect(failed).toBe('MESH: download: too-large true');
    expect(mesh.lies(OURS)).toHaveLength(1);
  });

  test('where a message of ours lies is asked by its id [mesh.16]', async () => {
    const own = mailbox();
    await send(own, 8);
    const [message] = mesh.lies(THEIRS);
    expect(await inboxOf(own).track(message?.id ?? '')).toBe('waiting');
    mesh.take(THEIRS);
    expect(await inboxOf(own).track(message?.id ?? '')).toBe('taken');
    expect(await inboxOf(own).track('NONE')).toBe('silent');
  });

  test('what MESH does not do is told without its words', async () => {
    mesh.behave('read', 'busy', 1);
    const failed = await inboxOf(mailbox())
      .list()
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(MeshFailed);
    expect(String(failed)).toBe('Error: MESH: inbox: http-503');
    mesh.behave('read', 'garbage', 1);
    await expect(inboxOf(mailbox()).list()).rejects.toThrow('MESH: inbox: answer-unreadable');
  });
});
