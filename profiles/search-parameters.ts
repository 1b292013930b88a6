import { readFileSync } from 'node:fs';

/** Types of search parameter that the broker offers (R4 search, parameter types). */
export type ParameterType = 'token' | 'reference' | 'string' | 'date' | 'uri';

/** One step of a path: the name of an element, or what those that are kept must say. */
export type PathStep = string | Readonly<Record<string, string>>;

/** Where values of a parameter stand in the JSON of a resource. */
export interface ValuePath {
  readonly steps: readonly PathStep[];
  /** R4 type of what stands there. */
  readonly as: string;
  /** Code system that a `code` or a boolean has without saying so. */
  readonly system?: string;
  /** Only references to resources of this type. */
  readonly refersTo?: string;
}

/** A search parameter of one type of resource. */
export interface SearchParameterDefinition {
  readonly type: string;
  readonly code: string;
  /** Canonical URL of the definition: HL7's, or the broker's own. */
  readonly url: string;
  readonly is: ParameterType;
  readonly expression: string;
  /** Types to which a reference may lead; `Resource` is any. */
  readonly target: readonly string[];
  /** Empty where the expression is no path, and FHIRPath itself computes it. */
  readonly paths: readonly ValuePath[];
}

/** Elements of a type by their paths in JSON. */
export interface SummaryElements {
  /** What `_summary=true` shows. */
  readonly summary: readonly string[];
  /** What no answer leaves out. */
  readonly mandatory: readonly string[];
  /** Names of elements of several types, `value` of `valueString` and others. */
  readonly choices: readonly string[];
}

// Our own generated files, held against their sources by `npm run profiles -- --check`: this parse is their door.
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`./generated/${name}`, import.meta.url), 'utf8'));

const ALL = read('search-parameters.json') as readonly SearchParameterDefinition[];

/** The search parameters of each type in the table of resource types, in its order. */
export const SEARCH_PARAMETERS: ReadonlyMap<string, readonly SearchParameterDefinition[]> = Map.groupBy(ALL, ({ type }) => type);

/** What `_summary` and `_elements` keep of each type. */
export const SUMMARY_ELEMENTS: ReadonlyMap<string, SummaryElements> = new Map(
  Object.entries(read('summary-elements.json') as Record<string, SummaryElements>),
);
