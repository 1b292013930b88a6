import type { KeyObject } from 'node:crypto';
import { isSigned, type SignedHead } from './head.ts';
import { type Frontier, leafOf, linkOf, originOf, rootOf, withLeaf } from './merkle.ts';

/** One row of a stream as it is checked. Bytes in base64. */
export interface SealedRow {
  readonly stream: string;
  readonly number: number;
  /** Id of the AuditEvent. */
  readonly event: string;
  /** The row as it stands now; null where it is not there any more. */
  readonly content: string | null;
  /** Null where the person was erased: what the leaf was of cannot be told any more. */
  readonly salt: string | null;
  readonly leaf: string;
  readonly link: string;
}

/** What is wrong with a trail, and where. */
export interface Finding {
  readonly what: 'changed' | 'removed' | 'inserted' | 'truncated' | 'fork' | 'forged-head';
  readonly stream: string;
  /** The row of the stream, counted from 1; of a head its size. */
  readonly number: number;
  readonly event: string | null;
  readonly why: string;
}

/** What a check came to. */
export interface Checked {
  readonly rows: number;
  readonly streams: number;
  readonly heads: number;
  readonly erased: number;
  readonly findings: readonly Finding[];
}

const bytes = (text: string): Buffer => Buffer.from(text, 'base64');

/** Goes through a trail row by row, in the order of each stream, and then holds every head against what it went through. */
export class TrailCheck {
  readonly #streams = new Map<string, { size: number; link: Buffer; frontier: Frontier; readonly roots: Map<number, string> }>();
  readonly #findings: Finding[] = [];
  /** Sizes of which a root is needed, by stream. */
  readonly #wanted: ReadonlyMap<string, ReadonlySet<number>>;
  readonly #heads: readonly SignedHead[];
  readonly #keys: ReadonlyMap<string, KeyObject>;
  #rows = 0;
  #erased = 0;

  constructor(heads: readonly SignedHead[], keys: ReadonlyMap<string, KeyObject>) {
    this.#heads = heads;
    this.#keys = keys;
    const byStream = Map.groupBy(heads, ({ stream }) => stream);
    this.#wanted = new Map([...byStream].map(([stream, all]) => [stream, new Set(all.map(({ size }) => size))]));
  }

  /** Something that was found beside the chain: a row that nobody sealed. */
  found(finding: Finding): void {
    this.#findings.push(finding);
  }

  row(row: SealedRow): void {
    const { stream, number, event } = row;
    const say = (what: Finding['what'], why: string): void => void this.#findings.push({ what, stream, number, event, why });
    const at = this.#streams.get(stream) ?? { size: 0, link: originOf(stream), frontier: [], roots: new Map<number, string>() };
    this.#streams.set(stream, at);
    this.#rows += 1;
    if (number !== at.size + 1) say('removed', `row ${at.size + 1} is missing: ${number} comes after ${at.size}`);
    const leaf = bytes(row.leaf);
    if (row.content === null) say('removed', 'it was sealed, and is not there any more');
    else if (row.salt === null) this.#erased += 1;
    else if (!leafOf(bytes(row.salt), row.content).equals(leaf)) say('changed', 'it is not what was sealed');
    const link = linkOf(at.link, leaf);
    if (number === at.size + 1 && !link.equals(bytes(row.link))) say('changed', 'its link does not follow from the row before it');
    at.frontier = withLeaf(at.frontier, at.size, leaf);
    at.size = number;
    at.link = bytes(row.link);
    if (this.#wanted.get(stream)?.has(number)) at.roots.set(number, rootOf(at.frontier).toString('base64'));
  }

  end(): Checked {
    for (const head of this.#heads) this.#head(head);
    const { length: heads } = this.#heads;
    return { rows: this.#rows, streams: this.#streams.size, heads, erased: this.#erased, findings: this.#findings };
  }

  #head(head: SignedHead): void {
    const { stream, size } = head;
    const say = (what: Finding['what'], why: string): void => void this.#findings.push({ what, stream, number: size, event: null, why });
    const at = this.#streams.get(stream);
    if (!isSigned(head, this.#keys)) say('forged-head', 'its signature is not by a key that is known');
    else if (at === undefined || at.size < size) say('truncated', `${size} rows were signed at ${head.at}, and there are ${at?.size ?? 0}`);
    else if (at.roots.get(size) !== head.root) say('fork', `the first ${size} rows are not those that were signed at ${head.at}`);
  }
}
