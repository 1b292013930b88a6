import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openChannels } from '../../src/channel/open-channels.ts';
import { startFakeFhirRecipient } from '../support/fake-fhir-recipient.ts';
import type { FakeRecipient, How } from '../support/fake-recipient.ts';
import { envelope, NHS_NUMBER, recallParcel, target, until, updateParcel, within } from './samples.ts';

const channels = openChannels(['127.0.0.0/8']);
const channel = channels['fhir-messaging'];
let epr: FakeRecipient;

beforeEach(async () => {
  epr = await startFakeFhirRecipient();
});
afterEach(() => epr.stop());
afterAll(() => channels.close());

const send = (count: number, words?: string) =>
  channel.send(target(epr.address), updateParcel(epr.address, envelope(count), words), within(1_000));

describe('FHIR messaging', () => {
  test('an update is held, the next replaces it, a recall leaves nothing', async () => {
    expect(await send(1, 'first words')).toEqual({ kind: 'accepted', level: 'application' });
    expect(await send(2, 'second words')).toEqual({ kind: 'accepted', level: 'application' });
    const [held, ...more] = epr.holds();
    expect(more).toEqual([]);
    expect(held).toMatchObject({ person: NHS_NUMBER, sequence: '1.2' });
    expect(held?.text).toContain('second words');
    const recall = recallParcel(epr.address, envelope(3), [held?.document ?? '']);
    expect(recall.bytes).not.toContain('words');
    expect(await channel.send(target(epr.address), recall, within(1_000))).toEqual({ kind: 'accepted', level: 'application' });
    expect(epr.holds()).toEqual([]);
  });

  test('the frozen bytes leave unchanged, with the same ids, on a retry', async () => {
    const frozen = updateParcel(epr.address, envelope(1), 'Ünïcode – “quotes” \\u0041 \u2028');
    // A text that parsing and writing again would change shows that nobody does.
    const parcel = { ...frozen, bytes: ` ${frozen.bytes.replace('{', '{ "2": 0.10, "1": 1e2, ')}\n` };
    expect(JSON.stringify(JSON.parse(parcel.bytes))).not.toBe(parcel.bytes.trim());
    epr.behave({ how: 'lose-answer', times: 1 });
    expect(await channel.send(target(epr.address), parcel, within(1_000))).toEqual({ kind: 'unknown', because: 'connection-lost' });
    expect(await channel.send(target(epr.address), parcel, within(1_000))).toEqual({ kind: 'accepted', level: 'application' });
    const received = epr.received();
    expect(received.map(({ bytes }) => bytes)).toEqual([parcel.bytes, parcel.bytes]);
    expect(received.map(({ headers }) => headers['x-request-id'])).toEqual([parcel.requestId, parcel.requestId]);
    expect(received[0]?.headers).toMatchObject({
      'x-correlation-id': parcel.correlationId,
      'content-type': 'application/fhir+json',
      'nhsd-end-user-organisation-ods': 'BROKER',
    });
    expect([epr.holds().length, epr.duplicates()]).toEqual([1, 1]);
  });

  test.each([
    ['stall', { kind: 'unknown', because: 'timeout' }, 0],
    ['refuse', { kind: 'refused', because: 'http-422', retry: false }, 0],
    ['busy', { kind: 'unknown', because: 'http-503' }, 0],
    ['fatal-error', { kind: 'refused', because: 'fatal-error', retry: false }, 0],
    ['transient-error', { kind: 'unknown', because: 'transient-error' }, 0],
    ['pending', { kind: 'unknown', because: 'answer-pending' }, 1],
    ['lose-answer', { kind: 'unknown', because: 'connection-lost' }, 1],
    ['answer-another', { kind: 'unknown', because: 'answer-to-another' }, 1],
    ['garbage', { kind: 'unknown', because: 'answer-unreadable' }, 1],
    ['half-answer', { kind: 'unknown', because: 'connection-lost' }, 1],
  ] satisfies readonly [How, object, number][])('a recipient that does "%s" is read as what it proved', async (how, outcome, held) => {
    epr.behave({ how });
    expect(await send(1)).toEqual(outcome);
    expect(epr.holds()).toHaveLength(held);
  });

  test('an answer after the time-out is not waited for, and what arrives late is stored by them', async () => {
    epr.behave({ how: 'answer-late', times: 1, delayMs: 700 });
    expect(await send(1)).toEqual({ kind: 'unknown', because: 'timeout' });
    epr.behave({ how: 'arrive-late', times: 1, delayMs: 50 });
    expect(await send(2, 'late words')).toEqual({ kind: 'unknown', because: 'connection-lost' });
    await until(() => epr.holds()[0]?.text.includes('late words') === true);
  });

  test('where lower sequences are refused, a late update cannot come back after a recall', async () => {
    await epr.stop();
    epr = await startFakeFhirRecipient({ refusesLowerSequence: true });
    await channel.send(target(epr.address), recallParcel(epr.address, envelope(2), []), within(1_000));
    expect(await send(1)).toEqual({ kind: 'refused', because: 'http-409', retry: false });
    expect(epr.holds()).toEqual([]);
  });

  test('I1: after send_before nothing is written, not even after a slow connection', async () => {
    expect(await channel.send(target(epr.address), updateParcel(epr.address, envelope(1)), within(0))).toEqual({
      kind: 'refused',
      because: 'abandoned',
      retry: true,
    });
    // There is time when it is sent, and none when the connection is made.
    const late = channel.send(target(epr.address), updateParcel(epr.address, envelope(1)), within(20));
    const end = performance.now() + 30;
    while (performance.now() < end);
    expect(await late).toEqual({ kind: 'refused', because: 'abandoned', retry: true });
    expect(epr.received()).toEqual([]);
    expect(await send(2)).toMatchObject({ kind: 'accepted' });
  });

  test('nobody there is a proof that nothing was stored; back on its port it is reached again', async () => {
    await epr.stop();
    expect(await send(1)).toEqual({ kind: 'refused', because: 'not-connected', retry: true });
    await epr.start();
    expect(await send(2)).toMatchObject({ kind: 'accepted' });
  });

  test('no redirect is followed, and an answer without end is cut', async () => {
    let followed = 0;
    const server = createServer((request, response) => {
      request.resume();
      if (request.url === '/elsewhere') followed += 1;
      if (request.url?.startsWith('/moved') === true) response.writeHead(307, { location: '/elsewhere' }).end();
      else {
        response.writeHead(200, { 'content-type': 'application/fhir+json' });
        const pour = (): void => {
          response.write(' '.repeat(65_536));
        };
        response.on('drain', pour);
        pour();
      }
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const to = (path: string) => channel.send(target(`${base}${path}`), updateParcel(base, envelope(1)), within(1_000, 5_000));
    expect(await to('/moved')).toEqual({ kind: 'unknown', because: 'redirected' });
    expect(followed).toBe(0);
    expect(await to('/flood')).toEqual({ kind: 'unknown', because: 'answer-too-large' });
    server.closeAllConnections();
    server.close();
  });
});
