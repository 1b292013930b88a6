import { randomUUID } from 'node:crypto';
import { connect, createServer } from 'node:net';
import type { Server } from 'node:net';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { controlId } from '../../mappings/mdm/control-id.ts';
import { fieldOf, readHl7 } from '../../mappings/mdm/read-hl7.ts';
import { MllpFrames, toFrame } from '../../src/channel/mllp-frames.ts';
import { openChannels } from '../../src/channel/open-channels.ts';
import { AUTHORITY_PEM, pemOf } from '../support/certificates.ts';
import { fakeListener } from '../support/fake-listener.ts';
import type { FakeMllpRecipient, Manner } from '../support/fake-mllp-recipient.ts';
import { LATE_MS, startFakeMllpRecipient } from '../support/fake-mllp-recipient.ts';
import { controlIdsOf, recallOf, updateOf } from './hl7v2-parcels.ts';
import { envelope, NHS_NUMBER, target, until, within } from './samples.ts';

// The lines of delivery.md section 3b as they are seen on the wire; test/stories/hl7v2-profiles.test.ts has those that a whole broker shows.

let unexpected: string[] = [];
let late: { readonly address: string; readonly text: string }[] = [];
const channels = openChannels(['127.0.0.0/8'], {
  onUnexpected: (address) => unexpected.push(address),
  onAcknowledgement: (address, text) => late.push({ address, text }),
});
const channel = channels['hl7v2-mllp'];
let ed: FakeMllpRecipient;

beforeEach(async () => {
  unexpected = [];
  late = [];
  ed = await startFakeMllpRecipient();
});
afterEach(() => ed.stop());
afterAll(() => channels.close());

/** A peer that answers each message with what `reply` makes of its MSH-10. */
const peerThatSays = (reply: (id: string) => string): Server =>
  createServer((socket) => {
    const frames = new MllpFrames();
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      for (const message of frames.push(chunk).messages) socket.write(toFrame(reply(field(message, 'MSH', 10))));
    });
  });

const ACCEPTED = { kind: 'accepted', level: 'application' };
const ENHANCED = { acknowledgementMode: 'enhanced' } as const;
/** Milliseconds within which a commit comes, however busy the machine. */
const COMMIT_MS = LATE_MS / 2;
const field = (text: string, segment: string, position: number): string => fieldOf(readHl7(text) ?? [], segment, position);
const send = (parcel: ReturnType<typeof updateOf>, timeoutMs = 5_000, more: Parameters<typeof target>[1] = {}) =>
  channel.send(target(ed.address, more), parcel, within(10_000, timeoutMs));

describe('original mode', () => {
  test('[3b.1] MSH-15 and 16 are empty; AA is held', async () => {
    expect(await send(updateOf(envelope(1)))).toEqual(ACCEPTED);
    const [sent] = ed.received();
    expect([field(sent?.bytes ?? '', 'MSH', 15), field(sent?.bytes ?? '', 'MSH', 16)]).toEqual(['', '']);
    expect(ed.holds()).toHaveLength(1);
  });

  test('[3b.1] [3b.10.3] AE is a refusal of the content, which is not to be sent as it is again', async () => {
    ed.behave({ how: 'refuse', times: 1 });
    expect(await send(updateOf(envelope(1)))).toEqual({ kind: 'refused', because: 'AE', retry: false });
  });

  test('[3b.1] [3b.10.4] AR is tried again with the same MSH-10, and AA then counts', async () => {
    const parcel = updateOf(envelope(1));
    ed.behave({ how: 'busy', times: 1 });
    expect(await send(parcel)).toEqual({ kind: 'unknown', because: 'AR' });
    expect(await send(parcel)).toEqual(ACCEPTED);
    expect(ed.received().map(({ id }) => id)).toEqual([...controlIdsOf(parcel), ...controlIdsOf(parcel)]);
    expect(ed.holds()).toHaveLength(1);
  });

  test("[3b.1] what an answer means is the recipient's own word, by MSA-1 and ERR-3, before the standard's", async () => {
    ed.behave({ how: 'refuse', times: 2 });
    const table = [{ code: 'AE', error: null, means: 'unknown' }] as const;
    expect(await send(updateOf(envelope(1)), 5_000, { acknowledgements: table })).toEqual({ kind: 'unknown', because: 'AE' });
    const strict = await startFakeMllpRecipient({ unknownDocument: '204' });
    const own = [
      { code: 'AE', error: '204', means: 'unknown' },
      { code: 'AE', error: null, means: 'refused' },
    ] as const;
    const recall = recallOf(envelope(2), ['never-sent']);
    expect(await channel.send(target(strict.address, { acknowledgements: own }), recall, within(10_000, 5_000))).toEqual({
      kind: 'unknown',
      because: 'AE-204',
    });
    await strict.stop();
  });
});

describe('enhanced mode', () => {
  test('[3b.2] MSH-15 and 16 ask for both; CA first, then AA on the same connection is held', async () => {
    const parcel = updateOf(envelope(1), ENHANCED);
    expect(await send(parcel)).toEqual(ACCEPTED);
    const [sent] = ed.received();
    expect([field(sent?.bytes ?? '', 'MSH', 15), field(sent?.bytes ?? '', 'MSH', 16)]).toEqual(['AL', 'AL']);
    expect([unexpected, late, ed.connections()]).toEqual([[], [], 1]);
  });

  test('[3b.2] CA, then AE: it was stored there, and refused', async () => {
    ed.behave({ how: 'refuse', times: 1 });
    expect(await send(updateOf(envelope(1), ENHANCED))).toEqual({ kind: 'refused', because: 'AE', retry: false });
    expect(ed.holds()).toEqual([]);
  });

  test.each(['one-chunk', 'no-commit', 'cr-lf', 'by-halves'] satisfies Manner[])(
    '[3b.2] an ED that answers "%s" is understood',
    async (manner) => {
      ed.speak(manner);
      expect(await send(updateOf(envelope(1), ENHANCED))).toEqual(ACCEPTED);
      expect(await send(updateOf(envelope(2), ENHANCED))).toEqual(ACCEPTED);
      expect(ed.holds()).toHaveLength(2);
    },
  );

  test('[3b.2] [3b.10.5] CA and then nothing is not held, and keeps nobody waiting twice', async () => {
    ed.speak('commit-only');
    expect(await send(updateOf(envelope(1), ENHANCED), COMMIT_MS)).toEqual({ kind: 'unknown', because: 'CA' });
    // Where nothing came after CA nothing is waited for: the next message has the road at once.
    const before = performance.now();
    expect(await send(updateOf(envelope(2), ENHANCED), 60_000)).toEqual({ kind: 'unknown', because: 'CA' });
    expect(performance.now() - before).toBeLessThan(30_000);
    expect(ed.connections()).toBe(1);
    // The application answers here again: then it is waited for again.
    ed.speak('plain');
    expect(await send(updateOf(envelope(3), ENHANCED))).toEqual({ kind: 'unknown', because: 'CA' });
    await until(() => late.length === 1);
    expect(await send(updateOf(envelope(4), ENHANCED))).toEqual(ACCEPTED);
  });

  test('[3b.2] [3b.10.2] I3 who answers later than is waited for, each time, is sent all of a parcel of two: the first is not waited for again', async () => {
    ed.speak('commit-then-late');
    const replacing = (count: number) => updateOf(envelope(count), { ...ENHANCED, stale: [randomUUID()] });
    expect(await send(replacing(1), COMMIT_MS)).toEqual({ kind: 'unknown', because: 'CA' });
    await until(() => late.length > 0);
    // The answer came, and too late: that is no reason to wait for the next one.
    const before = ed.received().length;
    const two = replacing(2);
    expect(controlIdsOf(two)).toHaveLength(2);
    expect(await channel.send(target(ed.address), two, within(COMMIT_MS, COMMIT_MS))).toEqual({ kind: 'unknown', because: 'CA' });
    expect(
      ed
        .received()
        .slice(before)
        .map(({ kind }) => kind),
    ).toEqual(['recall', 'update']);
    await until(() => ed.holds().length > 0);
  });

  test('[3b.2] [3b.10.5] only the own table makes CA the end of it, and then no higher than stored', async () => {
    ed.speak('commit-only');
    const table = [{ code: 'CA', error: null, means: 'accepted' }] as const;
    expect(await send(updateOf(envelope(1), ENHANCED), COMMIT_MS, { acknowledgements: table })).toEqual({
      kind: 'accepted',
      level: 'stored',
    });
  });

  test('[3b.2] [3b.3] [3b.10.2] an AA that comes after its message was given up is told of by its own id, and never counts for the next', async () => {
    ed.speak('commit-then-late');
    const [first, second] = [updateOf(envelope(1), ENHANCED), updateOf(envelope(2), ENHANCED)];
    expect(await send(first, COMMIT_MS)).toEqual({ kind: 'unknown', because: 'CA' });
    ed.behave({ how: 'refuse', times: 1 });
    ed.speak('plain');
    const answers: string[] = [];
    // It comes while the second, which is refused, is or is not under way: either way the second is refused or not known, and never accepted.
    const outcome = await send(second, 400, { heard: (id, { kind }) => answers.push(`${id} ${kind}`) });
    await until(() => late.some(({ text }) => field(text, 'MSA', 2) === controlIdsOf(first)[0]));
    expect(outcome.kind).not.toBe('accepted');
    expect(answers).toEqual([`${controlIdsOf(second)[0]} ${outcome.kind}`]);
    expect(unexpected).toEqual([]);
  });

  test("[3b.2] [3b.3] an AA to an older message that comes while another waits is the older one's, and the other gets its own", async () => {
    const [older, other] = [updateOf(envelope(1), ENHANCED), updateOf(envelope(3), ENHANCED)];
    ed.speak('commit-then-elsewhere');
    expect(await send(older, COMMIT_MS)).toEqual({ kind: 'unknown', because: 'CA' });
    ed.speak('plain');
    await send(updateOf(envelope(2), ENHANCED));
    await until(() => late.length === 1);
    ed.behave({ how: 'answer-late', times: 1, delayMs: 200 });
    const waiting = send(other, 3_000);
    await until(() => ed.received().length === 3);
    ed.speakUnasked(ed.elsewhere()[0] ?? '');
    expect(await waiting).toEqual(ACCEPTED);
    expect(late.map(({ text }) => field(text, 'MSA', 2))).toContain(controlIdsOf(older)[0]);
    expect([unexpected, ed.connections()]).toEqual([[], 1]);
  });

  test('[3b.2] the connection breaks after CA: stored there, and not known', async () => {
    ed.speak('commit-then-drop');
    expect(await send(updateOf(envelope(1), ENHANCED))).toEqual({ kind: 'unknown', because: 'CA' });
    ed.speak('plain');
    expect(await send(updateOf(envelope(2), ENHANCED))).toMatchObject({ kind: expect.stringMatching(/accepted|unknown/) });
    await until(() => ed.connections() === 1);
  });

  test('[3b.2] an application that wants its own answer acknowledged gets CA with its MSH-10', async () => {
    ed.speak('asks-for-commit');
    const parcel = updateOf(envelope(1), ENHANCED);
    expect(await send(parcel)).toEqual(ACCEPTED);
    await until(() => ed.commits().length === 1);
    expect(ed.commits()).toEqual([`A${controlIdsOf(parcel)[0]}`]);
  });
});

describe('one connection, one message in flight', () => {
  test('[3b.3] twenty messages at once go one after another, in either mode', async () => {
    for (const acknowledgementMode of ['original', 'enhanced'] as const) {
      const sends = Array.from({ length: 20 }, (_, index) => send(updateOf(envelope(index), { acknowledgementMode }), 2_000));
      expect(await Promise.all(sends)).toEqual(sends.map(() => ACCEPTED));
      expect(ed.connections()).toBe(1);
    }
  });

  test('[3b.3] an answer that names another message, or is addressed to somebody else, is none; the connection is given up', async () => {
    ed.behave({ how: 'answer-another', times: 1 });
    expect(await send(updateOf(envelope(1)))).toEqual({ kind: 'unknown', because: 'answer-to-another' });
    await until(() => ed.connections() === 0);
    const peer = await fakeListener(() =>
      peerThatSays((id) => `MSH|^~\\&|LAB|ZZX01|SOMEBODY|ZZX02|20260101000000||ACK|1|P|2.5\rMSA|AA|${id}\r`),
    );
    const elsewhere = target(`mllp://127.0.0.1:${peer.port()}`);
    expect(await channel.send(elsewhere, updateOf(envelope(2)), within(10_000, 5_000))).toEqual({
      kind: 'unknown',
      because: 'answer-to-another',
    });
    await peer.stop();
  });

  test('[3b.3] MSH-10 is never used twice: not by two messages of a parcel, and not by any other', () => {
    const seen = new Set<string>();
    const MESSAGES = 20_000;
    for (let count = 0; count < MESSAGES; count += 1) {
      const id = randomUUID();
      for (const index of [0, 1, 2]) seen.add(controlId(id, index));
    }
    expect(seen.size).toBe(MESSAGES * 3);
    expect([...seen].every((id) => /^[0-9A-Z]{20}$/.test(id))).toBe(true);
  });

  test('[3b.9] two spellings of an address are one connection', async () => {
    await send(updateOf(envelope(1)));
    await channel.send(target(`${ed.address}/`), updateOf(envelope(2)), within(10_000, 5_000));
    expect(ed.connections()).toBe(1);
    expect(ed.received()).toHaveLength(2);
  });

  test('[3b.9] a connection whose other end is gone without a word is given up at the time-out, and the next message has a new one', async () => {
    let isDeaf = false;
    // A road on which nothing is heard any more, and nothing is closed.
    const between = await fakeListener(() =>
      createServer((socket) => {
        const onward = connect({ host: '127.0.0.1', port: Number(ed.address.split(':').at(-1)) });
        socket.on('data', (chunk) => !isDeaf && onward.write(chunk));
        onward.on('data', (chunk) => !isDeaf && socket.write(chunk));
        onward.on('error', () => socket.destroy());
        socket.on('close', () => onward.destroy());
      }),
    );
    const via = target(`mllp://127.0.0.1:${between.port()}`);
    expect(await channel.send(via, updateOf(envelope(1)), within(10_000, 5_000))).toEqual(ACCEPTED);
    isDeaf = true;
    expect(await channel.send(via, updateOf(envelope(2)), within(2_000, 150))).toEqual({ kind: 'unknown', because: 'timeout' });
    isDeaf = false;
    expect(await channel.send(via, updateOf(envelope(3)), within(10_000, 5_000))).toEqual(ACCEPTED);
    await between.stop();
  });

  test('[3b.9] TLS in both directions: the broker shows its certificate, and whoever has none is let in nowhere', async () => {
    const { cert, key } = pemOf('server');
    const secure = await startFakeMllpRecipient({ tls: { cert, key, ca: AUTHORITY_PEM, requestCert: true, rejectUnauthorized: true } });
    const address = secure.address.replace('127.0.0.1', 'localhost');
    const known = openChannels(['127.0.0.0/8', '::1/128'], { tls: { ca: AUTHORITY_PEM, ...pemOf('client') } });
    const unknown = openChannels(['127.0.0.0/8', '::1/128'], { tls: { ca: AUTHORITY_PEM } });
    expect(await known['hl7v2-mllp'].send(target(address), updateOf(envelope(1)), within(10_000, 5_000))).toEqual(ACCEPTED);
    const refused = await unknown['hl7v2-mllp'].send(target(address), updateOf(envelope(2)), within(10_000, 5_000));
    expect(refused.kind).not.toBe('accepted');
    expect(secure.holds()).toHaveLength(1);
    await Promise.all([known.close(), unknown.close(), secure.stop()]);
  });
});

describe('what a message says', () => {
  // MSH-13 and MSA-4 are the sequence number protocol of HL7 v2.5 section 2.9.5: it needs a counter that both ends keep for the whole link, and a peer
  // that has it. It is not applicable: the broker's own sequence goes by plan, and a receiver that honours it refuses what is lower.
  test('[3b.4] the sequence number protocol is not spoken, MSH-13 is empty; TXA-16 carries the sequence of the plan, and whoever honours it refuses what is older', async () => {
    const strict = await startFakeMllpRecipient({ refusesLowerSequence: true });
    const [older, newer] = [envelope(1), envelope(2)];
    const to = target(strict.address);
    expect(await channel.send(to, recallOf(newer, [older.documentId]), within(10_000, 5_000))).toEqual(ACCEPTED);
    expect(await channel.send(to, updateOf(older), within(10_000, 5_000))).toMatchObject({ kind: 'refused' });
    expect(strict.holds()).toEqual([]);
    expect(strict.received().map(({ bytes }) => [field(bytes, 'MSH', 13), field(bytes, 'TXA', 16)])).toEqual([
      ['', '1.2'],
      ['', '1.1'],
    ]);
    await strict.stop();
  });

  test('[3b.5] T02 has its own document number; T10 names its parent; TXA-17, 18 and 19 say authenticated, very restricted, available', async () => {
    const [first, second] = [envelope(1), envelope(2)];
    await send(updateOf(first));
    await send(updateOf(second, { parent: first.documentId }));
    const txa = ed.received().map(({ bytes }) => [12, 13, 17, 18, 19].map((position) => field(bytes, 'TXA', position)));
    const [one, two] = [first.documentId, second.documentId].map((id) => `${id}^CRISIS-PLAN-BROKER`);
    expect(txa).toEqual([
      [one, '', 'AU', 'V', 'AV'],
      [two, one, 'AU', 'V', 'AV'],
    ]);
    expect(ed.holds()).toMatchObject([{ document: second.documentId }]);
  });

  test.each(['mdm-t11', 'mdm-t10-notice', 'mdm-t08'] as const)(
    '[3b.6] %s takes every document back, and says that it is withdrawn',
    async (form) => {
      const [first, second] = [envelope(1), envelope(2)];
      await send(updateOf(first));
      await send(updateOf(second));
      expect(await send(recallOf(envelope(3), [second.documentId, first.documentId], { form }))).toEqual(ACCEPTED);
      expect(ed.holds()).toEqual([]);
      const recalls = ed.received().slice(2);
      expect(recalls.map(({ bytes }) => field(bytes, 'TXA', 21))).toEqual(['withdrawn', 'withdrawn']);
    },
  );

  test.each(['mdm-t10-notice', 'mdm-t08'] as const)(
    '[3b.6] what is stale in an update is taken back in the form %s, not by a T11 that is not honoured',
    async (form) => {
      const [stale, held, next] = [envelope(1), envelope(2), envelope(3)];
      await send(updateOf(stale));
      await send(updateOf(held));
      expect(await send(updateOf(next, { form, parent: held.documentId, stale: [stale.documentId] }))).toEqual(ACCEPTED);
      expect(ed.holds()).toMatchObject([{ document: next.documentId }]);
      expect(ed.received().some(({ bytes }) => field(bytes, 'MSH', 9).includes('T11'))).toBe(false);
    },
  );

  test('[3b.7.1] [3b.7.4] T11 of what is there takes it away; T11 again is accepted', async () => {
    const first = envelope(1);
    await send(updateOf(first));
    for (const count of [2, 3]) expect(await send(recallOf(envelope(count), [first.documentId]))).toEqual(ACCEPTED);
    expect(ed.holds()).toEqual([]);
  });

  test('[3b.7.2] T11 of what was never there is accepted, whether the answer is AA or an unknown key', async () => {
    expect(await send(recallOf(envelope(1), ['never-sent']))).toEqual(ACCEPTED);
    const strict = await startFakeMllpRecipient({ unknownDocument: '204' });
    expect(await channel.send(target(strict.address), recallOf(envelope(2), ['never-sent']), within(10_000, 5_000))).toEqual(ACCEPTED);
    await strict.stop();
  });

  test('[3b.7.5] a recall says why it comes in one word for all reasons, and of the person only the number that was sent', async () => {
    for (const form of ['mdm-t11', 'mdm-t10-notice', 'mdm-t08'] as const) await send(recallOf(envelope(1), ['doc-1'], { form }));
    await send(recallOf(envelope(2), [], { messageForm: 'adt-a31-flag' }));
    for (const { bytes } of ed.received()) {
      expect(field(bytes, 'PID', 3)).toContain(NHS_NUMBER);
      expect((readHl7(bytes) ?? []).find(([name]) => name === 'PID')).toHaveLength(4);
      for (const word of ['Example', 'Testperson-Amber', '19900203', 'speak slowly']) expect(bytes).not.toContain(word);
    }
  });

  test('[3b.8] the flag is said each time in full: there is a plan, or the HL7 null for the same observation', async () => {
    const flag = { messageForm: 'adt-a31-flag' } as const;
    expect(await send(updateOf(envelope(1), flag))).toEqual(ACCEPTED);
    expect(ed.holds()).toMatchObject([{ text: expect.stringContaining('Has anticipatory care /crisis plan: Y^Yes') }]);
    expect(await send(recallOf(envelope(2), [], flag))).toEqual(ACCEPTED);
    expect(ed.holds()).toEqual([]);
    const observations = ed.received().map(({ bytes }) => [3, 4, 5, 11].map((position) => field(bytes, 'OBX', position)));
    const named = 'hasanticipatorycarecrisisplan^Has anticipatory care /crisis plan^L';
    expect(observations).toEqual([
      [named, observations[0]?.[1], 'Y^Yes^HL70136', 'F'],
      [named, observations[0]?.[1], '""', 'D'],
    ]);
    expect(ed.received().map(({ bytes }) => field(bytes, 'MSH', 9))).toEqual(['ADT^A31^ADT_A05', 'ADT^A31^ADT_A05']);
    for (const { bytes } of ed.received()) expect(bytes).not.toContain('speak slowly');
  });

  test('[3b.8] a flag that is taken beside a document that is refused is not known: it may be there', async () => {
    const both = { messageForm: 'mdm-and-adt-a31-flag' } as const;
    ed.behave({ how: 'refuse', times: 1 });
    expect(await send(updateOf(envelope(1), both))).toEqual({ kind: 'unknown', because: 'in-part-AE' });
    ed.behave({ how: 'refuse', times: 2 });
    expect(await send(updateOf(envelope(2), both))).toMatchObject({ kind: 'refused', because: 'AE' });
  });

  test('[3b.9] UTF-8 is said and sent; delimiters and line ends of the words are no delimiters of the message', async () => {
    const words = 'Zoë | José ^ 字 &amp; ~ \\ and\r\nMSH|^~\\&amp;|second line';
    expect(await send(updateOf(envelope(1), { words }))).toEqual(ACCEPTED);
    const [sent] = ed.received();
    expect(field(sent?.bytes ?? '', 'MSH', 18)).toBe('UNICODE UTF-8');
    expect((sent?.bytes ?? '').split('\r').filter((line) => line.startsWith('MSH'))).toHaveLength(1);
    expect(ed.holds()[0]?.text).toContain('Zoë | José ^ 字 & ~ \\ and MSH|^~\\&|second line');
  });

  test('[3b.9] what an answer says in words is passed on to nobody', async () => {
    const peer = await fakeListener(() =>
      peerThatSays(
        (id) =>
          `MSH|^~\\&|||||20260101000000||ACK|1|P|2.5\rMSA|AE|${id}|Testperson-Amber ${NHS_NUMBER}\rERR|||Testperson-Amber^${NHS_NUMBER}|E||||${NHS_NUMBER}\r`,
      ),
    );
    const outcome = await channel.send(target(`mllp://127.0.0.1:${peer.port()}`), updateOf(envelope(1)), within(10_000, 5_000));
    expect(outcome).toMatchObject({ kind: 'refused' });
    expect(JSON.stringify(outcome)).not.toMatch(/Testperson|999000/);
    await peer.stop();
  });
});

describe('the matrix, in both modes', () => {
  describe.each(['original', 'enhanced'] as const)('%s', (acknowledgementMode) => {
    const mode = { acknowledgementMode };

    test('[3b.10.1] the answer is lost: not known, and the same bytes again are answered', async () => {
      ed.behave({ how: 'lose-answer', times: 1 });
      const parcel = updateOf(envelope(1), mode);
      expect(await send(parcel)).toEqual({ kind: 'unknown', because: 'connection-lost' });
      expect(await send(parcel)).toEqual(ACCEPTED);
      const [one, two] = ed.received();
      expect([one?.bytes, ed.duplicates(), ed.holds().length]).toEqual([two?.bytes, 1, 1]);
    });

    test("[3b.3] [3b.10.2] an answer after the time-out is nobody's, and the next message has its own", async () => {
      ed.behave({ how: 'answer-late', times: 1, delayMs: 150 });
      expect(await send(updateOf(envelope(1), mode), 50)).toEqual({ kind: 'unknown', because: 'timeout' });
      ed.behave({ how: 'refuse', times: 1 });
      expect(await send(updateOf(envelope(2), mode))).toMatchObject({ kind: 'refused' });
    });

    test('[3b.10.6] the peer closes in the middle of a frame: not known', async () => {
      ed.behave({ how: 'half-answer', times: 1 });
      expect(await send(updateOf(envelope(1), mode))).toEqual({ kind: 'unknown', because: 'connection-lost' });
      expect(await send(updateOf(envelope(2), mode))).toEqual(ACCEPTED);
    });

    test('[3b.10.7] two frames in one chunk: the first is the answer, the second is told of', async () => {
      ed.behave({ how: 'double-answer', times: 1 });
      expect(await send(updateOf(envelope(1), mode))).toEqual(ACCEPTED);
      expect([...unexpected, ...late.map(({ address }) => address)]).toEqual([ed.address]);
      ed.behave({ how: 'refuse', times: 1 });
      expect(await send(updateOf(envelope(2), mode))).toMatchObject({ kind: 'refused' });
    });

    test('[3b.10.8] garbage between frames: what came before it counts, and nothing after it', async () => {
      ed.speak('noise');
      const first = await send(updateOf(envelope(1), mode));
      // In enhanced mode the garbage stands between CA and AA: only what came before it is known.
      expect(first).toEqual(acknowledgementMode === 'original' ? ACCEPTED : { kind: 'unknown', because: 'CA' });
      await until(() => ed.connections() === 0);
      ed.behave({ how: 'garbage', times: 1 });
      ed.speak('plain');
      expect(await send(updateOf(envelope(2), mode))).toEqual({ kind: 'unknown', because: 'answer-garbled' });
    });

    test('[3b.10.9] CR-LF in an answer and between frames is passed over', async () => {
      ed.speak('cr-lf');
      for (const count of [1, 2, 3]) expect(await send(updateOf(envelope(count), mode))).toEqual(ACCEPTED);
      expect(ed.connections()).toBe(1);
    });

    test('[3b.10.10] a document of 5 MB goes out in one message, and its answer is read', async () => {
      const document = JSON.stringify({ resourceType: 'Bundle', padding: 'x'.repeat(3_750_000) });
      const parcel = updateOf(envelope(1), { ...mode, document });
      expect(await channel.send(target(ed.address), parcel, within(30_000, 30_000))).toEqual(ACCEPTED);
      const [sent] = ed.received();
      const carried = (readHl7(sent?.bytes ?? '') ?? []).find(([name, , type]) => name === 'OBX' && type === 'ED')?.[5] ?? '';
      expect(carried.length).toBeGreaterThan(5_000_000);
      expect(Buffer.from(carried.split('^')[4] ?? '', 'base64').toString()).toBe(document);
    });
  });
});
