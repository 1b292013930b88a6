import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { type Frontier, pathOf, rootByPath, rootOf, withLeaf } from '../../src/decide/trail/merkle.ts';

/** The tree as RFC 6962 section 2.1 says it, and as slowly. */
const naively = (leaves: readonly Buffer[]): Buffer => {
  const sha = (...parts: readonly Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
  const [only] = leaves;
  if (only === undefined) return sha();
  if (leaves.length === 1) return only;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha(Buffer.from([1]), naively(leaves.slice(0, k)), naively(leaves.slice(k)));
};
const leavesOf = (size: number) => Array.from({ length: size }, (_, index) => createHash('sha256').update(`${index}`).digest());

describe('the tree over a stream', () => {
  test('its root, leaf by leaf, is that of RFC 6962, for each size up to 130', () => {
    const all = leavesOf(130);
    let frontier: Frontier = [];
    for (const [size, leaf] of all.entries()) {
      frontier = withLeaf(frontier, size, leaf);
      expect(rootOf(frontier)).toEqual(naively(all.slice(0, size + 1)));
    }
  });

  test('each leaf of each size up to 40 is proved, by the number of neighbours that there must be, and no other leaf is', () => {
    for (let size = 1; size <= 40; size++) {
      const leaves = leavesOf(size);
      const root = naively(leaves);
      for (const [index, leaf] of leaves.entries()) {
        const path = pathOf(leaves, index);
        expect(rootByPath(leaf, index, size, path)).toEqual(root);
        expect(path.length).toBeLessThanOrEqual(Math.ceil(Math.log2(size)));
        const other = createHash('sha256').update('other').digest();
        expect(rootByPath(other, index, size, path)).not.toEqual(root);
        if (path.length > 0) expect(rootByPath(leaf, index, size, path.slice(1))).not.toEqual(root);
        if (size > 1) expect(rootByPath(leaf, (index + 1) % size, size, path)).not.toEqual(root);
      }
    }
  });

  test('of nothing it is the hash of nothing, and no leaf follows a frontier that is not its own', () => {
    expect(rootOf([])).toEqual(naively([]));
    expect(() => withLeaf([], 1, Buffer.alloc(32))).toThrow('a frontier has a tree for each bit of its size');
  });

  test('a path that is too short or too long for its place, and a place outside the tree, prove nothing', () => {
    const leaves = leavesOf(5);
    for (const [index, leaf] of leaves.entries()) {
      const path = pathOf(leaves, index);
      expect(rootByPath(leaf, index, 5, path.slice(0, -1))).toBeNull();
      expect(rootByPath(leaf, index, 5, [...path, leaf])).toBeNull();
    }
    const [leaf = Buffer.alloc(0)] = leaves;
    expect(rootByPath(leaf, -1, 1, [])).toBeNull();
    expect(rootByPath(leaf, 1, 1, [])).toBeNull();
    expect(rootByPath(leaf, 2, 1, [])).toBeNull();
    expect(rootByPath(leaf, 0, 0, [])).toBeNull();
  });
});
