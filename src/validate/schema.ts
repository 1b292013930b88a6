import { getDataType, isPrimitiveType, tryGetDataType } from '@medplum/core';
import type { Constraint, InternalSchemaElement, InternalTypeSchema, SlicingRules } from '@medplum/core';

/** One property as JSON writes it: `valueDate` where the definition says `value[x]`. */
export interface Property {
  /** As the definition names it. */
  readonly name: string;
  readonly element: InternalSchemaElement;
  /** FHIR type of its values; null where the definition leaves the choice open. */
  readonly type: string;
  /** What its values hold; null for primitives, and for `Resource`, which the value itself names. */
  readonly schema: Schema | null;
}

/** A slice that must be there. */
export interface RequiredSlice {
  /** Names from the object that holds the element to the element. */
  readonly path: readonly string[];
  readonly slice: string;
}

/** A type as the rules see it: what the library keeps by element, by JSON name, made once. */
export interface Schema {
  readonly properties: ReadonlyMap<string, Property>;
  readonly requiredSlices: readonly RequiredSlice[];
  /** Invariants of warning severity: the library leaves them out. */
  readonly warnings: readonly Constraint[];
}

const known = new WeakMap<InternalTypeSchema, Schema>();

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

const slicesOf = (name: string, { slicing }: { readonly slicing?: SlicingRules }): readonly RequiredSlice[] =>
  (slicing?.slices ?? []).filter((slice) => slice.min > 0).map(({ name: slice }) => ({ path: name.split('.'), slice }));

const contentOf = (owner: InternalTypeSchema, type: string): Schema | null => {
  if (type === 'Resource' || isPrimitiveType(type)) return null;
  const own = (wanted: string) => owner.innerTypes.find(({ name }) => name === wanted);
  // Where a profile writes out an element that repeats the one it stands in (`Consent.provision.provision`), the library gives its type another
  // name than the element's.
  const found = own(type) ?? tryGetDataType(type) ?? (type.startsWith(owner.name) ? own(owner.name) : undefined);
  return found === undefined ? null : toSchema(found);
};

const propertiesOf = (source: InternalTypeSchema): readonly (readonly [string, Property])[] =>
  Object.entries(source.elements).flatMap(([name, element]) =>
    element.type.map(({ code }) => {
      const json = name.endsWith('[x]') ? `${name.slice(0, -3)}${capital(code)}` : name;
      // Types hold themselves (an Extension has extensions): looked up when asked for, and kept.
      let content: Schema | null | undefined;
      const property: Property = {
        name,
        element,
        type: code,
        get schema() {
          content ??= contentOf(source, code);
          return content;
        },
      };
      return [json, property] as const;
    }),
  );

const toSchema = (source: InternalTypeSchema): Schema => {
  const found = known.get(source);
  if (found !== undefined) return found;
  const schema: Schema = {
    properties: new Map(propertiesOf(source)),
    requiredSlices: Object.entries(source.elements).flatMap(([name, element]) => slicesOf(name, element)),
    warnings: (source.constraints ?? []).filter(({ severity }) => severity === 'warning'),
  };
  known.set(source, schema);
  return schema;
};

/** The schema of a base type, or of a profile by its URL. Throws where neither is loaded. */
export const schemaOf = (definition: string): Schema => toSchema(getDataType(definition));
