import { getAllDataTypes, getElementDefinitionTypeName, loadDataType } from '@medplum/core';
import type { StructureDefinition } from '@medplum/fhirtypes';

/** Names under which the library knows a type, and the parts of it that have elements of their own: `CarePlan`, `CarePlanActivity`. */
const namesOf = ({ type = '', snapshot }: StructureDefinition): readonly string[] => [
  type,
  ...(snapshot?.element ?? [])
    .slice(1)
    .filter(({ type: [first] = [] }) => first?.code === 'BackboneElement' || first?.code === 'Element')
    .flatMap((element) => getElementDefinitionTypeName(element) ?? []),
];

/**
 * Registers a type of base R4, which the library reads once somebody asks for it or for a part of it. R4 has 148 types of resources, and a broker
 * meets some thirty: to read them all takes 0.3 s of each start.
 */
export const readWhenAsked = (definition: StructureDefinition): void => {
  // Words and what differs from the base are needed by nobody, and would be held for as long as the type is not read.
  const { text: _text, differential: _differential, ...rest } = definition;
  const known = getAllDataTypes();
  const names = namesOf(definition);
  const read = (): void => {
    for (const name of names) delete known[name];
    loadDataType(rest);
  };
  for (const name of names)
    Object.defineProperty(known, name, {
      configurable: true,
      enumerable: true,
      get: () => {
        read();
        return known[name];
      },
    });
};
