import { describe, expect, test } from '@jest/globals';
import { differsFrom, type Signed, signsOf } from '../../src/decide/signs.ts';
import { RECIPIENT_KINDS, type RecipientKind } from '../../src/model/kind.ts';

const signed = (change: Partial<Record<RecipientKind | 'bytes', string>> = {}, mapping = 3): Signed => ({
  mapping,
  bytes: change.bytes ?? 'b0',
  projections: Object.fromEntries(
    RECIPIENT_KINDS.map((kind) => [kind, { projection: { hash: change[kind] ?? `h-${kind}`, headings: {} } }]),
  ) as Signed['projections'],
});

describe('what approvers sign, as one text', () => {
  test('the mapping, the bytes and the projection of each kind stand in it, in this order', () => {
    expect(signsOf(signed())).toBe(`3.b0.${RECIPIENT_KINDS.map((kind) => `h-${kind}`).join('.')}`);
  });

  test('I4: a signature is for what was seen: what is not the same is named, part by part', () => {
    const seen = signsOf(signed());
    expect(differsFrom(seen, signed())).toEqual([]);
    expect(differsFrom(seen, signed({}, 4))).toEqual(['mapping']);
    expect(differsFrom(seen, signed({ bytes: 'b1' }))).toEqual(['bytes']);
    for (const kind of RECIPIENT_KINDS) expect(differsFrom(seen, signed({ [kind]: 'another' }))).toEqual([kind]);
    expect(differsFrom(seen, signed({ bytes: 'b1', police: 'another' }))).toEqual(['bytes', 'police']);
  });

  test('a text of fewer parts, or of more, is none of ours', () => {
    const seen = signsOf(signed());
    expect(differsFrom(seen.slice(0, seen.lastIndexOf('.')), signed())).toEqual(['signs']);
    expect(differsFrom(`${seen}.more`, signed())).toEqual(['signs']);
    expect(differsFrom('', signed())).toEqual(['signs']);
  });
});
