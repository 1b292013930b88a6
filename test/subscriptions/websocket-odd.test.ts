import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { IS_WHOLE } from '../support/breadth.ts';
import { eventually } from '../support/eventually.ts';
import { frameBytes, framesHeard, type OddFrame, type RawPeer, rawPeer, rightFrame, UPGRADE } from '../support/raw-websocket.ts';
import { openWebsockets, WAIT_MS, type Websockets } from './websocket-world.ts';

/** Who comes in by a websocket and is odd: at the request, in its first message, in its frames. */

const UNBOUND_MS = 1_000;
let world: Websockets;
let port = 0;
const peers: RawPeer[] = [];
beforeAll(async () => {
  world = await openWebsockets({ unboundMs: UNBOUND_MS });
  port = Number(new URL(world.door.origin).port);
}, 60_000);
afterAll(() => world?.close());
afterEach(() => {
  world.leaveAll();
  for (const { socket } of peers.splice(0)) socket.destroy();
});

const comeIn = async (first: string | Buffer = UPGRADE): Promise<RawPeer> => {
  const peer = await rawPeer(port, first);
  peers.push(peer);
  return peer;
};
const statusOf = (heard: Buffer): number => Number(/^HTTP\/1\.1 (\d{3}) /.exec(heard.toString('latin1'))?.[1] ?? 0);
const faults = (): readonly string[] => world.door.lines.filter((line) => /failed/.test(line));
/** All that a socket may change. */
const changed = async (): Promise<readonly unknown[]> => [
  await world.door.stored(),
  (await world.sql('SELECT destination_id, process_id IS NULL AS away FROM websocket_binding ORDER BY destination_id')).rows,
];
/** Somebody is in before, is told afterwards what there is to tell, and nothing else has happened. */
const beside = async (work: () => Promise<unknown>): Promise<void> => {
  const police = await world.subscriber();
  const { one } = await world.active(police);
  const before = await changed();
  await work();
  await eventually(() => expect(world.engine.engine.sockets.open).toBe(1), WAIT_MS);
  expect(await changed()).toEqual(before);
  expect(faults()).toEqual([]);
  await police.plan();
  await world.told(one, 1);
};

const header = fc.constantFrom(
  'Upgrade: websocket',
  'Upgrade: WEBSOCKET',
  'Upgrade: websocket, h2c',
  'Upgrade: h2c',
  'Upgrade:',
  'Connection: Upgrade',
  'Connection: close',
  'Connection: keep-alive, Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Version: 8',
  'Sec-WebSocket-Version: 13, 8',
  'Sec-WebSocket-Version: x',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  'Sec-WebSocket-Key: none',
  'Sec-WebSocket-Key:',
  'Sec-WebSocket-Protocol: fhir, fhir',
  'Sec-WebSocket-Protocol: \u00e9',
  'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=99',
  'Sec-WebSocket-Extensions: ;;=',
  'Origin: null',
  'Authorization: Bearer x',
  'Cookie: token=x',
  'Host: 127.0.0.1',
  'Host: evil.example',
  'Content-Length: 3',
  'Content-Length: -1',
  'Transfer-Encoding: chunked',
  'Expect: 100-continue',
  'X-Forwarded-For: nowhere',
  `X-Long: ${'x'.repeat(5_000)}`,
  'no colon',
  ': no name',
);
const upgrade = fc
  .record({
    method: fc.constantFrom('GET', 'GET', 'GET', 'POST', 'HEAD', 'PUT', 'OPTIONS', 'CONNECT', 'get', 'BREW'),
    path: fc.constantFrom(
      '/fhir/websocket',
      '/fhir/websocket',
      '/fhir/websocket?token=x',
      '/fhir/websocket?',
      '/fhir/websocket/',
      '/fhir/websocket%00',
      '/fhir/../fhir/websocket',
      '//fhir/websocket',
      'http://127.0.0.1/fhir/websocket',
      '*',
      '/fhir/Patient',
      `/fhir/websocket?${'x'.repeat(9_000)}`,
    ),
    version: fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/9'),
    isWhole: fc.boolean(),
    headers: fc.array(header, { maxLength: 5 }),
    after: fc.constantFrom('', '', 'abc', '0\r\n\r\n', '\x81\x85\x00\x00\x00\x00hello', '\xff\xff\xff\xff'),
  })
  .map(({ method, path, version, isWhole, headers, after }) => {
    const right = isWhole ? UPGRADE.trim().split('\r\n').slice(1) : [];
    return Buffer.from(`${[`${method} ${path} ${version}`, ...right, ...headers].join('\r\n')}\r\n\r\n${after}`, 'latin1');
  });

test('I10 no request for a websocket makes a 5xx, changes anything, or is left without an answer', async () => {
  const seen = new Set<number>();
  await beside(() =>
    fc.assert(
      fc.asyncProperty(fc.array(upgrade, { minLength: 20, maxLength: 20 }), async (requests) => {
        await Promise.all(
          requests.map(async (request) => {
            const peer = await comeIn(request);
            await eventually(() => expect(peer.heard().length > 0 || peer.isOver() || peer.socket.readableEnded).toBe(true), WAIT_MS);
            const status = statusOf(peer.heard());
            seen.add(status);
            expect([request.toString('latin1').slice(0, 300), status < 500]).toEqual([expect.any(String), true]);
            peer.socket.destroy();
          }),
        );
      }),
      { numRuns: IS_WHOLE ? 60 : 8, endOnFailure: true },
    ),
  );
  // Some came in, and others did not.
  for (const status of [101, 400, 401, 405]) expect([...seen]).toContain(status);
}, 120_000);

const WORDS = 'zebrafinch';
const text = fc.oneof(
  fc.constantFrom(
    '',
    'bind-with-token',
    'bind-with-token:',
    'bind-with-token: ',
    `bind-with-token: ${WORDS}`,
    `bind-with-token ${WORDS}`,
    `bind-with-token: ${WORDS} ${WORDS}`,
    `bind-with-token: ${'A'.repeat(43)}`,
    `bind-with-token: ${'A'.repeat(128)}`,
    `bind-with-token: ${'A'.repeat(129)}`,
    `bind-with-token: ${'A'.repeat(43)}\n`,
    `bind-with-token: __proto__`,
    `bind-with-token: \u0000`,
    `bind-with-token: ' OR 1=1 --`,
    `BIND-WITH-TOKEN: ${'A'.repeat(43)}`,
    `bind ${WORDS}`,
    'ping',
    `{"resourceType":"Parameters","parameter":[{"name":"${WORDS}"}]}`,
    `${WORDS} `.repeat(200),
    '\u{1f600}'.repeat(256),
  ),
  fc.string({ unit: 'binary', maxLength: 60 }).map((odd) => odd.toWellFormed()),
);
const payload = fc.oneof(
  { weight: 3, arbitrary: text.map((each) => Buffer.from(each)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 130 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(1_000, 1_001, 1_006, 1_011, 2_999, 4_000, 65_535).map((code) => Buffer.from([code >> 8, code & 255])),
  },
);
const frame: fc.Arbitrary<OddFrame> = fc.record({
  first: fc.oneof(
    // Whole text and bytes, parts of them, close, ping and pong; then any.
    { weight: 6, arbitrary: fc.constantFrom(0x81, 0x81, 0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x88, 0x89, 0x8a) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) },
  ),
  payload,
  isMasked: fc.oneof({ weight: 8, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  length: fc.oneof(
    { weight: 10, arbitrary: fc.constant(null) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<OddFrame['length']>(
        { bytes: 2, says: 3n },
        { bytes: 2, says: 65_535n },
        { bytes: 8, says: 2n },
        { bytes: 8, says: 2n ** 53n },
        { bytes: 8, says: 2n ** 64n - 1n },
      ),
    },
  ),
});
const session: fc.Arbitrary<readonly OddFrame[]> = fc.oneof(
  // Its first message alone, odd in nothing but its words; or whatever frames.
  { weight: 1, arbitrary: text.map((each) => [{ first: 0x81, payload: Buffer.from(each), isMasked: true, length: null }]) },
  { weight: 2, arbitrary: fc.array(frame, { minLength: 1, maxLength: 12 }) },
);

test('I10 whatever is said on a websocket, it is closed for what it was, and nothing changes', async () => {
  const codes = new Set<number>();
  await beside(() =>
    fc.assert(
      fc.asyncProperty(fc.array(session, { minLength: 25, maxLength: 25 }), fc.boolean(), async (sessions, isAtOnce) => {
        await Promise.all(
          sessions.map(async (frames) => {
            const bytes = frames.map(frameBytes);
            // With its request, or once it was let in.
            const peer = await comeIn(isAtOnce ? Buffer.concat([Buffer.from(UPGRADE), ...bytes]) : UPGRADE);
            await eventually(() => expect(statusOf(peer.heard())).toBe(101), WAIT_MS);
            if (!isAtOnce) for (const each of bytes) peer.socket.write(each);
            expect([frames, await peer.ended(WAIT_MS)]).toEqual([frames, true]);
            const said = framesHeard(peer.heard());
            for (const { payload: told } of said.filter(({ opcode }) => opcode === 8))
              codes.add(told.length < 2 ? 1_005 : told.readUInt16BE());
            for (const { payload: told } of said.filter(({ opcode }) => opcode === 1)) {
              expect(JSON.parse(told.toString())).toMatchObject({ resourceType: 'OperationOutcome' });
              expect(told.toString()).not.toContain(WORDS);
            }
          }),
        );
      }),
      { numRuns: IS_WHOLE ? 40 : 3, endOnFailure: true },
    ),
  );
  for (const code of [1_002, 1_008, 4_401]) expect([...codes]).toContain(code);
}, 120_000);

test('I10 whoever asks again and again whether anybody is there, and takes no answer, is cut off: what waits for it does not grow', async () => {
  const slow = () => world.engine.engine.sockets.closed.get('slow') ?? 0;
  const police = await world.subscriber();
  const { token } = await world.tokenOf(police, await world.subscribe(police));
  const before = slow();
  const peer = await comeIn();
  await eventually(() => expect(statusOf(peer.heard())).toBe(101), WAIT_MS);
  peer.socket.write(rightFrame(1, `bind-with-token: ${token}`));
  // It answers what follows its handshake, so that nothing else is waited for.
  const asked = () => framesHeard(peer.heard()).find(({ opcode }) => opcode === 9);
  await eventually(() => expect(asked()).toBeDefined(), WAIT_MS);
  peer.socket.write(rightFrame(10, asked()?.payload ?? ''));
  // From here on it reads nothing, and the kernel's buffers are full at some 10 MB.
  peer.socket.pause();
  const pings = Buffer.concat(Array.from({ length: 8_000 }, () => rightFrame(9, 'x'.repeat(125))));
  for (let turn = 0; turn < 40 && slow() === before; turn += 1)
    await new Promise<void>((resolve) => {
      peer.socket.write(pings, () => resolve());
      setTimeout(resolve, 500).unref();
    });
  await eventually(() => expect(slow()).toBe(before + 1), 5_000);
}, 60_000);

test('I10 whoever is turned away and does not hang up is hung up on', async () => {
  const peer = await comeIn(UPGRADE.replace('Host:', 'Origin: https://elsewhere.example\r\nHost:'));
  await eventually(() => expect(statusOf(peer.heard())).toBe(403), WAIT_MS);
  expect(await peer.ended(5_000)).toBe(true);
}, 30_000);
