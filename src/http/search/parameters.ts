import { SEARCH_PARAMETERS } from '../../../profiles/search-parameters.ts';
import type { ParameterType, SearchParameterDefinition } from '../../../profiles/search-parameters.ts';

/** One search parameter of a type, as the CapabilityStatement and docs list it. */
export interface Parameter {
  readonly name: string;
  readonly type: ParameterType;
  /** Canonical URL of its definition. */
  readonly definition: string;
}

const COMMON: readonly Parameter[] = [
  { name: '_id', type: 'token', definition: 'http://hl7.org/fhir/SearchParameter/Resource-id' },
  { name: '_lastUpdated', type: 'date', definition: 'http://hl7.org/fhir/SearchParameter/Resource-lastUpdated' },
];

/** The search parameters of each type, those of every resource first: what the table of resource types says. */
export const PARAMETERS: ReadonlyMap<string, readonly Parameter[]> = new Map(
  [...SEARCH_PARAMETERS].map(([type, definitions]) => [
    type,
    [...COMMON, ...definitions.map(({ code, is, url }): Parameter => ({ name: code, type: is, definition: url }))],
  ]),
);

const BY_CODE: ReadonlyMap<string, ReadonlyMap<string, SearchParameterDefinition>> = new Map(
  [...SEARCH_PARAMETERS].map(([type, definitions]) => [type, new Map(definitions.map((each) => [each.code, each]))]),
);

/** The definition of a parameter; undefined where the type has no such one. */
export const definitionOf = (type: string, code: string): SearchParameterDefinition | undefined => BY_CODE.get(type)?.get(code);

/** Whether a parameter holds references by `Type/id`: through a canonical URL no chain and no include goes. */
export const isLiteral = ({ is, paths }: SearchParameterDefinition): boolean =>
  is === 'reference' && paths.some(({ as }) => as === 'Reference');

/** Types that a reference parameter may lead to, of those that the broker stores. */
export const targetsOf = ({ target }: SearchParameterDefinition): readonly string[] =>
  target.includes('Resource') ? [...SEARCH_PARAMETERS.keys()] : target;

/** Parameters that shape the answer and choose nothing (R4 search, result parameters). */
export const RESULT_PARAMETERS: ReadonlySet<string> = new Set([
  '_count',
  '_summary',
  '_elements',
  '_sort',
  '_total',
  '_include',
  '_include:iterate',
  '_revinclude',
  '_revinclude:iterate',
  '_format',
  '_pretty',
  '_page',
]);
