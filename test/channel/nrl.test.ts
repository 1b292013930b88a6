import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { toNrlRecall } from '../../mappings/nrl/to-nrl-recall.ts';
import { type NrlPublished, toNrlUpdate } from '../../mappings/nrl/to-nrl-update.ts';
import { Code } from '../../profiles/canonicals.ts';
import type { Parcel } from '../../src/channel/channel.ts';
import { openChannels } from '../../src/channel/open-channels.ts';
import { type FakeNrl, type FakeNrlOptions, type NrlHow, startFakeNrl } from '../support/fake-nrl.ts';
import { MHCP } from '../support/nrl-rules.ts';
import { NHS_NUMBER, target, within } from './samples.ts';

/** One attempt at a record locator, over a real socket. What is asked is what a consumer would find there. */
const channels = openChannels(['127.0.0.0/8']);
const channel = channels.nrl;
let nrl: FakeNrl;

beforeEach(async () => {
  nrl = await startFakeNrl();
});
afterEach(() => nrl.stop());
afterAll(() => channels.close());

const startAs = async (options: FakeNrlOptions): Promise<void> => {
  await nrl.stop();
  nrl = await startFakeNrl(options);
};

const PLAN = '6f2e1c1a-0b6e-4a58-9d6e-3f6f6c0e9a01';
const OTHER_PLAN = '7a2e1c1a-0b6e-4a58-9d6e-3f6f6c0e9a02';
const published = (change: Partial<NrlPublished> = {}): NrlPublished => ({
  disclosureId: PLAN,
  publisher: 'ZZT01',
  nhsNumber: NHS_NUMBER,
  practiceSetting: Code.adultMentalHealth,
  issuedAt: 1_772_000_000_000,
  origin: 'https://broker.example',
  ...change,
});
const parcel = (kind: Parcel['kind'], bytes: string): Parcel => ({
  kind,
  bytes,
  contentType: 'application/fhir+json',
  messageId: randomUUID(),
  bundleId: randomUUID(),
  requestId: randomUUID(),
  correlationId: randomUUID(),
});
const update = (change: Partial<NrlPublished> = {}): Parcel => parcel('update', toNrlUpdate(published(change)));
const recall = (change: Partial<NrlPublished> = {}): Parcel => parcel('recall', toNrlRecall(published(change)));
const send = (it: Parcel, limits = within(1_000)) => channel.send(target(nrl.address, { headers: {} }), it, limits);
const pointerOf = (change: Partial<NrlPublished> = {}) => JSON.parse(JSON.parse(update(change).bytes).body);

const READ = { kind: 'accepted', level: 'application' };
const asked = (from = 0): readonly string[] =>
  nrl
    .received()
    .slice(from)
    .map(({ does }) => does);
const settings = (): readonly unknown[] => nrl.stands().map(({ context }) => context?.practiceSetting?.coding?.[0]?.code);
const OTHER_SETTING = { system: 'http://snomed.info/sct', code: '310120002', display: 'Another' };

describe('one pointer', () => {
  test('is created, and seen there [nrlp.1]', async () => {
    expect(await send(update())).toEqual(READ);
    expect(asked()).toEqual(['search', 'create', 'search']);
    expect(nrl.stands()).toMatchObject([{ identifier: [{ value: PLAN }], custodian: { identifier: { value: 'ZZT01' } } }]);
  });

  test('that stands there is not written again, whatever date the NRL gave it', async () => {
    await send(update());
    const [before] = nrl.stands();
    expect(before?.['date']).not.toBe(pointerOf().date);
    expect(await send(update({ issuedAt: 1_772_000_000_000 }))).toEqual(READ);
    expect(asked(3)).toEqual(['search']);
    expect(nrl.stands()).toEqual([before]);
  });

  test('that says something else is superseded: the old one goes with it [nrlp.5]', async () => {
    await send(update());
    const [old] = nrl.stands();
    expect(await send(update({ practiceSetting: OTHER_SETTING }))).toEqual(READ);
    expect(asked(3)).toEqual(['search', 'supersede', 'search']);
    expect(nrl.stands()).toMatchObject([{ relatesTo: [{ code: 'replaces', target: { identifier: { value: old?.id } } }] }]);
    expect(settings()).toEqual([OTHER_SETTING.code]);
    // What it took the place of is no difference.
    expect(await send(update({ practiceSetting: OTHER_SETTING }))).toEqual(READ);
    expect(asked(6)).toEqual(['search']);
  });

  test('takes the place of several at once [nrlp.5]', async () => {
    for (const setting of ['1', '2', '3']) nrl.put(pointerOf({ practiceSetting: { ...OTHER_SETTING, code: setting } }));
    expect(await send(update())).toEqual(READ);
    expect(settings()).toEqual([Code.adultMentalHealth.code]);
  });

  test('I3: doubled by an unknown outcome, it is one again', async () => {
    for (let count = 0; count < 3; count += 1) nrl.put(pointerOf());
    expect(await send(update())).toEqual(READ);
    expect(nrl.stands()).toHaveLength(1);
    expect(asked()).toEqual(['search', 'delete', 'delete', 'search']);
  });

  test('is left alone where it is another plan’s, another system’s of the trust, or another trust’s', async () => {
    nrl.put(pointerOf({ disclosureId: OTHER_PLAN }));
    const { identifier: _, ...unnamed } = pointerOf();
    nrl.put(unnamed);
    nrl.put(pointerOf({ publisher: 'ZZT02' }));
    const before = nrl.stands();
    expect(await send(update())).toEqual(READ);
    expect(nrl.stands()).toHaveLength(4);
    expect(await send(recall())).toEqual(READ);
    expect(nrl.stands()).toEqual(before);
  });

  test('that is gone when it is to be superseded is created all the same [nrlp.5]', async () => {
    const old = nrl.put(pointerOf({ practiceSetting: OTHER_SETTING }));
    nrl.meanwhile(() => nrl.drop(old));
    expect(await send(update())).toEqual(READ);
    expect(asked()).toEqual(['search', 'supersede', 'search', 'create', 'search']);
    expect(nrl.stands()).toHaveLength(1);
  });
});

describe('no pointer', () => {
  test('is what a recall leaves, and it is looked [nrlp.7]', async () => {
    await send(update());
    expect(await send(recall())).toEqual(READ);
    expect(asked(3)).toEqual(['search', 'delete', 'search']);
    expect(nrl.stands()).toEqual([]);
  });

  test('where none stands there is nothing to delete, and that was read', async () => {
    expect(await send(recall())).toEqual(READ);
    expect(asked()).toEqual(['search']);
  });

  test('several are all deleted', async () => {
    for (const setting of ['1', '2', '3']) nrl.put(pointerOf({ practiceSetting: { ...OTHER_SETTING, code: setting } }));
    expect(await send(recall())).toEqual(READ);
    expect(nrl.stands()).toEqual([]);
  });

  test('a delete that is answered 404 is one that was done [nrlp.7]', async () => {
    await send(update());
    nrl.behave({ how: 'gone', on: 'write', times: 1 });
    nrl.behave({ how: 'forbid', on: 'search', times: 1, after: 1 });
    expect(await send(recall())).toEqual({ kind: 'accepted', level: 'stored' });
    expect(nrl.stands()).toEqual([]);
  });

  test('I2: a delete that is said to be done, and was not, is no recall', async () => {
    await send(update());
    nrl.behave({ how: 'lie', on: 'write', times: 3 });
    expect(await send(recall())).toEqual({ kind: 'unknown', because: 'read-back-differs' });
  });
});

describe('what an answer proves', () => {
  test.each<readonly [NrlHow, object]>([
    ['refuse', { kind: 'refused', because: 'http-422', retry: false }],
    ['forbid', { kind: 'refused', because: 'http-403', retry: true }],
    ['busy', { kind: 'unknown', because: 'http-503' }],
    ['lie', { kind: 'unknown', because: 'read-back-differs' }],
    ['stall', { kind: 'unknown', because: 'timeout' }],
    ['garbage', { kind: 'unknown', because: 'http-500' }],
    ['lose-answer', { kind: 'unknown', because: expect.any(String) }],
  ])('a create that meets %s', async (how, expected) => {
    nrl.behave({ how, on: 'write', times: 1 });
    const it = update();
    expect(await send(it, within(1_000, 400))).toEqual(expected);
    // Tried again, there is one, whatever had been done.
    expect(await send(it)).toEqual(READ);
    expect(nrl.stands()).toHaveLength(1);
  });

  test.each<readonly [NrlHow, object]>([
    ['forbid', { kind: 'refused', because: 'http-403', retry: true }],
    ['busy', { kind: 'unknown', because: 'http-503' }],
    ['stall', { kind: 'unknown', because: 'timeout' }],
    ['lose-answer', { kind: 'unknown', because: expect.any(String) }],
  ])('a search that meets %s: nothing is written that could double', async (how, expected) => {
    nrl.behave({ how, on: 'search', times: 1 });
    expect(await send(update(), within(1_000, 400))).toEqual(expected);
    expect(asked()).toEqual(['search']);
  });

  test('a create that was taken and may not be looked at is stored', async () => {
    nrl.behave({ how: 'forbid', on: 'search', times: 1, after: 1 });
    expect(await send(update())).toEqual({ kind: 'accepted', level: 'stored' });
  });

  test('a duplicate that may not be deleted: the pointer stands, and it is not done', async () => {
    nrl.put(pointerOf());
    nrl.put(pointerOf());
    nrl.behave({ how: 'forbid', on: 'write', times: 1 });
    expect(await send(update())).toEqual({ kind: 'unknown', because: 'in-part-http-403' });
  });

  test.each<readonly [string, (pointer: Record<string, unknown>) => object, object]>([
    [
      'another person’s',
      (pointer) => ({ ...pointer, subject: { identifier: { system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990000026' } } }),
      { kind: 'refused', because: 'search-ignored' },
    ],
    [
      'another type',
      (pointer) => ({ ...pointer, type: { coding: [{ system: 'http://snomed.info/sct', code: '1' }] } }),
      { kind: 'refused', because: 'search-ignored' },
    ],
    ['an id that would lead astray', (pointer) => ({ ...pointer, id: '../x' }), { kind: 'unknown', because: 'search-unreadable' }],
  ])('a search that finds %s was not done as asked', async (_, change, expected) => {
    const resource = change({ ...pointerOf(), id: `ZZT01-${randomUUID()}` });
    nrl.searchesAs({ resourceType: 'Bundle', type: 'searchset', total: 1, entry: [{ resource }] });
    for (const it of [update(), recall()]) expect(await send(it)).toMatchObject(expected);
    expect(new Set(asked())).toEqual(new Set(['search']));
  });

  test.each([
    [
      'a next page',
      { resourceType: 'Bundle', type: 'searchset', link: [{ relation: 'next', url: 'x' }] },
      { kind: 'refused', because: 'search-incomplete' },
    ],
    [
      'more than it shows',
      { resourceType: 'Bundle', type: 'searchset', total: 21, entry: [] },
      { kind: 'refused', because: 'search-incomplete' },
    ],
    [
      'a token for the next page that is none',
      { resourceType: 'Bundle', type: 'searchset', total: 0, meta: { tag: [{ display: 'next-page-token', code: 7 }] } },
      { kind: 'refused', because: 'search-incomplete' },
    ],
    [
      'the same token again and again, as NRLF writes it',
      { resourceType: 'Bundle', type: 'searchset', total: 0, meta: { tag: [{ display: 'next_page_token', code: 'x' }] } },
      { kind: 'refused', because: 'search-incomplete' },
    ],
    ['no searchset', { resourceType: 'Bundle', type: 'collection' }, { kind: 'unknown', because: 'search-unreadable' }],
    ['an OperationOutcome', { resourceType: 'OperationOutcome', issue: [] }, { kind: 'unknown', because: 'search-unreadable' }],
  ])('I2: a search that answers with %s never proves that none is there [nrlp.10]', async (_, answer, expected) => {
    nrl.searchesAs(answer);
    expect(await send(recall())).toMatchObject(expected);
  });
});

describe('more than one page [nrlp.10]', () => {
  /** Pointers of the trust to this person's plans which another system of the trust has put there. */
  const crowd = (count: number): void => {
    const { identifier: _, ...unnamed } = pointerOf();
    for (let each = 0; each < count; each += 1) nrl.put(unnamed);
  };

  test.each(['link', 'token'] as const)(
    'I2 I3: each is read, by a %s: ours is found wherever it is, and written and taken away as on one page',
    async (by) => {
      crowd(12);
      nrl.pagesOf(5, by);
      expect(await send(update())).toEqual(READ);
      expect(asked()).toEqual(['search', 'search', 'search', 'create', 'search', 'search', 'search']);
      nrl.put(pointerOf({ practiceSetting: OTHER_SETTING }));
      expect(await send(update())).toEqual(READ);
      crowd(7);
      expect(await send(update())).toEqual(READ);
      expect(nrl.stands().filter(({ identifier }) => identifier !== undefined)).toHaveLength(1);
      nrl.put(pointerOf({ practiceSetting: OTHER_SETTING }));
      expect(await send(recall())).toEqual(READ);
      expect(nrl.stands()).toHaveLength(19);
      expect(nrl.stands().every(({ identifier }) => identifier === undefined)).toBe(true);
    },
  );

  test('I8: no address holds a number, and each page is asked for under an id of its own, the same for a retry', async () => {
    crowd(6);
    for (const by of ['token', 'link'] as const) {
      nrl.pagesOf(3, by);
      const from = nrl.received().length;
      const it = recall();
      for (let turn = 0; turn < 2; turn += 1) expect(await send(it)).toEqual(READ);
      const pages = nrl.received().slice(from);
      expect(pages).toHaveLength(4);
      for (const { url } of pages) expect(decodeURIComponent(url)).not.toContain(NHS_NUMBER);
      const ids = pages.map(({ headers }) => headers['x-request-id']);
      expect(ids[0]).toBe(ids[2]);
      expect(new Set(ids.slice(0, 2)).size).toBe(2);
      if (by === 'token') expect(ids[1]).toBe(ids[3]);
    }
  });

  test('I2: so many pages, and no more: beyond them nothing is known', async () => {
    crowd(21);
    nrl.pagesOf(1, 'token');
    expect(await send(recall())).toEqual({ kind: 'refused', because: 'search-incomplete', retry: true });
    expect(asked()).toHaveLength(20);
  });

  test('I2: a page that does not come, of several, leaves the whole unknown', async () => {
    crowd(6);
    nrl.pagesOf(3, 'link');
    nrl.behave({ how: 'busy', on: 'search', times: 1, after: 1 });
    expect(await send(recall())).toMatchObject({ kind: 'unknown' });
    nrl.behave({ how: 'forbid', on: 'search', times: 1, after: 1 });
    expect(await send(recall())).toEqual({ kind: 'refused', because: 'http-403', retry: true });
  });

  test('I2: a pointer that comes twice was moved while the pages were read, and another may be hidden', async () => {
    const resource = { ...pointerOf({ disclosureId: OTHER_PLAN }), id: `ZZT01-${randomUUID()}` };
    nrl.searchesAs({ resourceType: 'Bundle', type: 'searchset', total: 2, entry: [{ resource }, { resource }] });
    expect(await send(recall())).toEqual({ kind: 'refused', because: 'search-incomplete', retry: true });
  });

  test.each<readonly [string, (own: string, other: string) => string]>([
    ['to another host', (_own, other) => `${other}/DocumentReference?cursor=1`],
    ['to another port', (own) => own.replace(/:\d+\//, ':1/')],
    ['to another scheme', (own) => own.replace('http:', 'https:')],
    ['beside the base', (own) => own.replace('/producer/FHIR/R4', '/consumer/FHIR/R4')],
    ['out of the base', (own) => `${own}/../../../../DocumentReference`],
    ['out of the base in disguise', (own) => `${own}/%2e%2e%2f%2e%2e%2f%2e%2e/x`],
    ['with a name and a password', (own) => own.replace('http://', 'http://a:b@')],
    ['with a number in it', (own) => `${own}/DocumentReference?subject:identifier=https://fhir.nhs.uk/Id/nhs-number|${NHS_NUMBER}&page=2`],
    ['with a number in it that is encoded', (own) => `${own}/DocumentReference?page=%3${[...NHS_NUMBER].join('%3')}`],
    ['that is none', () => 'http://['],
    ['of another kind', () => 'file:///etc/passwd'],
  ])('I8: a link %s is not followed, and proves nothing', async (_, linkOf) => {
    const other = await startFakeNrl();
    nrl.searchesAs({ resourceType: 'Bundle', type: 'searchset', link: [{ relation: 'next', url: linkOf(nrl.address, other.address) }] });
    expect(await send(recall())).toEqual({ kind: 'refused', because: 'search-incomplete', retry: true });
    expect([asked(), other.received()]).toEqual([['search'], []]);
    await other.stop();
  });
});

test('what another custodian named by the same identifier is not ours, should a search show it', async () => {
  const resource = { ...pointerOf({ publisher: 'ZZT02' }), id: `ZZT02-${randomUUID()}` };
  nrl.searchesAs({ resourceType: 'Bundle', type: 'searchset', total: 1, entry: [{ resource }] });
  expect(await send(recall())).toEqual(READ);
  expect(asked()).toEqual(['search']);
});

test('I2: the answer to another request ends no recall, and begins no create', async () => {
  nrl.put(pointerOf());
  for (const it of [recall(), update({ practiceSetting: OTHER_SETTING })]) {
    nrl.behave({ how: 'of-another', on: 'search', times: 1 });
    expect(await send(it)).toEqual({ kind: 'unknown', because: 'answer-to-another' });
  }
  expect(asked()).toEqual(['search', 'search']);
});

describe('the rules of the NRL', () => {
  test('the organisation of each request is the custodian [nrlp.4]', async () => {
    const it = update();
    const bytes = JSON.stringify({ ...JSON.parse(it.bytes), custodian: 'ZZT02' });
    expect(await send({ ...it, bytes })).toEqual({ kind: 'refused', because: 'http-400', retry: false });
  });

  test('an organisation or a type without permission: 403 [nrlp.12]', async () => {
    await startAs({ allowed: { ZZT01: [MHCP], ZZT02: [] } });
    expect(await send(update())).toEqual(READ);
    for (const publisher of ['ZZT02', 'ZZT03'])
      expect(await send(update({ publisher }))).toEqual({ kind: 'refused', because: 'http-403', retry: true });
  });

  test('a token that is not good: 401 [nrlp.13]', async () => {
    await startAs({ authorizes: () => false });
    expect(await send(update())).toEqual({ kind: 'refused', because: 'http-401', retry: true });
  });

  test('I8: no address holds a number; each request has the media type and ids of its own, and a retry the same [nrlp.9] [nrlp.11]', async () => {
    const [one, other] = [update(), recall()];
    await send(one);
    await send(one);
    await send(other);
    const ids = nrl.received().map(({ headers }) => headers['x-request-id']);
    for (const { url, headers, does } of nrl.received()) {
      expect(decodeURIComponent(url)).not.toContain(NHS_NUMBER);
      expect(headers).toMatchObject({
        'nhsd-end-user-organisation-ods': 'ZZT01',
        accept: 'application/fhir+json;version=1',
        'x-correlation-id': does === 'delete' ? other.correlationId : expect.any(String),
      });
      if (does === 'create') expect(headers['content-type']).toBe('application/fhir+json;version=1');
    }
    // search, create, search; then the same search again; then search, delete, search.
    expect(ids).toHaveLength(7);
    expect(ids[3]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(6);
  });

  test('what comes too late is not written, and nobody there is not asked', async () => {
    expect(await send(update(), within(-1))).toMatchObject({ kind: 'refused', because: 'abandoned' });
    expect(nrl.received()).toEqual([]);
    await nrl.stop();
    expect(await send(update())).toMatchObject({ kind: 'refused', because: 'not-connected' });
  });
});
