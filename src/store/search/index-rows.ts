import type { CodeableConcept, Coding, ContactPoint, HumanName, Identifier, Period, Reference, Resource, Timing } from '@medplum/fhirtypes';
import { odsOf } from '../../../mappings/facts/reference-of.ts';
import { SEARCH_PARAMETERS } from '../../../profiles/search-parameters.ts';
import type { SearchParameterDefinition, ValuePath } from '../../../profiles/search-parameters.ts';
import { foldText } from './fold-text.ts';
import { referencesIn, withoutVersion } from './references-in.ts';
import { OPEN, type Span, spanOfText } from './span-of.ts';
import { codedText, codeText, contactText, NO_CODE, systemText, uriText } from './token-text.ts';
import { valuesAt } from './values-at.ts';

/** Parameter under which every literal reference of a resource is found, wherever it stands. */
export const ANY_REFERENCE = '_ref';

/** Parameter under which the logical references of a reference parameter are found (`:identifier`). */
export const identifierOf = (param: string): string => `${param}:identifier`;

/** What a resource is found by: rows of the three tables of the index. */
export interface IndexRows {
  /** ODS code of the organisation that searches it: the one that wrote it, and of a Task the one that has it to do. */
  readonly searcher: string;
  readonly tokens: readonly { readonly param: string; readonly token: string }[];
  readonly strings: readonly { readonly param: string; readonly value: string; readonly exact: string }[];
  readonly dates: readonly { readonly param: string; readonly low: number; readonly high: number }[];
}

const pair = (system: string | undefined, code: string | undefined): readonly string[] =>
  code === undefined
    ? []
    : [codeText(code), codedText(system ?? '', code), ...(system === undefined || system === '' ? [] : [systemText(system)])];

// What a resource holds was held against R4 before it was stored, and `as` says what stands there.
const tokensOf = (value: unknown, as: string): readonly string[] => {
  switch (as) {
    case 'CodeableConcept':
      return ((value as CodeableConcept).coding ?? []).flatMap(({ system, code }) => pair(system, code));
    case 'Coding':
      return pair((value as Coding).system, (value as Coding).code);
    case 'Identifier':
      return pair((value as Identifier).system, (value as Identifier).value);
    case 'ContactPoint': {
      const { value: number } = value as ContactPoint;
      return number === undefined ? [] : [contactText(number)];
    }
    default:
      return [codeText(String(value))];
  }
};

const ofType = (type: string): RegExp => new RegExp(`(?:^|/)${type}/[^/]+$`);
const OF_TYPE = new Map<string, RegExp>();
const leadsTo = (reference: string, type: string): boolean => {
  const pattern = OF_TYPE.get(type) ?? ofType(type);
  OF_TYPE.set(type, pattern);
  return pattern.test(reference);
};

const referenceTokens = (param: string, value: unknown, { as, refersTo }: Pick<ValuePath, 'as' | 'refersTo'>): IndexRows['tokens'] => {
  if (as !== 'Reference') {
    const [bare = ''] = String(value).split('|');
    return [String(value), bare].map((each) => ({ param, token: uriText(each) }));
  }
  const { reference, identifier, type } = value as Reference;
  const literal = reference === undefined || reference.startsWith('#') ? null : withoutVersion(reference);
  const named = refersTo === undefined ? undefined : (type ?? (literal === null ? refersTo : undefined));
  if (refersTo !== undefined && (literal === null ? named !== refersTo : !leadsTo(literal, refersTo))) return [];
  return [
    ...(literal === null ? [] : [{ param, token: uriText(literal) }]),
    ...pair(identifier?.system, identifier?.value).map((token) => ({ param: identifierOf(param), token })),
    ...(literal === null ? [{ param, token: NO_CODE }] : []),
  ];
};

const wordsOf = (value: unknown, as: string): readonly string[] => {
  if (typeof value === 'string') return [value];
  if (as !== 'HumanName') return [];
  const { text, family, given, prefix, suffix } = value as HumanName;
  return [text, family, ...(given ?? []), ...(prefix ?? []), ...(suffix ?? [])].filter((each) => each !== undefined);
};

const spanOfPeriod = ({ start, end }: Period): Span | null => {
  const from = start === undefined ? null : spanOfText(start);
  const to = end === undefined ? null : spanOfText(end);
  return from === null && to === null ? null : { low: from?.low ?? -OPEN, high: to?.high ?? OPEN };
};

const spansOf = (value: unknown, as: string): readonly (Span | null)[] => {
  if (as === 'Period') return [spanOfPeriod(value as Period)];
  if (as !== 'Timing') return [spanOfText(String(value))];
  // Only the outer limits of a Timing are searched (R4 search, date).
  const { event, repeat } = value as Timing;
  const all = [...(event ?? []).map(spanOfText), ...(repeat?.boundsPeriod === undefined ? [] : [spanOfPeriod(repeat.boundsPeriod)])].filter(
    (each) => each !== null,
  );
  return all.length === 0 ? [] : [{ low: Math.min(...all.map(({ low }) => low)), high: Math.max(...all.map(({ high }) => high)) }];
};

const unique = <T>(rows: readonly T[], key: (row: T) => string): readonly T[] =>
  rows.length < 2 ? rows : [...new Map(rows.map((row) => [key(row), row])).values()];

interface Growing {
  readonly tokens: { param: string; token: string }[];
  readonly strings: { param: string; value: string; exact: string }[];
  readonly dates: { param: string; low: number; high: number }[];
}

const addRows = (rows: Growing, resource: Resource, definition: SearchParameterDefinition): void => {
  const { code: param, is } = definition;
  for (const { value, path } of valuesAt(resource, definition)) {
    const before = rows.tokens.length + rows.strings.length + rows.dates.length;
    switch (is) {
      case 'token':
        rows.tokens.push(...tokensOf(value, path.as).map((token) => ({ param, token })));
        break;
      case 'reference':
        rows.tokens.push(...referenceTokens(param, value, path));
        continue;
      case 'uri':
        rows.tokens.push({ param, token: uriText(String(value)) });
        break;
      case 'string':
        rows.strings.push(...wordsOf(value, path.as).map((exact) => ({ param, value: foldText(exact), exact })));
        break;
      case 'date':
        rows.dates.push(...spansOf(value, path.as).flatMap((span) => (span === null ? [] : [{ param, ...span }])));
        break;
      default:
        is satisfies never;
    }
    if (rows.tokens.length + rows.strings.length + rows.dates.length === before) rows.tokens.push({ param, token: NO_CODE });
  }
};

const searcherOf = (resource: Resource, owner: string): string =>
  resource.resourceType === 'Task' ? (odsOf(resource.owner) ?? owner) : owner;

/** The rows by which a stored resource of an owner is found, each once. */
export const indexRows = (resource: Resource, owner: string): IndexRows => {
  const rows: Growing = { tokens: [], strings: [], dates: [] };
  for (const definition of SEARCH_PARAMETERS.get(resource.resourceType) ?? []) addRows(rows, resource, definition);
  for (const reference of referencesIn(resource)) rows.tokens.push({ param: ANY_REFERENCE, token: uriText(reference) });
  return {
    searcher: searcherOf(resource, owner),
    tokens: unique(rows.tokens, ({ param, token }) => `${param} ${token}`),
    strings: unique(rows.strings, ({ param, value }) => `${param} ${value}`),
    dates: unique(rows.dates, ({ param, low, high }) => `${param} ${low} ${high}`),
  };
};
