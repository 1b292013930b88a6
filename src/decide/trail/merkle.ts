import { hash } from 'node:crypto';

const LEAF = Buffer.from([0]);
const NODE = Buffer.from([1]);
const sha256 = (...parts: readonly Buffer[]): Buffer => hash('sha256', Buffer.concat(parts), 'buffer');

/** The leaf of a row: without its salt nobody can tell what it is of (RFC 6962 section 2.1, the salt before the content). */
export const leafOf = (salt: Buffer, content: string): Buffer => sha256(LEAF, salt, Buffer.from(content, 'utf8'));

/** What stands before the first link of a stream. */
export const originOf = (stream: string): Buffer => sha256(Buffer.from(stream, 'utf8'));

/** A link of the chain: it holds everything before it. */
export const linkOf = (before: Buffer, leaf: Buffer): Buffer => sha256(before, leaf);

const nodeOf = (left: Buffer, right: Buffer): Buffer => sha256(NODE, left, right);

/** The roots of the perfect trees of which a tree of some size is made, the largest first: all that the next leaf needs. */
export type Frontier = readonly Buffer[];

/** The frontier after one more leaf. */
export const withLeaf = (frontier: Frontier, size: number, leaf: Buffer): Frontier => {
  const trees = [...frontier];
  let node = leaf;
  for (let rest = size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
    const left = trees.pop();
    if (left === undefined) throw new Error('a frontier has a tree for each bit of its size');
    node = nodeOf(left, node);
  }
  return [...trees, node];
};

/** The Merkle tree hash (RFC 6962 section 2.1). */
export const rootOf = (frontier: Frontier): Buffer => {
  const [last, ...rest] = frontier.toReversed();
  return last === undefined ? sha256() : rest.reduce((right, left) => nodeOf(left, right), last);
};

const rootOfLeaves = (leaves: readonly Buffer[]): Buffer =>
  rootOf(leaves.reduce<Frontier>((frontier, leaf, size) => withLeaf(frontier, size, leaf), []));

/** The largest power of two that is smaller than a size. */
const split = (size: number): number => 2 ** Math.floor(Math.log2(size - 1));

/** What proves that a leaf is in the tree: its neighbours on the way to the root (RFC 6962 section 2.1.1). `index` counts from 0. */
export const pathOf = (leaves: readonly Buffer[], index: number): readonly Buffer[] => {
  if (leaves.length <= 1) return [];
  const at = split(leaves.length);
  const [left, right] = [leaves.slice(0, at), leaves.slice(at)];
  return index < at ? [...pathOf(left, index), rootOfLeaves(right)] : [...pathOf(right, index - at), rootOfLeaves(left)];
};

/** The root that a leaf and its neighbours make, in a tree of that size; null where they cannot (RFC 9162 section 2.1.3.2). */
export const rootByPath = (leaf: Buffer, index: number, size: number, path: readonly Buffer[]): Buffer | null => {
  if (index < 0 || index >= size) return null;
  let [at, last, node] = [index, size - 1, leaf];
  for (const neighbour of path) {
    if (last === 0) return null;
    if (at % 2 === 1 || at === last) {
      node = nodeOf(neighbour, node);
      while (at % 2 === 0 && at !== 0) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
    } else node = nodeOf(node, neighbour);
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 ? node : null;
};
