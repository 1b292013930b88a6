import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { NEVER_STOPS_CARE, Profile } from '../../profiles/canonicals.ts';
import { errorsOf, validate } from '../../src/validate/validate.ts';

// Every resource that a mapping gives is held against its profile, or base R4 where the broker promises no more.
const root = join(import.meta.dirname, '..', '..', 'mappings');
const resources = ['disclosure', 'message', 'notification', 'nrl', 'outcome', 'signal'].flatMap((folder) =>
  readdirSync(join(root, folder, 'examples'))
    .filter((file) => file.endsWith('.out.json'))
    .map((file) => ({ name: `${folder}/${file}`, text: readFileSync(join(root, folder, 'examples', file), 'utf8') }))
    // Pages of a locator's that were put together are what came in.
    .filter(({ name }) => !name.endsWith('-joined.out.json'))
    .map(({ name, text }) => ({ name, text, resource: JSON.parse(text) }))
    .filter(({ resource }) => typeof resource?.resourceType === 'string'),
);

const profileOf = ({ resourceType, type }: { readonly resourceType: string; readonly type?: string }): string => {
  if (resourceType === 'Bundle' && type === 'document') return Profile.disclosure;
  return resourceType === 'Flag' ? Profile.planFlag : `http://hl7.org/fhir/StructureDefinition/${resourceType}`;
};

test('there are resources of every folder', () => expect(new Set(resources.map(({ name }) => name.split('/')[0])).size).toBe(6));

test.each(resources)('$name is valid', ({ resource }) => {
  expect(errorsOf(validate(resource, { profile: profileOf(resource) }))).toEqual([]);
});

test.each(resources.filter(({ name }) => name.startsWith('disclosure/')))('G3: $name says that a plan never stops care', ({ text }) => {
  expect(text).toContain(NEVER_STOPS_CARE);
});

test.each(resources.filter(({ name }) => name.includes('police')))('I4: $name holds no NHS number of police', ({ name, text }) => {
  if (name.startsWith('disclosure/')) expect(text).not.toMatch(/nhs-number|99900000\d\d/);
  else expect(text).not.toMatch(/nhs-number/);
});
