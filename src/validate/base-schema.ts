import { getElementDefinitionTypeName, loadDataType } from '@medplum/core';
import type { StructureDefinition } from '@medplum/fhirtypes';
import { whenAsked } from './when-asked.ts';

/** Names under which the library knows a type, and the parts of it that have elements of their own: `CarePlan`, `CarePlanActivity`. */
const namesOf = ({ type = '', snapshot }: StructureDefinition): readonly string[] => [
  type,
  ...(snapshot?.element ?? [])
    .slice(1)
    .filter(({ type: [first] = [] }) => first?.code === 'BackboneElement' || first?.code === 'Element')
    .flatMap((element) => getElementDefinitionTypeName(element) ?? []),
];

/** Registers a type of base R4. */
export const registerBase = (definition: StructureDefinition): void => {
  // Words and what differs from the base are needed by nobody, and would be held for as long as the type is not read.
  const { text: _text, differential: _differential, ...rest } = definition;
  whenAsked(namesOf(definition), () => loadDataType(rest));
};
