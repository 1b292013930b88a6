import type { InternalTypeSchema } from '@medplum/core';
import { getAllDataTypes, getDataType, parseStructureDefinition } from '@medplum/core';
import type { StructureDefinition } from '@medplum/fhirtypes';
import { whenAsked } from './when-asked.ts';

/** A slice inside a slice: the library counts it among the outer ones. `rules/own-extensions.ts` checks these parts instead. */
const INNER_SLICE = /\.extension:[^.]+\.extension/;

/**
 * Registers a profile under its URL, so that it can be asked for as a type. The library by itself follows a profile only one level down; here each
 * backbone element holds its own children, under the names that base R4 gives their types.
 */
export const registerProfile = (definition: StructureDefinition): void =>
  whenAsked([definition.url], () => {
    getAllDataTypes()[definition.url] = schemaOf(definition);
  });

const schemaOf = (definition: StructureDefinition): InternalTypeSchema => {
  const elements = definition.snapshot?.element ?? [];
  const schema = parseStructureDefinition({
    ...definition,
    snapshot: { element: elements.filter(({ id = '' }) => !INNER_SLICE.test(id)) },
  });
  nest(schema, definition.type ?? '', schema.innerTypes);
  return schema;
};

const nest = (parent: InternalTypeSchema, baseName: string, all: readonly InternalTypeSchema[]): void => {
  const base = getDataType(baseName);
  parent.innerTypes = all
    .filter(({ path = '' }) => path.slice(0, path.lastIndexOf('.')) === parent.path)
    .map((inner) => {
      const property = (inner.path ?? '').slice((parent.path ?? '').length + 1);
      const name = base.elements[property]?.type[0]?.code ?? inner.name;
      const child: InternalTypeSchema = { ...inner, name };
      nest(child, name, all);
      return child;
    });
};
