import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { toRestRecall } from '../../mappings/rest/to-rest-recall.ts';
import { toRestUpdate } from '../../mappings/rest/to-rest-update.ts';
import type { Parcel } from '../../src/channel/channel.ts';
import { openChannels } from '../../src/channel/open-channels.ts';
import type { FakeFhirServer, FhirServerOptions, ServerHow } from '../support/fake-fhir-server.ts';
import { startFakeFhirServer } from '../support/fake-fhir-server.ts';
import { startMedplumServer } from '../support/medplum-server.ts';
import { disclosure, envelope, NHS_NUMBER, target, until, within } from './samples.ts';

const channels = openChannels(['127.0.0.0/8']);
const channel = channels['fhir-rest'];
let server: FakeFhirServer;

beforeEach(async () => {
  server = await startFakeFhirServer();
});
afterEach(() => server.stop());
afterAll(() => channels.close());

const startAs = async (options: FhirServerOptions): Promise<void> => {
  await server.stop();
  server = await startFakeFhirServer(options);
};

const parcel = (kind: Parcel['kind'], bytes: string): Parcel => ({
  kind,
  bytes,
  contentType: 'application/fhir+json',
  messageId: randomUUID(),
  bundleId: randomUUID(),
  requestId: randomUUID(),
  correlationId: randomUUID(),
});
interface Update {
  readonly documentId: string;
  readonly parcel: Parcel;
}
const update = (
  count: number,
  words?: string,
  parent: string | null = null,
  stale: readonly string[] = [],
  address = server.address,
): Update => {
  const of = envelope(count);
  const bytes = toRestUpdate({ disclosure: disclosure(words), envelope: of, address, parent, stale });
  return { documentId: of.documentId, parcel: parcel('update', bytes) };
};
const recall = (count: number, documents: readonly string[]): Parcel =>
  parcel('recall', toRestRecall({ envelope: envelope(count), disclosureId: disclosure().id, identity: NHS_NUMBER, documents }));

const reading = { readsBack: true, headers: {} };
const unseen = { readsBack: false, headers: {} };
const send = (it: Parcel, more: object = reading, limits = within(1_000)) => channel.send(target(server.address, more), it, limits);
const APPLICATION = { kind: 'accepted', level: 'application' };
const STORED = { kind: 'accepted', level: 'stored' };
const statuses = (): readonly unknown[] => server.current('DocumentReference').map(({ body }) => body['status']);

describe.each([
  ['a server that may be read', reading, APPLICATION],
  ['a server that only takes', unseen, STORED],
] as const)('FHIR REST: %s', (_, how, accepted) => {
  beforeEach(() => startAs({ mayBeRead: how.readsBack }));

  test('an update is held, the next replaces it, a recall leaves nothing', async () => {
    const first = update(1, 'first words');
    expect(await send(first.parcel, how)).toEqual(accepted);
    expect(server.holds()).toMatchObject([{ person: NHS_NUMBER, sequence: '1.1', document: first.documentId }]);
    const second = update(2, 'second words', first.documentId);
    expect(await send(second.parcel, how)).toEqual(accepted);
    expect(server.holds()).toMatchObject([{ sequence: '1.2', document: second.documentId }]);
    expect([...statuses()].sort()).toEqual(['current', 'superseded']);
    expect(JSON.stringify(server.current('Bundle'))).not.toContain('first words');
    const taken = recall(3, [second.documentId, first.documentId]);
    expect(taken.bytes).not.toContain('words');
    expect(await send(taken, how)).toEqual(accepted);
    expect(server.holds()).toEqual([]);
    expect(statuses()).toEqual(['entered-in-error', 'entered-in-error']);
    expect(JSON.stringify(server.current('Bundle'))).not.toContain('words');
  });

  test('the frozen bodies leave unchanged, with the same ids, on a retry; each write has an id of its own', async () => {
    const it = update(1, 'Ünïcode – “quotes” \\u0041 \u2028').parcel;
    server.behave({ how: 'lose-answer', times: 1 });
    expect(await send(it, how)).toEqual({ kind: 'unknown', because: 'connection-lost' });
    expect(await send(it, how)).toEqual(accepted);
    const frozen = it.bytes.split('\n').map((line): string => JSON.parse(line).body);
    const received = server.received();
    for (const { bytes } of received) expect(frozen).toContain(bytes);
    const idsOf = (body: string) => new Set(received.filter(({ bytes }) => bytes === body).map(({ id }) => id));
    expect(frozen.map((body) => idsOf(body).size)).toEqual([1, 1]);
    expect(new Set(received.map(({ id }) => id)).size).toBe(2);
    expect(received[0]?.headers).toMatchObject({
      'x-correlation-id': it.correlationId,
      'content-type': 'application/fhir+json',
      prefer: 'return=minimal',
    });
    expect(server.holds()).toHaveLength(1);
  });

  test('I8: no URL holds the person', async () => {
    const it = update(1);
    await send(it.parcel, how);
    await send(recall(2, [it.documentId]), how);
    expect(server.urls().length).toBeGreaterThan(3);
    for (const url of server.urls())
      for (const part of [NHS_NUMBER, 'Testperson', 'Example']) expect(decodeURIComponent(url)).not.toContain(part);
  });

  test.each([
    ['stall', { kind: 'unknown', because: 'timeout' }, 0],
    ['refuse', { kind: 'refused', because: 'http-422', retry: false }, 0],
    ['busy', { kind: 'unknown', because: 'http-503' }, 0],
    ['pending', { kind: 'unknown', because: 'answer-pending' }, 1],
    ['lose-answer', { kind: 'unknown', because: 'connection-lost' }, 1],
    ['answer-another', { kind: 'unknown', because: 'answer-to-another' }, 1],
    ['garbage', { kind: 'unknown', because: 'http-500' }, 1],
    ['half-answer', { kind: 'unknown', because: 'connection-lost' }, 1],
  ] satisfies readonly [ServerHow, object, number][])('a server that does "%s" is read as what it proved', async (does, outcome, held) => {
    server.behave({ how: does });
    expect(await send(update(1).parcel, how)).toEqual(outcome);
    expect(server.holds()).toHaveLength(held);
  });

  test('the document stored and its pointer refused is an update in doubt, never an accepted one, and never a refused one', async () => {
    const held = update(1, 'first words');
    await send(held.parcel, how);
    const next = update(2, 'second words', held.documentId);
    server.behave({ how: 'refuse', after: 1 });
    expect(await send(next.parcel, how)).toEqual({ kind: 'unknown', because: 'in-part-http-422' });
    expect(server.holds().map(({ document }) => document)).toContain(next.documentId);
    // What was to be replaced stays while nothing points to the new one, and goes with the retry.
    server.behave({ how: 'normal' });
    expect(await send(next.parcel, how)).toEqual(accepted);
    expect(server.holds()).toMatchObject([{ document: next.documentId }]);
  });

  test('I1: after send_before nothing is written', async () => {
    expect(await send(update(1).parcel, how, within(0))).toEqual({ kind: 'refused', because: 'abandoned', retry: true });
    expect([server.received(), server.reads()]).toEqual([[], 0]);
  });

  test('nobody there is a proof that nothing was stored', async () => {
    await server.stop();
    expect(await send(update(1).parcel, how)).toEqual({ kind: 'refused', because: 'not-connected', retry: true });
    await server.start();
    expect(await send(update(2).parcel, how)).toEqual(accepted);
  });

  test('a recall of several documents tries each, and is accepted once all are gone', async () => {
    const [one, two] = [update(1, 'first words'), update(2, 'second words')];
    await send(one.parcel, how);
    await send(two.parcel, how);
    server.behave({ how: 'busy', times: 1 });
    expect(await send(recall(3, [one.documentId, two.documentId]), how)).toEqual({ kind: 'unknown', because: 'http-503' });
    expect(server.holds()).toMatchObject([{ document: one.documentId }]);
    expect(await send(recall(4, [one.documentId, two.documentId]), how)).toEqual(accepted);
    expect(server.holds()).toEqual([]);
  });

  test('a parcel that names no document asks for nothing', async () => {
    expect(await send(recall(1, []), how)).toEqual({ kind: 'accepted', level: 'transport' });
    expect(server.received()).toEqual([]);
  });
});

describe('FHIR REST: what only reading shows', () => {
  test('a server that says 200 and stores nothing is believed only where it cannot be read', async () => {
    server.behave({ how: 'lie' });
    expect(await send(update(1).parcel)).toEqual({ kind: 'unknown', because: 'read-back-differs' });
    expect(await send(update(2).parcel, unseen)).toEqual(STORED);
  });

  test('a recall that is answered with 200 and did nothing is no recall', async () => {
    const it = update(1);
    await send(it.parcel);
    server.behave({ how: 'lie' });
    expect(await send(recall(2, [it.documentId]))).toEqual({ kind: 'unknown', because: 'read-back-differs' });
    server.behave({ how: 'normal' });
    expect(await send(recall(3, [it.documentId]))).toEqual(APPLICATION);
  });

  test('what lies there as it was sent is not sent again', async () => {
    const it = update(1);
    await send(it.parcel);
    const before = server.received().length;
    expect(await send(it.parcel)).toEqual(APPLICATION);
    expect(server.received()).toHaveLength(before);
  });

  test('a lower sequence does not overwrite a higher one, and a late update does not come back after its recall', async () => {
    const it = update(1);
    expect(await send(recall(2, [it.documentId]))).toEqual(APPLICATION);
    expect(await send(it.parcel)).toEqual({ kind: 'refused', because: 'newer-lies-there', retry: true });
    expect(server.holds()).toEqual([]);
  });

  test('an update that was under way while its recall was answered meets what the recall left', async () => {
    const it = update(1);
    server.behave({ how: 'arrive-late', times: 1, delayMs: 150 });
    expect(await send(it.parcel)).toEqual({ kind: 'unknown', because: 'connection-lost' });
    expect(await send(recall(2, [it.documentId]))).toEqual(APPLICATION);
    const before = server.current('Bundle').map(({ version }) => version);
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect([server.holds(), server.current('Bundle').map(({ version }) => version)]).toEqual([[], before]);
  });

  test('If-Match: a replacement under way does not overwrite what a later recall left', async () => {
    const it = update(1);
    await send(it.parcel);
    server.behave({ how: 'arrive-late', times: 1, delayMs: 150 });
    expect(await send(recall(2, [it.documentId]))).toEqual({ kind: 'unknown', because: 'connection-lost' });
    expect(await send(recall(3, [it.documentId]))).toEqual(APPLICATION);
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(
      server
        .received()
        .map(({ headers }) => headers['if-match'])
        .filter((each) => each !== undefined).length,
    ).toBeGreaterThan(0);
    expect(server.current('Bundle').map(({ body }) => JSON.stringify(body).includes('"1.3"'))).toEqual([true]);
  });

  test('somebody else changed it in between (412): it is read once more, and decided', async () => {
    const it = update(1);
    await send(it.parcel);
    const [lying] = server.current('Bundle');
    server.meanwhile(() => server.put('Bundle', { ...lying?.body, language: 'en' }, lying?.id));
    expect(await send(recall(2, [it.documentId]))).toEqual(APPLICATION);
    expect(server.current('Bundle').map(({ version }) => version)).toEqual([3]);
    expect(server.holds()).toEqual([]);
  });

  test('a document that lies there twice is taken away twice', async () => {
    const it = update(1);
    await send(it.parcel);
    const [lying] = server.current('Bundle');
    server.put('Bundle', { ...lying?.body, id: undefined });
    expect(server.holds()).toHaveLength(2);
    expect(await send(recall(2, [it.documentId]), unseen)).toEqual({ kind: 'refused', because: 'http-412', retry: true });
    expect(await send(recall(3, [it.documentId]))).toEqual(APPLICATION);
    expect(server.holds()).toEqual([]);
  });

  test('a server that passes the criteria by is written nothing: it would overwrite another document', async () => {
    await startAs({ passesCriteriaBy: true });
    server.put('Bundle', { resourceType: 'Bundle', type: 'collection', identifier: { system: 'urn:theirs', value: '1' } });
    expect(await send(update(1).parcel)).toEqual({ kind: 'refused', because: 'search-ignored', retry: true });
    expect(server.received()).toEqual([]);
  });

  test('where reading is refused, nothing is updated, and a recall is tried all the same', async () => {
    await startAs({ mayBeRead: false });
    const it = update(1);
    expect(await send(it.parcel)).toEqual({ kind: 'refused', because: 'http-403', retry: true });
    expect(server.received()).toEqual([]);
    await send(it.parcel, unseen);
    expect(server.holds()).toHaveLength(1);
    expect(await send(recall(2, [it.documentId]))).toEqual(STORED);
    expect(server.holds()).toEqual([]);
  });

  test('a recall of what is not there counts only where reading proves it', async () => {
    await startAs({ createsNothing: true });
    const nothing = recall(1, [randomUUID()]);
    expect(await send(nothing, unseen)).toEqual({ kind: 'refused', because: 'http-404', retry: true });
    server.behave({ how: 'refuse' });
    expect(await send(nothing)).toEqual(STORED);
    const it = update(2);
    server.behave({ how: 'normal' });
    await send(it.parcel);
    server.behave({ how: 'refuse' });
    expect(await send(recall(3, [it.documentId]))).toEqual({ kind: 'refused', because: 'http-422', retry: false });
  });

  test('an answer after the time-out is not waited for, and the time-out is that of the whole parcel', async () => {
    server.behave({ how: 'answer-late', delayMs: 300 });
    const started = performance.now();
    expect(await send(update(1).parcel, unseen, within(2_000, 500))).toEqual({ kind: 'unknown', because: 'timeout' });
    expect(performance.now() - started).toBeLessThan(1_500);
    await until(() => server.holds().length === 1);
  });
});

describe("a FHIR server that nobody here wrote (Medplum's, in memory)", () => {
  test('takes, replaces, gives up, and is not overwritten by what comes late', async () => {
    const peer = await startMedplumServer();
    const to = (it: Parcel) => channel.send(target(peer.address, reading), it, within(5_000, 5_000));
    const held = async () => (await peer.bundles()).filter(({ type }) => type === 'document').map(({ identifier }) => identifier?.value);
    const first = update(1, 'first words', null, [], peer.address);
    expect(await to(first.parcel)).toEqual(APPLICATION);
    expect(await held()).toEqual([first.documentId]);
    const second = update(2, 'second words', first.documentId, [], peer.address);
    expect(await to(second.parcel)).toEqual(APPLICATION);
    expect(await held()).toEqual([second.documentId]);
    expect((await peer.pointers()).map(({ status }) => status).sort()).toEqual(['current', 'superseded']);
    expect(await to(recall(3, [second.documentId, first.documentId]))).toEqual(APPLICATION);
    expect(await held()).toEqual([]);
    expect(JSON.stringify(await peer.bundles())).not.toContain('words');
    expect(await to(second.parcel)).toEqual({ kind: 'refused', because: 'newer-lies-there', retry: true });
    // Without reading, by conditional update alone.
    const third = update(4, 'third words', null, [], peer.address);
    expect(await channel.send(target(peer.address, unseen), third.parcel, within(5_000, 5_000))).toEqual(STORED);
    expect(await held()).toEqual([third.documentId]);
    await peer.stop();
  });
});
