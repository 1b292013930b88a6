import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { RESOURCE_TYPES } from '../../profiles/resource-types.ts';
import { errorsOf, validate } from '../../src/validate/validate.ts';

type Json = Record<string, unknown> & { readonly resourceType: string };
const samples = JSON.parse(readFileSync(new URL('./base-r4.json', import.meta.url), 'utf8')) as Json[];
const baseOf = (type: string): string => `http://hl7.org/fhir/StructureDefinition/${type}`;
const errors = (resource: unknown, type: string): unknown => errorsOf(validate(resource, { profile: baseOf(type) }));

test('each type of the table has a sample that uses much of it', () => {
  expect(samples.map(({ resourceType }) => resourceType)).toEqual(RESOURCE_TYPES.map(({ type }) => type));
});

describe.each(samples.map((sample) => [sample.resourceType, sample] as const))('%s against base R4', (type, sample) => {
  test('a resource as R4 has it is taken', () => {
    expect(errors(sample, type)).toEqual([]);
  });

  test('it is taken as an entry of a Bundle', () => {
    expect(errors({ resourceType: 'Bundle', type: 'collection', entry: [{ resource: sample }] }, 'Bundle')).toEqual([]);
  });

  test('an element that R4 does not have is refused', () => {
    expect(errors({ ...sample, colour: 'red' }, type)).toEqual([
      { at: `${type}.colour`, code: 'structure', help: 'is not an element of this type, or not in this form' },
    ]);
  });

  test('each of its elements is looked at: a value of another JSON type is refused where it stands', () => {
    for (const name of Object.keys(sample)) {
      if (name === 'resourceType' || name.startsWith('_')) continue;
      const places = errorsOf(validate({ ...sample, [name]: [[7]] }, { profile: baseOf(type) })).map(({ at }) => at ?? '');
      expect({ name, said: places.some((at) => name.startsWith(at.split(/[.[]/)[1] ?? '-')) }).toEqual({ name, said: true });
    }
  });
});
