import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { allViolations, roomOf, sourceFiles, violations } from '../scripts/rooms.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

test('Each file is in a room of the design, and imports only from rooms below', () => {
  expect(sourceFiles(root).length).toBeGreaterThan(20);
  expect(allViolations(root)).toEqual([]);
});

test.each([
  ['a lower room from a higher one', 'src/store/facts.ts', "import { a } from '../reconcile/ports.ts';"],
  ['two rooms of one number', 'mappings/outcome/a.ts', "import { a } from '../../src/validate/a.ts';"],
  ['the wiring from below', 'queues/worker.ts', "import { a } from '../src/config.ts';"],
  ['a room from the tests', 'src/http/a.ts', "import { a } from '../../test/support/database.ts';"],
  ['a type only', 'src/model/a.ts', "import type { A } from '../decide/a.ts';"],
  ['a lazy import', 'src/store/a.ts', "const a = await import('../channel/a.ts');"],
])('The check sees an import across rooms that is not allowed: %s', (_name, file, text) => {
  expect(violations(file, text)).toHaveLength(1);
});

test.each([
  ['await', 'export const a = async () => { await b; };'],
  ['a clock', 'export const a = () => Date.now();'],
  ['chance', 'export const a = () => Math.random();'],
  ['a socket', "import { connect } from 'node:net';"],
  ['the log', "import { Line } from '../log.ts';"],
])('The check sees that a pure room is not pure: %s', (_name, text) => {
  expect(violations('src/decide/a.ts', text)).toHaveLength(1);
});

test('The check lets pass what the design allows, and reads no comment as code', () => {
  expect(violations('src/reconcile/a.ts', "import { a } from '../decide/a.ts';\n// await Date.now()\n")).toEqual([]);
  expect(violations('src/decide/a.ts', "import { earliest } from '../model/instant.ts';\n/** await import('../store/a.ts') */\n")).toEqual(
    [],
  );
  expect(violations('src/main.ts', "import { a } from './config.ts';")).toEqual([]);
});

test('A file outside the rooms, and one that is too long, are found', () => {
  expect(roomOf('src/utils/a.ts')).toBeNull();
  expect(violations('src/utils/a.ts', '')).toHaveLength(1);
  expect(violations('src/decide/a.ts', 'x;\n'.repeat(301))).toHaveLength(1);
});
