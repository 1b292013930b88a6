import { RESOURCE_TYPES } from '../../../../profiles/resource-types.ts';
import { KINDS, type Kind } from '../../../../src/model/kind.ts';
import { PARTIES } from './answers/parties.ts';
import { PEOPLE } from './answers/people.ts';
import { WORK } from './answers/work.ts';

/** Whose it is that is asked for: the caller's own, another organisation's, or what another discloses to the caller under an id of its own. */
export const TARGETS = ['own', 'other', 'disclosed'] as const;
export type Target = (typeof TARGETS)[number];

/** What is expected: a status, and, of a search, whether what was asked for is found. */
export interface Expected {
  readonly status: number;
  readonly found: boolean | null;
}

/** A cell as it was written, and which of its answers were asked for. */
interface Cell {
  readonly parts: readonly string[];
  readonly asked: Set<Target>;
}

const TYPES: ReadonlySet<string> = new Set(RESOURCE_TYPES.map(({ type }) => type));
const nameOf = (type: string, route: string, kind: Kind): string => `${type} | ${route} | ${kind}`;

/** A head names types, and after them, on the same line or the next, the kinds in the order of the columns. */
const isHead = (line: string): boolean => TYPES.has(line.split(/\s+/)[0] ?? '');

const readBlock = (block: string, cells: Map<string, Cell>): void => {
  const [first = '', ...rest] = block.split('\n').filter((line) => line.trim() !== '');
  const words = first.trim().split(/\s+/);
  const types = words.filter((word) => TYPES.has(word));
  const columns = words.length > types.length ? words.slice(types.length) : (rest.shift() ?? '').trim().split(/\s+/);
  if (columns.join() !== KINDS.join()) throw new Error(`the columns of ${types.join()} are ${columns.join()}`);
  for (const line of rest) {
    const [route = '', ...answers] = line.trim().split(/\s{2,}|(?<=\S) (?=\d{3}(?:\D|$))/);
    if (answers.length !== 1 && answers.length !== KINDS.length) throw new Error(`${types.join()} ${route}: ${answers.length} cells`);
    for (const type of types)
      for (const [index, kind] of KINDS.entries()) {
        const name = nameOf(type, route, kind);
        if (cells.has(name)) throw new Error(`${name} stands twice`);
        cells.set(name, { parts: (answers[index] ?? answers[0] ?? '').split('/'), asked: new Set() });
      }
  }
};

/**
 * The answers that were written by hand, as a table to ask. A cell is a status; `a/b` says own and other, `a/b/c` disclosed besides. `+` and `-`
 * say whether a search finds it. A single cell in a row is the same for every kind. `-` alone: it cannot be asked for.
 */
export const readAnswers = () => {
  const cells = new Map<string, Cell>();
  const lines = `${PEOPLE}\n${PARTIES}\n${WORK}`.split('\n');
  const starts = lines.flatMap((line, index) => (isHead(line) ? [index] : []));
  for (const [index, start] of starts.entries()) readBlock(lines.slice(start, starts[index + 1]).join('\n'), cells);
  return {
    /** The answer of a cell; null where it says that it cannot be asked for. Throws where nobody has written one. */
    expected: (type: string, route: string, kind: Kind, target: Target): Expected | null => {
      const name = nameOf(type, route, kind);
      const cell = cells.get(name);
      const part = cell?.parts.length === 1 ? cell.parts[0] : cell?.parts[TARGETS.indexOf(target)];
      const [, status, mark] = /^(\d{3})([+-]?)$/.exec(part ?? '') ?? [];
      cell?.asked.add(target);
      if (part === '-') return null;
      if (status === undefined) throw new Error(`no answer is written for ${name} | ${target}`);
      return { status: Number(status), found: mark === '' ? null : mark === '+' };
    },
    /** Cells with an answer that was never asked for. */
    neverAsked: (): readonly string[] =>
      [...cells].flatMap(([name, { parts, asked }]) =>
        (parts.length === 1 ? asked.size === 0 : asked.size !== parts.length) ? [`${name} | ${parts.join('/')}`] : [],
      ),
  };
};
