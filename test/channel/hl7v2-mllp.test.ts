import { setImmediate } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openChannels } from '../../src/channel/open-channels.ts';
import { startFakeMllpRecipient } from '../support/fake-mllp-recipient.ts';
import type { FakeMllpRecipient } from '../support/fake-mllp-recipient.ts';
import type { How } from '../support/fake-recipient.ts';
import { disclosure, envelope, mdmParcel, mdmRecallParcel, NHS_NUMBER, target, until, within } from './samples.ts';
import { CERTIFICATE, KEY } from './certificate.ts';

let unexpected: string[] = [];
const channels = openChannels(['127.0.0.0/8'], { tls: { ca: CERTIFICATE }, onUnexpected: (address) => unexpected.push(address) });
const channel = channels['hl7v2-mllp'];
let ed: FakeMllpRecipient;

beforeEach(async () => {
  unexpected = [];
  ed = await startFakeMllpRecipient();
});
afterEach(() => ed.stop());
afterAll(() => channels.close());

const ACCEPTED = { kind: 'accepted', level: 'application' };

describe('HL7 v2 over MLLP', () => {
  test('T02 is held, T10 replaces it, T11 leaves nothing, over one connection', async () => {
    const [first, second] = [envelope(1), envelope(2)];
    const nasty = 'pipes | ^ ~ \\ &amp; and\r\nMSH|^~\\&amp;|lines';
    expect(await channel.send(target(ed.address), mdmParcel(first, null, [], 'first'), within(1_000))).toEqual(ACCEPTED);
    expect(await channel.send(target(ed.address), mdmParcel(second, first.documentId, [], nasty), within(1_000))).toEqual(ACCEPTED);
    expect(ed.holds()).toEqual([
      expect.objectContaining({ person: NHS_NUMBER, plan: disclosure().id, document: second.documentId, sequence: '1.2' }),
    ]);
    expect(ed.holds()[0]?.text).toContain('pipes | ^ ~ \\ & and MSH|^~\\&|lines');
    expect(await channel.send(target(ed.address), mdmRecallParcel(envelope(3), [second.documentId]), within(1_000))).toEqual(ACCEPTED);
    expect(ed.holds()).toEqual([]);
    expect(ed.connections()).toBe(1);
  });

  test('a recall by notice makes each document obsolete, and leaves none of its words', async () => {
    const [first, second] = [envelope(1), envelope(2)];
    await channel.send(target(ed.address), mdmParcel(first), within(1_000));
    await channel.send(target(ed.address), mdmParcel(second), within(1_000));
    expect(ed.holds()).toHaveLength(2);
    const documents = [second.documentId, first.documentId];
    expect(await channel.send(target(ed.address), mdmRecallParcel(envelope(3), documents, 'mdm-t10-notice'), within(1_000))).toEqual(
      ACCEPTED,
    );
    expect(ed.holds()).toEqual([]);
  });

  test('a parcel of several is as good as its worst: what is stale is cancelled, then the new one sent', async () => {
    const [stale, now] = [envelope(1), envelope(2)];
    await channel.send(target(ed.address), mdmParcel(stale), within(1_000));
    ed.behave({ how: 'refuse', times: 1 });
    // The T11 is refused, the T02 taken: the words may lie there twice, so nothing is certain.
    expect(await channel.send(target(ed.address), mdmParcel(now, null, [stale.documentId]), within(1_000))).toEqual({
      kind: 'unknown',
      because: 'in-part-AE',
    });
    expect(ed.holds()).toHaveLength(2);
    expect(await channel.send(target(ed.address), mdmRecallParcel(envelope(3), [now.documentId, stale.documentId]), within(1_000))).toEqual(
      ACCEPTED,
    );
    expect(ed.holds()).toEqual([]);
  });

  test.each([
    ['stall', { kind: 'unknown', because: 'timeout' }, 0],
    ['refuse', { kind: 'refused', because: 'AE', retry: false }, 0],
    ['busy', { kind: 'unknown', because: 'AR' }, 0],
    ['pending', { kind: 'unknown', because: 'CA' }, 1],
    ['lose-answer', { kind: 'unknown', because: 'connection-lost' }, 1],
    ['answer-another', { kind: 'unknown', because: 'answer-to-another' }, 1],
    ['garbage', { kind: 'unknown', because: 'answer-garbled' }, 1],
    ['half-answer', { kind: 'unknown', because: 'connection-lost' }, 1],
  ] satisfies readonly [How, object, number][])(
    'a recipient that does "%s" is read as what it proved, and the next message gets its own answer',
    async (how, outcome, held) => {
      ed.behave({ how, times: 1 });
      const parcel = mdmParcel(envelope(1));
      expect(await channel.send(target(ed.address), parcel, within(1_000, 200))).toEqual(outcome);
      expect(ed.holds()).toHaveLength(held);
      expect(await channel.send(target(ed.address), parcel, within(1_000))).toEqual(ACCEPTED);
      expect(ed.holds()).toHaveLength(1);
      const [one, two] = ed.received();
      expect(one?.bytes).toBe(two?.bytes);
    },
  );

  test('an answer that comes after the time-out is never credited to the next message', async () => {
    ed.behave({ how: 'answer-late', times: 1, delayMs: 150 });
    expect(await channel.send(target(ed.address), mdmParcel(envelope(1)), within(1_000, 100))).toEqual({
      kind: 'unknown',
      because: 'timeout',
    });
    ed.behave({ how: 'stall', times: 1 });
    expect(await channel.send(target(ed.address), mdmParcel(envelope(2)), within(1_000, 200))).toEqual({
      kind: 'unknown',
      because: 'timeout',
    });
    await until(() => ed.connections() === 0);
  });

  test('two answers to one message, and words nobody asked for, are told of and never credited', async () => {
    ed.behave({ how: 'double-answer', times: 1 });
    expect(await channel.send(target(ed.address), mdmParcel(envelope(1)), within(1_000))).toEqual(ACCEPTED);
    expect(unexpected).toEqual([ed.address]);
    await channel.send(target(ed.address), mdmParcel(envelope(2)), within(1_000));
    ed.speakUnasked('MSH|^~\\&|X\rMSA|AA|1\r');
    await until(() => unexpected.length === 2);
    // What came after it could not be told from an answer: the connection is given up.
    await until(() => ed.connections() === 0);
    ed.behave({ how: 'refuse', times: 1 });
    expect(await channel.send(target(ed.address), mdmParcel(envelope(3)), within(1_000))).toMatchObject({ kind: 'refused' });
  });

  test('one message is in flight at a time, whoever sends', async () => {
    const sends = Array.from({ length: 20 }, (_, index) =>
      channel.send(target(ed.address), mdmParcel(envelope(index)), within(2_000, 1_000)),
    );
    expect(await Promise.all(sends)).toEqual(sends.map(() => ACCEPTED));
    expect(ed.connections()).toBe(1);
  });

  test('I1: whoever waits behind a slow answer until send_before writes nothing', async () => {
    ed.behave({ how: 'answer-late', delayMs: 300 });
    const slow = channel.send(target(ed.address), mdmParcel(envelope(1)), within(1_000, 1_000));
    const waiting = channel.send(target(ed.address), mdmParcel(envelope(2)), within(100, 1_000));
    // Told when send_before passes, not when the turn comes.
    expect(await Promise.race([waiting, slow])).toEqual({ kind: 'refused', because: 'abandoned', retry: true });
    expect(await slow).toEqual(ACCEPTED);
    expect(ed.received()).toHaveLength(1);
  });

  test('an update whose T11 went out and whose content did not was not stored', async () => {
    let looks = 0;
    const limits = { msLeft: () => (looks++ < 4 ? 1_000 : -1), timeoutMs: 500 };
    const outcome = await channel.send(target(ed.address), mdmParcel(envelope(2), null, ['older']), limits);
    expect([outcome, ed.received().length, ed.holds()]).toEqual([
      { kind: 'refused', because: 'abandoned', retry: true },
      expect.any(Number),
      [],
    ]);
    expect(ed.received().every(({ kind }) => kind === 'recall')).toBe(true);
  });

  test('nobody there is a proof; back on its port it is reached again; a broken connection is made anew', async () => {
    await channel.send(target(ed.address), mdmParcel(envelope(1)), within(1_000));
    await ed.stop();
    // The end of the connection is heard of a moment later.
    await setImmediate();
    await setImmediate();
    expect(await channel.send(target(ed.address), mdmParcel(envelope(2)), within(1_000))).toEqual({
      kind: 'refused',
      because: 'not-connected',
      retry: true,
    });
    await ed.start();
    expect(await channel.send(target(ed.address), mdmParcel(envelope(3)), within(1_000))).toEqual(ACCEPTED);
  });

  test("the recipient's own table is asked first, and a recall of what it never had has had its effect", async () => {
    ed.behave({ how: 'busy', times: 1 });
    const own = target(ed.address, { acknowledgements: [{ code: 'AR', error: null, means: 'refused' }] });
    expect(await channel.send(own, mdmParcel(envelope(1)), within(1_000))).toEqual({ kind: 'refused', because: 'AR', retry: true });
    const strict = await startFakeMllpRecipient({ unknownDocument: '204' });
    expect(await channel.send(target(strict.address), mdmRecallParcel(envelope(2), ['never-sent']), within(1_000))).toEqual(ACCEPTED);
    await strict.stop();
  });

  test('mllps speaks TLS, and only to the certificate that it trusts', async () => {
    const secure = await startFakeMllpRecipient({ tls: { key: KEY, cert: CERTIFICATE } });
    expect(await channel.send(target(secure.address), mdmParcel(envelope(1)), within(1_000))).toEqual(ACCEPTED);
    const distrustful = openChannels(['127.0.0.0/8']);
    expect(await distrustful['hl7v2-mllp'].send(target(secure.address), mdmParcel(envelope(2)), within(1_000))).toEqual({
      kind: 'refused',
      because: 'not-connected',
      retry: true,
    });
    expect(secure.holds()).toHaveLength(1);
    await Promise.all([distrustful.close(), secure.stop()]);
  });

  test.each(['mllp://127.0.0.1', 'mllp://user@127.0.0.1:1', 'http://127.0.0.1:1', 'mllp://127.0.0.1:99999', 'mllp://127.0.0.1:1/path'])(
    '%s is no address',
    async (address) => {
      expect(await channel.send(target(address), mdmParcel(envelope(1)), within(1_000))).toEqual({
        kind: 'refused',
        because: 'address-unusable',
        retry: false,
      });
    },
  );
});
