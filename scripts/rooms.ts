import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A room of the design: what lives below a path, and from how high up it may be seen. */
interface Room {
  readonly path: string;
  readonly number: number;
  /** Pure rooms think: they wait for nothing, read no clock, draw no lot, and log nothing. */
  readonly pure?: true;
}

/** The rooms. Imports go from a higher number to a lower one, and never between two rooms of one number. */
export const ROOMS: readonly Room[] = [
  { path: 'profiles/', number: 0 },
  { path: 'src/model/', number: 1, pure: true },
  { path: 'src/log.ts', number: 1 },
  { path: 'src/span.ts', number: 1 },
  { path: 'src/decide/', number: 2, pure: true },
  { path: 'src/validate/', number: 3 },
  { path: 'mappings/', number: 3, pure: true },
  { path: 'src/store/', number: 4 },
  { path: 'src/channel/', number: 4 },
  { path: 'src/reconcile/', number: 5 },
  { path: 'queues/', number: 6 },
  { path: 'src/http/', number: 6 },
  { path: 'src/hl7v2/', number: 6 },
  { path: 'src/console/', number: 6 },
  { path: 'src/', number: 7 }, // config.ts, cli.ts, main.ts
];
/** Outside the rooms: they may see all of them and each other, and no room sees them. */
const OUTSIDE = ['test/', 'bench/', 'demo/', 'examples/', 'scripts/', 'docs/'];
const ROOM_7 = /^src\/[^/]+\.ts$/;
const MOST_LINES = 300;

const IMPURE: readonly (readonly [RegExp, string])[] = [
  [/\bawait\b/, 'waits'],
  [/\bDate\.now\b|\bnew Date\(\)|\bperformance\b/, 'reads a clock'],
  [/\bMath\.random\b|\brandomUUID\b|\brandomBytes\b/, 'draws a lot'],
];
/** What a pure room may import from outside the project: arithmetic on its arguments, no more. */
const PURE_PACKAGES = /^(node:crypto|node:buffer|@medplum\/(core|fhirtypes)|ipaddr\.js)$/;

export const roomOf = (file: string): Room | null => {
  const room = ROOMS.find(({ path }) => file === path || (path.endsWith('/') && file.startsWith(path))) ?? null;
  return room?.number === 7 && !ROOM_7.test(file) ? null : room;
};

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1');
const importsOf = (text: string): readonly string[] =>
  [...text.matchAll(/\b(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');

/** What is wrong with one file, a sentence each; `file` is its path from the root, with slashes. */
export const violations = (file: string, text: string): readonly string[] => {
  if (OUTSIDE.some((path) => file.startsWith(path))) return [];
  const room = roomOf(file);
  if (room === null) return [`${file} is in no room of the design`];
  const code = withoutComments(text);
  const found: string[] = [];
  for (const name of importsOf(code)) {
    if (!name.startsWith('.')) {
      if (room.pure && !PURE_PACKAGES.test(name)) found.push(`${file} is in a pure room and imports ${name}`);
      continue;
    }
    const target = posix.join(posix.dirname(file), name);
    const other = roomOf(target);
    if (other === null) found.push(`${file} imports ${target}, which is in no room`);
    else if (other.path !== room.path && other.number >= room.number)
      found.push(`${file} (room ${room.number}) imports ${target} (room ${other.number})`);
    else if (room.pure && (other.path === 'src/log.ts' || other.path === 'src/span.ts')) found.push(`${file} is in a pure room and logs`);
  }
  if (room.pure) for (const [pattern, what] of IMPURE) if (pattern.test(code)) found.push(`${file} is in a pure room and ${what}`);
  const lines = text.split('\n').length - 1;
  if (lines > MOST_LINES && !file.includes('/generated/')) found.push(`${file} has ${lines} lines, and ${MOST_LINES} is the most`);
  return found;
};

/** All TypeScript files of the project below `root`, as paths with slashes. */
export const sourceFiles = (root: string): readonly string[] =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((file) => !/(^|\/)(node_modules|\.[^/]+)\//.test(file))
    .sort();

/** What is wrong in the whole project. */
export const allViolations = (root: string): readonly string[] =>
  sourceFiles(root).flatMap((file) => violations(file, readFileSync(join(root, file), 'utf8')));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = allViolations(fileURLToPath(new URL('..', import.meta.url)));
  for (const line of found) console.error(line);
  if (found.length > 0) process.exitCode = 1;
}
