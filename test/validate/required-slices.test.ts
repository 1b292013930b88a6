import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { StructureDefinition } from '@medplum/fhirtypes';
import type { Issue } from '../../src/model/anomaly.ts';
import { definitions } from '../../src/validate/definitions.ts';
import { registerProfile } from '../../src/validate/profile-schema.ts';
import { requiredSlices } from '../../src/validate/rules/required-slices.ts';
import { structure } from '../../src/validate/structure.ts';
import { walk } from '../../src/validate/walk.ts';

const read = (path: string) => JSON.parse(readFileSync(new URL(`../../profiles/${path}`, import.meta.url), 'utf8'));
const plan = (change: Record<string, unknown>) => ({ ...read('examples/crisis-plan/valid-full.json'), ...change });

/** A profile as others write it: the slice must be there, and the element that holds it says nothing of that. SUSHI would count it in. */
const loose = (): string => {
  definitions();
  const definition: StructureDefinition = read('generated/StructureDefinition-crisis-plan.json');
  const url = 'https://elsewhere.example/StructureDefinition/loose';
  const element = (definition.snapshot?.element ?? []).map((each) => (each.id === 'CarePlan.extension' ? { ...each, min: 0 } : each));
  registerProfile({ ...definition, url, snapshot: { element } });
  return url;
};

const found = (resource: Record<string, unknown>, url: string): readonly Issue[] => {
  const issues: Issue[] = [];
  walk(resource, 'CarePlan', url, {
    object: (place) => issues.push(...(requiredSlices.object?.(place) ?? [])),
    primitive: () => undefined,
  });
  return issues;
};

test('a required slice is missed where its whole element is left out, which the structure check lets pass', () => {
  const url = loose();
  const without = plan({ extension: undefined });
  delete without.extension;
  expect(structure(without, 'CarePlan', url)).toEqual([]);
  expect(found(without, url)).toEqual([
    { at: 'CarePlan.extension', code: 'required', help: 'is required, with reviewDate' },
    { at: 'CarePlan.extension', code: 'required', help: 'is required, with agreedWithPerson' },
  ]);
  expect(found(plan({}), url)).toEqual([]);
});
