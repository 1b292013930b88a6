import type { JsonObject } from './json.ts';
import { isObject, objectsOf } from './json.ts';
import { schemaOf } from './schema.ts';
import type { Property, Schema } from './schema.ts';

/** The resource in which an element stands: the nearest one, or the one that contains it. */
export interface Scope {
  readonly resource: JsonObject;
  readonly at: string;
  /** Ids of its contained resources, each with its type. */
  readonly contained: ReadonlyMap<string, string>;
  /** `fullUrl` of each entry of the Bundle round it, with the type of what stands there; null outside a Bundle. */
  readonly entries: ReadonlyMap<string, string> | null;
  /** Type of the Bundle round it. */
  readonly bundle: string | null;
  /** The same of its own entries, where the resource is a Bundle itself. */
  readonly own: ReadonlyMap<string, string> | null;
}

/** One value in the tree. */
export interface Place {
  readonly at: string;
  /** The property that holds it; empty for the root. */
  readonly key: string;
  /** FHIR type; null where the definition knows no such element. */
  readonly type: string | null;
  /** The property as the definition describes it; null at the root, and where the definition knows none. */
  readonly property: Property | null;
  /** The object that holds it; null at the root. */
  readonly holder: ObjectPlace | null;
  readonly scope: Scope;
}

/** A place that holds an object. */
export interface ObjectPlace extends Place {
  readonly value: JsonObject;
  readonly schema: Schema | null;
  /** `no`: an element. The others are resources: the root, inside a Bundle or Parameters, or contained in another. */
  readonly resource: 'no' | 'root' | 'entry' | 'contained';
}

/** A place that holds a text, a number or a truth value. */
export interface PrimitivePlace extends Place {
  readonly value: string | number | boolean;
}

/** What is called for each place: the root first, and each object before what it holds. */
export interface Visitor {
  readonly object: (place: ObjectPlace) => void;
  readonly primitive: (place: PrimitivePlace) => void;
}

const NO_ENTRIES: ReadonlyMap<string, string> = new Map();

const entriesOf = (bundle: JsonObject): ReadonlyMap<string, string> =>
  new Map(
    objectsOf(bundle['entry']).flatMap(([{ fullUrl, resource }]): [string, string][] =>
      typeof fullUrl === 'string' && isObject(resource) && typeof resource['resourceType'] === 'string'
        ? [[fullUrl, resource['resourceType']]]
        : [],
    ),
  );

const containedIn = (resource: JsonObject): ReadonlyMap<string, string> =>
  resource['contained'] === undefined
    ? NO_ENTRIES
    : new Map(
        objectsOf(resource['contained']).flatMap(([{ id, resourceType }]): [string, string][] =>
          typeof id === 'string' && typeof resourceType === 'string' ? [[id, resourceType]] : [],
        ),
      );

const scopeOf = (resource: JsonObject, at: string, outer: Scope | null): Scope => {
  const around = outer !== null && outer.own !== null ? outer : null;
  return {
    resource,
    at,
    contained: containedIn(resource),
    entries: around?.own ?? outer?.entries ?? null,
    bundle: around === null ? (outer?.bundle ?? null) : String(around.resource['type']),
    own: resource['resourceType'] === 'Bundle' ? entriesOf(resource) : null,
  };
};

type Kind = ObjectPlace['resource'];

/** How an object stands in what is round it. A resource type that is not one of R4 was refused before. */
const kindOf = (value: JsonObject, key: string): Kind =>
  typeof value['resourceType'] !== 'string' ? 'no' : key === 'contained' ? 'contained' : 'entry';

/** Visits every value of a resource whose depth is known to be bounded, by a definition: a base type, or the URL of a profile. */
export const walk = (resource: JsonObject, type: string, definition: string, visitor: Visitor): void => {
  const enter = (place: ObjectPlace): void => {
    visitor.object(place);
    const { value, at, schema, scope } = place;
    for (const [key, held] of Object.entries(value)) {
      if (key === 'resourceType') continue;
      // `_birthDate` holds what is said about the primitive beside it.
      const about = key.startsWith('_');
      const json = about ? key.slice(1) : key;
      const property = schema?.properties.get(json) ?? null;
      // FHIRPath knows neither the underscore nor the type of a choice.
      const step = `${at}.${property?.name.replace('[x]', '') ?? json}`;
      const type = about ? 'Element' : (property?.type ?? null);
      const schemaOfHeld = about ? schemaOf('Element') : (property?.schema ?? null);
      const visit = (each: unknown, here: string): void => {
        if (isObject(each)) {
          const kind = kindOf(each, key);
          if (kind === 'no')
            enter({ value: each, at: here, key, type, property, holder: place, schema: schemaOfHeld, scope, resource: kind });
          else {
            const inner = String(each['resourceType']);
            const within = kind === 'contained' ? scope : scopeOf(each, here, scope);
            enter({
              value: each,
              at: here,
              key,
              type: inner,
              property,
              holder: place,
              schema: schemaOf(inner),
              scope: within,
              resource: kind,
            });
          }
        } else if (typeof each === 'string' || typeof each === 'number' || typeof each === 'boolean')
          visitor.primitive({ value: each, at: here, key, type, property, holder: place, scope });
      };
      if (Array.isArray(held)) for (let index = 0; index < held.length; index += 1) visit(held[index], `${step}[${index}]`);
      else visit(held, step);
    }
  };
  const scope = scopeOf(resource, type, null);
  enter({ value: resource, at: type, key: '', type, property: null, holder: null, schema: schemaOf(definition), scope, resource: 'root' });
};
