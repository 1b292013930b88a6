import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { errorsOf, validate } from '../src/validate/validate.ts';

/** A reader copies what the pages show: a whole resource in them is one that is taken. What is abridged says so, by an ellipsis. */

const folder = new URL('../docs/', import.meta.url);
const blocks = readdirSync(folder)
  .filter((name) => name.endsWith('.md'))
  .flatMap((name) =>
    [...readFileSync(new URL(name, folder), 'utf8').matchAll(/```json\n(.*?)```/gs)].map(([, text = '']) => [name, text] as const),
  );
const whole = blocks.filter(([, text]) => /^\{\s*"resourceType"/.test(text) && !/…|"\.\.\."/.test(text));

describe('Each resource that a page shows whole', () => {
  test('is looked at', () => expect(whole.length).toBeGreaterThan(1));
  test.each(whole)('%s', (_, text) => expect(errorsOf(validate(JSON.parse(text)))).toEqual([]));
});
