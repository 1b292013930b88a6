import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { BASE } from '../../profiles/canonicals.ts';
import { errorsOf, validate } from '../../src/validate/validate.ts';

const EXAMPLES = new URL('../../profiles/examples/', import.meta.url);
const read = (url: URL): unknown => JSON.parse(readFileSync(url, 'utf8'));

describe.each(readdirSync(EXAMPLES))('profile %s', (name) => {
  const folder = new URL(`${name}/`, EXAMPLES);
  const profile = `${BASE}/StructureDefinition/${name}`;
  const files = readdirSync(folder).filter((file) => !file.endsWith('.expected.json'));
  const valid = files.filter((file) => file.startsWith('valid-'));
  const invalid = files.filter((file) => file.startsWith('invalid-'));

  test('has examples of both', () => {
    expect(valid.length).toBeGreaterThan(0);
    expect(invalid.length).toBeGreaterThan(0);
    expect(valid.length + invalid.length).toBe(files.length);
  });

  test.each(valid)('takes %s', (file) => {
    expect(errorsOf(validate(read(new URL(file, folder)), { profile }))).toEqual([]);
  });

  test.each(invalid)('says where %s is wrong', (file) => {
    const expected = read(new URL(file.replace('.json', '.expected.json'), folder));
    const issues = errorsOf(validate(read(new URL(file, folder)), { profile }));
    expect(issues.map(({ at }) => ({ at }))).toContainEqual(expected);
    // One mistake, and nothing far from it is blamed.
    expect(issues.length).toBeLessThanOrEqual(3);
  });
});

const SHARED = new URL('../../../shared/examples/', import.meta.url);
const shared = existsSync(SHARED)
  ? readdirSync(SHARED, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'))
  : [];
if (shared.length === 0) console.info('published examples left out: ../shared/examples does not stand beside the checkout');
const withShared = shared.length === 0 ? describe.skip : describe;

withShared('resources that others published', () => {
  test.each(shared.length === 0 ? ['none'] : shared)('%s is answered with places', (file) => {
    const input = read(new URL(file, SHARED));
    for (const issue of validate(input)) {
      expect(issue.help).not.toBe('');
      expect(issue.at).toMatch(/^[A-Z][A-Za-z]+([.[]|$)/);
    }
  });
});
