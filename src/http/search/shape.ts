import type { Resource } from '@medplum/fhirtypes';
import { SUMMARY_ELEMENTS } from '../../../profiles/search-parameters.ts';

/** How much of each resource an answer shows (R4 search, `_summary` and `_elements`). */
export type Shape =
  | { readonly is: 'whole' }
  | { readonly is: 'summary' }
  /** Narrative, and what is mandatory. */
  | { readonly is: 'text' }
  /** All but the narrative. */
  | { readonly is: 'data' }
  | { readonly is: 'elements'; readonly names: readonly string[] };

type JsonObject = Readonly<Record<string, unknown>>;

const SUBSETTED = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' };
// A modifier changes what the rest means: no part of a resource is shown without it.
const ALWAYS: readonly string[] = ['resourceType', 'id', 'meta', 'implicitRules', 'modifierExtension'];

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Keeps the elements whose paths are named; below an element of which some parts are named, those parts, and below another one all. */
const keepPaths = (object: JsonObject, paths: ReadonlySet<string>, parents: ReadonlySet<string>, at: string): JsonObject =>
  Object.fromEntries(
    Object.entries(object).flatMap(([name, value]): [string, unknown][] => {
      // `_birthDate` holds the extensions of `birthDate`.
      const path = `${at}${name.replace(/^_/, '')}`;
      if (at === '' && ALWAYS.includes(name)) return [[name, value]];
      if (at !== '' && (name === 'id' || name === 'modifierExtension')) return [[name, value]];
      if (!paths.has(path)) return [];
      return [[name, parents.has(path) ? within(value, paths, parents, `${path}.`) : value]];
    }),
  );

const within = (value: unknown, paths: ReadonlySet<string>, parents: ReadonlySet<string>, at: string): unknown =>
  Array.isArray(value)
    ? value.map((each: unknown) => within(each, paths, parents, at))
    : isObject(value)
      ? keepPaths(value, paths, parents, at)
      : value;

const top = (paths: readonly string[]): readonly string[] => paths.filter((each) => !each.includes('.'));
const parentsOf = (paths: readonly string[]): ReadonlySet<string> =>
  new Set(paths.filter((each) => each.includes('.')).map((each) => each.slice(0, each.lastIndexOf('.'))));

const NOTHING = { summary: [], mandatory: [], choices: [] };

const namesOf = (
  shape: Shape,
  resource: JsonObject,
  type: string,
): { readonly paths: readonly string[]; readonly parents: ReadonlySet<string> } => {
  const { summary, mandatory, choices } = SUMMARY_ELEMENTS.get(type) ?? NOTHING;
  switch (shape.is) {
    case 'summary': {
      // A mandatory part of an element that is shown is shown with it.
      const parents = parentsOf(summary);
      const parts = mandatory.filter((each) => !each.includes('.') || parents.has(each.slice(0, each.lastIndexOf('.'))));
      return { paths: [...summary, ...parts], parents };
    }
    case 'text':
      return { paths: ['text', ...top(mandatory)], parents: new Set() };
    case 'elements': {
      const asked = shape.names.filter((each) => choices.includes(each));
      // `deceased` asks for `deceasedBoolean` or `deceasedDateTime`, whichever is there.
      const chosen = Object.keys(resource).filter((name) => asked.some((each) => new RegExp(`^_?${each}[A-Z]`).test(name)));
      return { paths: [...shape.names, ...chosen.map((name) => name.replace(/^_/, '')), ...top(mandatory)], parents: new Set() };
    }
    case 'whole':
    case 'data':
      return { paths: [], parents: new Set() };
    default:
      return shape satisfies never;
  }
};

/** A resource as far as a shape shows it, marked SUBSETTED where that may not be all: its receiver must not send it back. */
export const shapedAs = (shape: Shape, resource: Resource): Resource => {
  if (shape.is === 'whole') return resource;
  const all: JsonObject = { ...resource };
  const { paths, parents } = namesOf(shape, all, resource.resourceType);
  const kept =
    shape.is === 'data'
      ? Object.fromEntries(Object.entries(all).filter(([name]) => name !== 'text'))
      : keepPaths(all, new Set(paths), parents, '');
  // What is left is a resource of the same type, without some of its elements.
  return { ...kept, meta: { ...resource.meta, tag: [...(resource.meta?.tag ?? []), SUBSETTED] } } as Resource;
};
