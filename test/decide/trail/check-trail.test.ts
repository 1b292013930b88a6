import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { type Checked, type SealedRow, TrailCheck } from '../../../src/decide/trail/check-trail.ts';
import { type Head, isSigned, publicKeyOf, type SignedHead, signedBytes } from '../../../src/decide/trail/head.ts';

/** The chain and the tree by hand, as RFC 6962 says them: nothing here is asked of what is tested. */
const sha = (...parts: readonly Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
const root = (leaves: readonly Buffer[]): Buffer => {
  if (leaves.length < 2) return leaves[0] ?? sha();
  const at = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return sha(Buffer.from([1]), root(leaves.slice(0, at)), root(leaves.slice(at)));
};
const leafOf = (salt: Buffer, content: string): Buffer => sha(Buffer.from([0]), salt, Buffer.from(content, 'utf8'));
const b64 = (bytes: Buffer): string => bytes.toString('base64');

const STREAM = 'asker XED';
const CONTENTS = ['first é', 'second', 'third'];
const salts = CONTENTS.map((_, index) => Buffer.alloc(16, index + 1));
const leaves = CONTENTS.map((content, index) => leafOf(salts[index] ?? Buffer.alloc(0), content));
const links: Buffer[] = [];
for (const leaf of leaves) links.push(sha(links.at(-1) ?? sha(Buffer.from(STREAM, 'utf8')), leaf));
const row = (number: number, change: Partial<SealedRow> = {}): SealedRow => ({
  stream: STREAM,
  number,
  event: `event-${number}`,
  content: CONTENTS[number - 1] ?? null,
  salt: b64(salts[number - 1] ?? Buffer.alloc(0)),
  leaf: b64(leaves[number - 1] ?? Buffer.alloc(0)),
  link: b64(links[number - 1] ?? Buffer.alloc(0)),
  ...change,
});
const ROWS = [row(1), row(2), row(3)];

const pair = generateKeyPairSync('ed25519');
const keys: ReadonlyMap<string, KeyObject> = new Map([['key-1', publicKeyOf(b64(pair.publicKey.export({ type: 'spki', format: 'der' })))]]);
const headAt = (size: number, change: Partial<Head> = {}): SignedHead => {
  const at = '2026-11-20T12:00:00Z';
  const head = {
    stream: STREAM,
    size,
    root: b64(root(leaves.slice(0, size))),
    link: b64(links[size - 1] ?? Buffer.alloc(0)),
    at,
    ...change,
  };
  // The bytes are written out: whatever signs them on another machine must come to the same.
  const text = `{"at":"${head.at}","link":"${head.link}","root":"${head.root}","size":${head.size},"stream":"${head.stream}"}`;
  return { ...head, key: 'key-1', signature: b64(sign(null, Buffer.from(text, 'utf8'), pair.privateKey)) };
};
const check = (rows: readonly SealedRow[], heads: readonly SignedHead[] = []): Checked => {
  const one = new TrailCheck(heads, keys);
  for (const each of rows) one.row(each);
  return one.end();
};
const told = ({ findings }: Checked) => findings.map(({ what, stream, number, event }) => [what, stream, number, event]);

describe('I7: a trail that is checked row by row', () => {
  test('is whole as it was sealed and signed, at every size', () => {
    const heads = [headAt(1), headAt(2), headAt(3)];
    expect(check(ROWS, heads)).toEqual({ rows: 3, streams: 1, heads: 3, erased: 0, findings: [] });
    const other = 'publisher XTR';
    const leaf = leafOf(salts[0] ?? Buffer.alloc(0), 'other');
    const begun: SealedRow = { ...row(1), stream: other, content: 'other', leaf: b64(leaf), link: b64(sha(sha(Buffer.from(other)), leaf)) };
    expect(check([row(1), begun, row(2), row(3)], heads)).toMatchObject({ rows: 4, streams: 2, findings: [] });
  });

  test.each<[string, readonly SealedRow[], readonly (readonly unknown[])[]]>([
    ['a row that was changed', [row(1), row(2, { content: 'other' }), row(3)], [['changed', STREAM, 2, 'event-2']]],
    ['a row that is not there any more', [row(1), row(2, { content: null }), row(3)], [['removed', STREAM, 2, 'event-2']]],
    ['a row that is gone with its link', [row(1), row(3)], [['removed', STREAM, 3, 'event-3']]],
    ['rows in another order', [row(1), row(1), row(2)], [['removed', STREAM, 1, 'event-1']]],
    [
      'a link that was changed: it does not follow, and the next does not follow from it',
      [row(1), row(2, { link: b64(leaves[1] ?? Buffer.alloc(0)) }), row(3)],
      [
        ['changed', STREAM, 2, 'event-2'],
        ['changed', STREAM, 3, 'event-3'],
      ],
    ],
  ])('%s is found, and named', (_, rows, expected) => {
    expect(told(check(rows))).toEqual(expected);
  });

  test('a leaf that was changed with its row is found by the link', () => {
    const leaf = b64(leafOf(salts[1] ?? Buffer.alloc(0), 'other'));
    expect(told(check([row(1), row(2, { content: 'other', leaf }), row(3)]))).toEqual([['changed', STREAM, 2, 'event-2']]);
  });

  test('a person who was erased is counted, and breaks nothing: the leaf stays in the chain and in the tree', () => {
    expect(check([row(1), row(2, { salt: null, content: 'what is left' }), row(3)], [headAt(3)])).toMatchObject({
      erased: 1,
      findings: [],
    });
  });

  test('what was found beside the chain is told with the rest', () => {
    const one = new TrailCheck([], keys);
    const finding = { what: 'inserted', stream: STREAM, number: 0, event: 'event-9', why: 'nobody sealed it' } as const;
    one.found(finding);
    expect(one.end()).toEqual({ rows: 0, streams: 0, heads: 0, erased: 0, findings: [finding] });
  });
});

describe('I7: heads that were signed', () => {
  test.each<[string, readonly SealedRow[], SignedHead, string]>([
    ['the newest rows, cut off', [row(1), row(2)], headAt(3), 'truncated'],
    ['a stream that is gone', [], headAt(2), 'truncated'],
    ['a history that was written anew', ROWS, headAt(2, { root: b64(leaves[0] ?? Buffer.alloc(0)) }), 'fork'],
    ['a head by a key that is not known', ROWS, { ...headAt(3), key: 'key-2' }, 'forged-head'],
    ['a head whose size was changed', ROWS, { ...headAt(3), size: 2 }, 'forged-head'],
    ['a head whose date was changed', ROWS, { ...headAt(3), at: '2026-11-21T12:00:00Z' }, 'forged-head'],
  ])('%s: it is found, and named by the head', (_, rows, head, what) => {
    expect(told(check(rows, [head]))).toEqual([[what, STREAM, head.size, null]]);
  });

  test('say in words how many rows there were, and how many there are', () => {
    const whys = (rows: readonly SealedRow[], head: SignedHead) => check(rows, [head]).findings.map(({ why }) => why);
    expect(whys([], headAt(2))).toEqual(['2 rows were signed at 2026-11-20T12:00:00Z, and there are 0']);
    expect(whys([row(1)], headAt(2))).toEqual(['2 rows were signed at 2026-11-20T12:00:00Z, and there are 1']);
    expect(whys(ROWS, headAt(2, { root: '' }))).toEqual(['the first 2 rows are not those that were signed at 2026-11-20T12:00:00Z']);
    expect(check([row(1), row(3)]).findings[0]?.why).toBe('row 2 is missing: 3 comes after 1');
  });

  test('each sentence tells its finding from the others', () => {
    const all = [
      ...check([row(1), row(2, { content: null })]).findings,
      ...check([row(1, { content: 'other' })]).findings,
      ...check([row(1, { link: '' })]).findings,
      ...check(ROWS, [{ ...headAt(3), key: 'key-2' }]).findings,
    ].map(({ why }) => why);
    expect(new Set(all).size).toBe(4);
    for (const why of all) expect(why).toMatch(/^\S+ .+ \S+$/);
  });

  test('each element is under the signature, in whatever order it is written', () => {
    const head = headAt(2);
    const turned = Object.fromEntries(Object.entries(head).toReversed()) as unknown as SignedHead;
    expect(signedBytes(turned)).toEqual(signedBytes(head));
    expect(isSigned(turned, keys)).toBe(true);
    for (const change of [{ stream: 'other' }, { size: 3 }, { root: 'r' }, { link: 'l' }, { at: 'never' }])
      expect(isSigned({ ...head, ...change }, keys)).toBe(false);
  });
});
