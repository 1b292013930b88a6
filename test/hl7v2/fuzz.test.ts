import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { partOf } from '../support/breadth.ts';
import { AMBER, NOBODY, type OpenDoor, openDoor } from '../http/open-door.ts';
import { adtLines, said } from './adt.ts';
import { type OpenHl7, openHl7 } from './open-hl7.ts';
import { type SendingSystem, sendingSystem } from './sending-system.ts';

/** How many messages; the same each time, shared among senders who send at once. */
const MESSAGES = partOf(2_000, 1_000);
const SEED = 20_261_127;
/** ODS codes of the senders: no change of one character makes one of another. */
const SENDERS = ['FZ11', 'FZ22', 'FZ33', 'FZ44', 'FZ55', 'FZ66', 'FZ77', 'FZ88'] as const;

/** Mulberry32: the same numbers for a seed, on every machine. */
const lots = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};
type Draw = ReturnType<typeof drawing>;
const drawing = (seed: number) => {
  const lot = lots(seed);
  const below = (most: number): number => Math.floor(lot() * most);
  return { below, oneOf: <T>(all: readonly [T, ...T[]]): T => all[below(all.length)] ?? all[0] };
};

const ODD: readonly [string, ...string[]] = [
  '',
  '""',
  '^',
  '~',
  '&',
  '\\',
  '\\F\\',
  '\\X0D\\',
  '\\X',
  '\\.br\\',
  '\\Z1\\',
  'x'.repeat(300),
  'x'.repeat(5_000),
  '\u0000',
  '\u0007',
  'é',
  '\u{1f600}',
  '￿',
  '-1',
  '99999999999999999999',
  '20261301',
  '20260229120000',
  '19991231235959.9999+1400',
  '20991231',
  "'; DROP TABLE contact; --",
  '__proto__',
  'constructor',
  'A11',
  'ZZ9',
  'T',
  'AL',
  'NE',
  'UNICODE UTF-8',
  '8859/1',
  '2.9',
  `${AMBER}^^^NHS^NH`,
  `${NOBODY}^^^&2.16.840.1.113883.2.1.4.1&ISO^NH`,
];

const fresh = (index: number, facility: string, { below, oneOf }: Draw): string[] => [
  ...adtLines({
    event: oneOf(['A01', 'A03', 'A04', 'A08', 'A11', 'A13', 'A02', 'Z99']),
    facility,
    id: `F${index}`,
    visit: `F${below(200)}`,
    number: oneOf([AMBER, NOBODY, null]),
    version: oneOf(['2.3', '2.4', '2.5', '2.5.1', '2.8']),
    recorded: `202611201${below(10)}${10 + below(50)}00+0000`,
    discharged: oneOf(['', '20261120205900+0000']),
  }),
];

/** Changes one thing of a message. */
type Change = (lines: string[], draw: Draw) => void;
const CHANGES: readonly [Change, ...Change[]] = [
  // A field of any segment, or beyond its last.
  (lines, { below, oneOf }) => {
    const at = below(lines.length);
    const fields = (lines[at] ?? '').split('|');
    fields[below(fields.length + 3)] = oneOf(ODD);
    lines[at] = fields.join('|');
  },
  (lines, { below }) => void lines.splice(below(lines.length), 1),
  (lines, { below }) => void lines.splice(below(lines.length + 1), 0, lines[below(lines.length)] ?? ''),
  (lines) => void lines.reverse(),
  (lines, { below, oneOf }) => void lines.splice(1 + below(lines.length), 0, `${oneOf(['NTE', 'OBX', 'ZZZ', 'PID', ''])}|${oneOf(ODD)}`),
  // A character somewhere.
  (lines, { below }) => {
    const at = below(lines.length);
    const line = lines[at] ?? '';
    const place = below(line.length + 1);
    lines[at] = `${line.slice(0, place)}${String.fromCharCode(below(256))}${line.slice(place + below(3))}`;
  },
  (lines, { below }) => {
    const at = below(lines.length);
    lines[at] = (lines[at] ?? '').slice(0, below(80));
  },
  (lines, { oneOf }) => {
    lines[0] = (lines[0] ?? '').replace('^~\\&', oneOf(['^~\\&#', '^~\\', '', '@~\\&', '^^^^', '$%*!', 'abcd']));
  },
  // None: so that there are some that are taken.
  () => {},
];

/** How a frame begins and ends: rightly, for the most part. */
const RIGHT: readonly [string, string] = ['\u000b', '\u001c\r'];
const FRAMES: readonly [readonly [string, string], ...(readonly [string, string])[]] = [
  ...([RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT] as const),
  ['', '\u001c\r'],
  ['\u000b\u000b', '\u001c\r'],
  ['\u000b', '\u001c\u001c\r'],
  ['\r\n\u000b', '\u001c\r'],
];

const bytesOf = (lines: readonly string[], { oneOf }: Draw): Buffer => {
  const text = lines.join(oneOf(['\r', '\r', '\r\n', '\n'])) + oneOf(['\r', '']);
  const [start, end] = oneOf(FRAMES);
  return Buffer.concat([Buffer.from(start), Buffer.from(text, oneOf(['utf8', 'utf8', 'latin1'])), Buffer.from(end)]);
};

let door: OpenDoor;
let hl7: OpenHl7;
beforeAll(async () => {
  door = await openDoor();
  hl7 = await openHl7(door, { maxFrame: 20_000, facilities: new Map(SENDERS.map((ods) => [ods, 'ed'])) });
}, 60_000);
afterAll(async () => {
  await hl7.close();
  await door.close();
});

/** One sender, who sends one message after another. Answers how often each answer came. */
const sendAll = async (facility: string, seed: number, most: number): Promise<readonly string[]> => {
  const draw = drawing(seed);
  const held = async (): Promise<string> => {
    const { rows } = await door.pool.query<{ held: string }>(
      `SELECT (SELECT count(*) FROM message WHERE sender LIKE $1 || ' %') || ' ' || (SELECT count(*) FROM resource_version WHERE owner = $1) AS held`,
      [facility],
    );
    return rows[0]?.held ?? '';
  };
  const seen: string[] = [];
  let system: SendingSystem | null = null;
  let before = await held();
  for (let index = 0; index < most; index += 1) {
    const lines = fresh(index, facility, draw);
    for (let left = draw.below(5); left > 0; left -= 1) draw.oneOf(CHANGES)(lines, draw);
    const bytes = bytesOf(lines, draw);
    // In two pieces, as often as not.
    const cut = draw.below(bytes.length);
    if (system === null || system.isClosed) system = await sendingSystem(hl7.port);
    system.write(bytes.subarray(0, cut));
    system.write(bytes.subarray(cut));
    // After it one that is answered whatever became of it: in enhanced mode nothing may be the right answer.
    system.write(Buffer.from('\u000bMSH|^~\\&|PAS|ZZ9|||20261120||ORU^R01|LAST|P|2.5\r\u001c\r'));
    const acks: string[] = [];
    for (let ack = await system.answer(); ack !== null && !ack.includes('|LAST\r'); ack = await system.answer()) acks.push(ack);
    const what = acks.map((ack) => said(ack)[0] ?? '').join(' ') || (system.isClosed ? 'closed' : 'silence');
    const where = `${facility} ${index}: ${JSON.stringify(bytes.toString('latin1'))} was answered ${what}`;
    if (!/^(?:AA|AE|AR|CA|CE|CR|CA AA|closed|silence)$/.test(what)) throw new Error(where);
    if (acks.some((ack) => /[|^]207[&^]/.test(ack))) throw new Error(`${where}: ${acks.join()}`);
    const after = await held();
    if (/^(?:AE|AR|CE|CR|closed)$/.test(what) && after !== before) throw new Error(`${where}, and changed something`);
    before = after;
    seen.push(what);
  }
  system?.destroy();
  return seen;
};

test(`I10: of ${MESSAGES} messages each is answered AA, AE or AR, or closed; what is not taken changes nothing, and none is our fault`, async () => {
  const seen = (
    await Promise.all(SENDERS.map((facility, index) => sendAll(facility, SEED + index, Math.ceil(MESSAGES / SENDERS.length))))
  ).flat();
  // A fuzz that is refused for one reason alone shows nothing.
  for (const what of ['AA', 'AE', 'AR', 'closed'])
    expect([what, seen.filter((each) => each === what).length > MESSAGES / 40]).toEqual([what, true]);
  expect(hl7.lines.filter((line) => line.includes('"error"'))).toEqual([]);
  expect(hl7.lines.join('\n')).not.toMatch(/INVENTED|9990/);
}, 600_000);
