import { expect, test } from '@jest/globals';
import { getAllDataTypes, getDataType, isDataTypeLoaded } from '@medplum/core';
import { definitions } from '../../src/validate/definitions.ts';

test('a type that is read when it is asked for is whole, also where a part of it is asked for first', () => {
  definitions();
  const part = getDataType('ObservationComponent');
  expect(part.parentType?.elements['component']?.type[0]?.code).toBe('ObservationComponent');
  expect(part.parentType).toBe(getDataType('Observation'));
  expect(Object.keys(part.elements)).toContain('dataAbsentReason');
});

test('every type and every profile can be read', () => {
  const names = [...Object.keys(getAllDataTypes()), ...definitions().types, ...[...definitions().profiles].map(([url]) => url)];
  expect(names.length).toBeGreaterThan(800);
  expect(names.filter((name) => !isDataTypeLoaded(name))).toEqual([]);
});
