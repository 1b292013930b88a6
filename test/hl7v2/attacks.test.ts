import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Caller, NOBODY, type OpenDoor, openDoor } from '../http/open-door.ts';
import { contactsOf } from '../inbound/incident.ts';
import { eventually } from '../support/eventually.ts';
import { adt, answered, nextId, said } from './adt.ts';
import { type OpenHl7, openHl7 } from './open-hl7.ts';
import { frame, type SendingSystem, sendingSystem } from './sending-system.ts';

const ED: Caller = { ods: 'ZZ2', kind: 'ed' };
const MAX = 20_000;

let door: OpenDoor;
let hl7: OpenHl7;
let visits = 0;
beforeAll(async () => {
  door = await openDoor();
  hl7 = await openHl7(door, { maxFrame: MAX, frameMs: 400 });
}, 60_000);
afterAll(async () => {
  await hl7.close();
  await door.close();
});

const nextVisit = (): string => `A${++visits}`;
const good = (visit = nextVisit(), id = nextId()): string => adt({ visit, id, number: NOBODY });
const closedBecause = (because: string): Promise<number> => hl7.counted('broker_hl7_connections_closed_total', { because });
/** Every answer until the other side closes. */
const until = async (system: SendingSystem): Promise<readonly string[]> => {
  const all: string[] = [];
  for (let ack = await system.answer(); ack !== null; ack = await system.answer()) all.push(said(ack)[0] ?? '');
  return all;
};
/** Nothing that anybody did to their connection keeps another from being answered. */
const stillAnswers = async (): Promise<void> => {
  const other = await sendingSystem(hl7.port);
  expect(said(await other.exchange(good()))).toEqual(['AA']);
  other.destroy();
};

describe('frames', () => {
  test('[3b.10.7] two in one chunk, and one in chunks of one byte, are answered in their order', async () => {
    const system = await sendingSystem(hl7.port);
    const [one, two, three] = [nextId(), nextId(), nextId()];
    system.write(Buffer.concat([frame(good(nextVisit(), one)), frame(good(nextVisit(), two))]));
    expect([answered(await system.answer()), answered(await system.answer())]).toEqual([one, two]);
    for (const byte of frame(good(nextVisit(), three))) system.write(Buffer.from([byte]));
    expect(answered(await system.answer())).toBe(three);
    system.destroy();
  });

  test('two of one visit in one chunk: the second is answered when the first is committed', async () => {
    const system = await sendingSystem(hl7.port);
    const visit = nextVisit();
    const later = adt({ visit, number: NOBODY, event: 'A03', recorded: '20261120110000+0000', discharged: '20261120105900+0000' });
    system.write(Buffer.concat([frame(good(visit)), frame(later)]));
    expect([said(await system.answer()), said(await system.answer())]).toEqual([['AA'], ['AA']]);
    expect((await contactsOf(door, ED, visit)).map(({ status }) => status)).toEqual(['finished']);
    system.destroy();
  });

  test('line ends between frames are passed over', async () => {
    const system = await sendingSystem(hl7.port);
    system.write('\r\n\n\r');
    expect(said(await system.exchange(good()))).toEqual(['AA']);
    system.write('\r');
    expect(said(await system.exchange(good()))).toEqual(['AA']);
    system.destroy();
  });

  test.each<readonly [string, Buffer]>([
    ['words of HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a message without a frame', Buffer.from(good())],
    ['zeros', Buffer.alloc(1_000)],
    ['the hello of TLS', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc])],
    ['a frame within a frame', frame(`MSH|^~\\&|\u000b${good()}`)],
    ['FS without CR', Buffer.from('\u000bMSH|^~\\&|\u001cX')],
    ['an end without a beginning', Buffer.from('\u001c\r')],
  ])('[3b.10.8] %s: closed without a word', async (_, bytes) => {
    const before = await closedBecause('garbage');
    const system = await sendingSystem(hl7.port);
    system.write(bytes);
    expect(await until(system)).toEqual([]);
    expect(await closedBecause('garbage')).toBe(before + 1);
    await stillAnswers();
  });

  test('[3b.10.8] garbage after a message: that is answered, and then closed', async () => {
    const system = await sendingSystem(hl7.port);
    const visit = nextVisit();
    system.write(Buffer.concat([frame(good(visit)), Buffer.from('garbage'), frame(good())]));
    expect(await until(system)).toEqual(['AA']);
    expect(await contactsOf(door, ED, visit)).toHaveLength(1);
  });

  test.each([
    ['nothing', ''],
    ['words', 'hello'],
    ['a batch', 'BHS|^~\\&|PAS\rMSH|^~\\&|PAS\r'],
    ['separators that are the same', 'MSH||||||'],
    ['separators that are letters', 'MSHabcde|PAS'],
    ['MSH alone', 'MSH'],
    ['MSH-2 that is too long', 'MSH|^~\\&#$|PAS'],
    ['a byte order mark', '\ufeffMSH|^~\\&|PAS'],
    ['binary', String.fromCharCode(...Array.from({ length: 200 }, (_, index) => (index % 200) + 0x80))],
  ])('a frame with %s has no MSH: closed without a word', async (_, text) => {
    const before = await closedBecause('no-message-header');
    const system = await sendingSystem(hl7.port);
    system.write(frame(text));
    expect(await until(system)).toEqual([]);
    expect(await closedBecause('no-message-header')).toBe(before + 1);
  });

  test('longer than the limit: AE where the MSH can be read, and closed; without an MSH closed; nothing is stored', async () => {
    const stored = await door.stored();
    const long = `${adt({ id: 'LONG', visit: nextVisit() })}NTE|1||${'x'.repeat(MAX)}\r`;
    const whole = await sendingSystem(hl7.port);
    const ack = await whole.exchange(long);
    expect([answered(ack), said(ack)]).toEqual(['LONG', ['AE', '102 ']]);
    await whole.closed();
    // One that never ends is answered when it is too long.
    const endless = await sendingSystem(hl7.port);
    endless.write(`\u000b${long}${'x'.repeat(200_000)}`);
    expect(await until(endless)).toEqual(['AE']);
    const headless = await sendingSystem(hl7.port);
    headless.write(`\u000b${'x'.repeat(200_000)}`);
    expect(await until(headless)).toEqual([]);
    expect(await door.stored()).toBe(stored);
    await stillAnswers();
  });

  test('just as long as the limit is taken', async () => {
    const system = await sendingSystem(hl7.port);
    const message = good();
    const filled = `${message}NTE|${'x'.repeat(MAX - message.length - 8)}\r`;
    expect(filled.length + 3).toBe(MAX);
    expect(said(await system.exchange(filled))).toEqual(['AA']);
    system.destroy();
  });
});

describe('connections', () => {
  test('[3b.10.6] half a frame and silence, or a byte now and then: closed, and nothing is stored', async () => {
    const stored = await door.stored();
    const before = await closedBecause('too-slow');
    const half = await sendingSystem(hl7.port);
    half.write(`\u000b${good()}`);
    const loris = await sendingSystem(hl7.port);
    loris.write('\u000bMSH');
    const drip = setInterval(() => loris.write('x'), 50);
    await Promise.all([half.closed(), loris.closed()]);
    clearInterval(drip);
    expect(await closedBecause('too-slow')).toBe(before + 2);
    expect(await door.stored()).toBe(stored);
  });

  test('[3b.10.6] half a frame that came in one chunk with a whole one has no longer than any other', async () => {
    const before = await closedBecause('too-slow');
    const system = await sendingSystem(hl7.port);
    system.write(Buffer.concat([frame(good()), Buffer.from(`\u000b${good()}`)]));
    expect(await until(system)).toEqual(['AA']);
    expect(await closedBecause('too-slow')).toBe(before + 1);
  });

  test('a connection on which nothing is begun may be silent for longer than a frame may take', async () => {
    const quiet = await sendingSystem(hl7.port);
    await wait(600);
    expect(said(await quiet.exchange(good()))).toEqual(['AA']);
    quiet.destroy();
    const impatient = await openHl7(door, { idleMs: 200 });
    const silent = await sendingSystem(impatient.port);
    await silent.closed();
    await impatient.close();
  });

  test('[3b.10.6] closed in the middle of a frame, reset, and half-closed after a whole one', async () => {
    const stored = await door.stored();
    const cut = await sendingSystem(hl7.port);
    cut.write(`\u000b${good()}`);
    cut.socket.end();
    await cut.closed();
    const reset = await sendingSystem(hl7.port);
    reset.write(`\u000b${good()}`);
    reset.socket.resetAndDestroy();
    expect(await door.stored()).toBe(stored);
    // Whoever has said all, and says so, still gets the answer.
    const last = await sendingSystem(hl7.port);
    last.socket.end(frame(good()));
    expect(await until(last)).toEqual(['AA']);
    await stillAnswers();
  });

  test('[3b.10.1] whoever resets before the answer gets it when they send again, and there is one contact', async () => {
    const visit = nextVisit();
    const message = good(visit);
    const gone = await sendingSystem(hl7.port);
    gone.socket.write(frame(message), () => gone.socket.resetAndDestroy());
    await eventually(async () => expect(await contactsOf(door, ED, visit)).toHaveLength(1));
    const again = await sendingSystem(hl7.port);
    expect(said(await again.exchange(message))).toEqual(['AA']);
    expect((await contactsOf(door, ED, visit)).map(({ meta }) => meta?.versionId)).toEqual(['1']);
    again.destroy();
  });

  test('more at once than are taken: one more is closed without a word, and when one goes another may come', async () => {
    const small = await openHl7(door, { maxConnections: 2 });
    const [one, two] = [await sendingSystem(small.port), await sendingSystem(small.port)];
    expect(said(await two.exchange(good()))).toEqual(['AA']);
    const three = await sendingSystem(small.port);
    await three.closed();
    expect(await small.counted('broker_hl7_connections_closed_total', { because: 'too-many' })).toBe(1);
    one.destroy();
    await eventually(async () => {
      const four = await sendingSystem(small.port);
      const ack = await four.exchange(good());
      four.destroy();
      expect(said(ack)).toEqual(['AA']);
    });
    two.destroy();
    await small.close();
  });

  test('while one message is in flight no more is read: a thousand on one connection hold back nobody, and each is answered', async () => {
    const system = await sendingSystem(hl7.port);
    const ids = Array.from({ length: 1_000 }, () => nextId());
    system.write(Buffer.concat(ids.map((id) => frame(adt({ id, visit: '' })))));
    await stillAnswers();
    for (const id of ids) expect(answered(await system.answer())).toBe(id);
    system.destroy();
  });

  test('when the door closes, the message in flight is answered, and none is begun after it', async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let begun = 0;
    const closing = await openHl7(door, {
      receive: async (message) => {
        begun += 1;
        await held;
        return door.store.receive(message);
      },
    });
    const system = await sendingSystem(closing.port);
    const idle = await sendingSystem(closing.port);
    const [first, second] = [nextVisit(), nextVisit()];
    system.write(Buffer.concat([frame(good(first)), frame(good(second))]));
    await eventually(() => expect(begun).toBe(1));
    const closed = closing.close();
    await idle.closed();
    release();
    expect(await until(system)).toEqual(['AA']);
    await closed;
    expect(begun).toBe(1);
    expect([await contactsOf(door, ED, first), await contactsOf(door, ED, second)].map((all) => all.length)).toEqual([1, 0]);
  });
});

describe('contents', () => {
  test.each<readonly [string, () => string]>([
    ['fields', () => `${adt({ visit: '' })}ZZZ${'|'.repeat(100_000)}\r`],
    ['fields of PID', () => adt({ visit: '' }).replace('PID|', `PID${'|'.repeat(100_000)}`)],
    ['repetitions of PID-3', () => adt({ visit: '' }).replace('~H0001', `${'~X^^^A^PI'.repeat(60_000)}~H0001`)],
    ['components', () => adt({ visit: '^'.repeat(100_000) })],
    ['sub-components', () => adt({ visit: '&'.repeat(100_000) })],
    ['segments', () => `${adt({ visit: '' })}${'NTE|1\r'.repeat(100_000)}`],
    ['empty lines', () => `${adt({ visit: '' })}${'\r'.repeat(500_000)}`],
    ['escapes', () => adt({ visit: '\\F\\'.repeat(100_000) })],
    ['escape characters', () => adt({ visit: '\\'.repeat(100_001) })],
  ])('[3b.10.10] a hundred thousand %s are AE, soon', async (_, message) => {
    const large = await openHl7(door);
    const system = await sendingSystem(large.port);
    expect(said(await system.exchange(message()))[0]).toBe('AE');
    system.destroy();
    await large.close();
  });

  test('[3b.10.10] a document of nearly 1 MB beside the visit is read by nobody, and hinders nobody', async () => {
    const large = await openHl7(door);
    const system = await sendingSystem(large.port);
    expect(said(await system.exchange(`${good()}OBX|1|ED|X||^^^Base64^${'QUJD'.repeat(240_000)}\r`))).toEqual(['AA']);
    system.destroy();
    await large.close();
  });

  test('nothing that was sent stands in a log line', () => {
    const text = hl7.lines.join('\n');
    expect(text).not.toMatch(/INVENTED|9990|H0001|PAS|MSH/);
  });
});
