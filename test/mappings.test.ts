import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

// Each folder of mappings/ is proved by pairs: examples/NN-name.in.json names the mapping and its arguments, NN-name.out.json is what comes
// out, byte for byte. Adding a pair needs no code: the mapping `toFlag` is the export of that name in `to-flag.ts`.
const root = join(import.meta.dirname, '..', 'mappings');
const fileOf = (name: string): string => `${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.ts`;

const pairs = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name: folder }) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.startsWith('examples') && file.endsWith('.in.json'))
      .sort()
      .map((file) => ({ folder, file })),
  );

// One write of a parcel for a FHIR server: its body is shown as JSON too.
const shownWrite = (line: string): unknown => {
  const write = JSON.parse(line);
  expect(JSON.stringify(write)).toBe(line);
  return { ...write, body: shown(write.body) };
};

// HL7 v2 is shown a segment a line, and a body in JSON as JSON, so that a pair can be read; neither loses a byte, which is checked.
const shown = (result: unknown): unknown => {
  if (typeof result !== 'string') return result;
  if (!result.startsWith('{')) return result.split('\r');
  if (result.includes('\n')) return result.split('\n').map(shownWrite);
  const parsed: unknown = JSON.parse(result);
  expect(JSON.stringify(parsed)).toBe(result);
  return parsed;
};

describe('mappings give exactly what their examples say', () => {
  test('there are pairs', () => expect(pairs.length).toBeGreaterThan(20));

  test.each(pairs)('$folder/$file', async ({ folder, file }) => {
    const given = readFileSync(join(root, folder, file), 'utf8');
    const { map, args } = JSON.parse(given);
    const module = await import(join(root, folder, fileOf(map)));
    const result: unknown = module[map](...args);
    const out = readFileSync(join(root, folder, file.replace(/\.in\.json$/, '.out.json')), 'utf8');
    expect(`${JSON.stringify(shown(result), null, 2)}\n`).toBe(out);
    // Pure: the arguments are as they were, and a second call says the same.
    expect(args).toEqual(JSON.parse(given).args);
    expect(module[map](...args)).toEqual(result);
  });
});
