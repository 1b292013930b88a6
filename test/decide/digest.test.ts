import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { canonical, digest } from '../../src/decide/digest.ts';

describe('the canonical form', () => {
  test.each<[string, unknown, string]>([
    ['keys stand in order, at every depth', { b: 1, a: { d: [2], c: 'x' } }, '{"a":{"c":"x","d":[2]},"b":1}'],
    ['many keys, by code unit and not by language', { ä: 1, b: 2, a: 3, B: 4, '10': 5, '9': 6 }, '{"10":5,"9":6,"B":4,"a":3,"b":2,"ä":1}'],
    ['what is undefined is not there', { a: undefined, b: null }, '{"b":null}'],
    ['a list keeps its order, and its places', [3, null, undefined, 1], '[3,null,null,1]'],
    ['nothing', null, 'null'],
    ['text is quoted', 'a "b"', '"a \\"b\\""'],
    ['nothing within', { a: [], b: {} }, '{"a":[],"b":{}}'],
  ])('%s', (_, value, expected) => {
    expect(canonical(value)).toBe(expected);
  });

  test('its digest is its SHA-256 in hex, and the same whatever the order in which keys were written', () => {
    expect(digest({ b: 1, a: 2 })).toBe(createHash('sha256').update('{"a":2,"b":1}').digest('hex'));
    expect(digest({ b: 1, a: 2 })).toBe(digest({ a: 2, b: 1 }));
    expect(digest([1, 2])).not.toBe(digest([2, 1]));
  });
});
