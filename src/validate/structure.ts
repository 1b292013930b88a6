import type { TypedValueWithPath } from '@medplum/core';
import { OperationOutcomeError, validateTypedValue } from '@medplum/core';
import type { OperationOutcomeIssue } from '@medplum/fhirtypes';
import type { Issue } from '../model/anomaly.ts';
import { unbound } from './bindings.ts';
import { definitions } from './definitions.ts';
import type { JsonObject } from './json.ts';
import { isObject } from './json.ts';

/** What the library says that holds no value of the sender, word for word. */
const SAFE =
  /^(Missing required property|Invalid (null|undefined|empty( non-primitive)?) value|Invalid [A-Za-z0-9]+ (format|value)|Expected (array of values|single value) for property|Invalid number of values: expected [\d.*]+, but found \d+|Incorrect number of values provided for slice '\w+': expected [\d.*]+, but found \d+|Invalid JSON type: expected \w+, but got \w+|String .*|base64Binary exceeds.*|Expected number .*|Constraint .*)$/;
const EXTRA = /^Invalid additional property "([^"]*)"$/;
/** A word: no digits, so no number of a person is ever repeated. */
const WORD = /^_?[a-z][A-Za-z]{0,40}$/;

const toIssue = (issue: OperationOutcomeIssue): Issue[] => {
  // Its warnings are about reference targets and choices: `reference-targets.ts` and `one-choice.ts` look at more, and refuse.
  if (issue.severity === 'warning') return [];
  // An invariant that cannot be evaluated is said to be not met as well.
  if (issue.code === 'processing') return [];
  const text = issue.details?.text ?? '';
  const at = issue.expression?.[0] ?? null;
  const extra = EXTRA.exec(text)?.[1];
  if (extra !== undefined) {
    const parent = (at ?? '').slice(0, -extra.length - 1);
    // Published examples have them still.
    const help =
      extra === 'fhir_comments'
        ? 'has fhir_comments: they are of DSTU 2, and R4 has none'
        : 'is not an element of this type, or not in this form';
    return [{ at: WORD.test(extra) ? at : parent, code: 'structure', help }];
  }
  if (text === 'Missing required property') return [{ at, code: 'required', help: 'is required' }];
  if (text === 'Value did not match expected pattern') return [{ at, code: 'value', help: 'must have the value that the profile fixes' }];
  return [{ at, code: issue.code ?? 'structure', help: SAFE.test(text) ? text : 'does not fit the profile' }];
};

const check = (resource: JsonObject, definition: string, tokens: Record<string, TypedValueWithPath[]>): OperationOutcomeIssue[] => {
  try {
    return validateTypedValue({ type: definition, value: resource }, { collect: { tokens } });
  } catch (error) {
    if (error instanceof OperationOutcomeError) return error.outcome.issue;
    // Input of the wrong JSON types makes the library stumble; what it stumbles over is never valid, so it is answered, not passed on.
    return [{ severity: 'error', code: 'structure', details: { text: 'cannot be read as this type' } }];
  }
};

type Tokens = Record<string, readonly TypedValueWithPath[]>;

/**
 * Takes each code that the library sees. The library compares every new code with all that it has collected for the same value set (3 s for
 * 20,000 codes), so what it writes is kept elsewhere and it finds nothing there.
 */
const collector = (): { readonly given: Record<string, TypedValueWithPath[]>; readonly tokens: Tokens } => {
  const tokens: Record<string, TypedValueWithPath[]> = {};
  const given = new Proxy<Record<string, TypedValueWithPath[]>>(
    {},
    {
      set: (_, url, values: TypedValueWithPath[]) => {
        const list = tokens[String(url)] ?? [];
        tokens[String(url)] = list;
        list.push(...values);
        return true;
      },
    },
  );
  return { given, tokens };
};

/** The library leaves indexes out of some paths; where there is only one element, it is the one that is meant. */
const indexed = (resource: JsonObject, path: string): string => {
  const [type = '', ...names] = path.split('.');
  let value: unknown = resource;
  return names.reduce((at, name, position) => {
    const [, property = name, index] = /^([^[]+)\[(\d+)\]$/.exec(name) ?? [];
    const held: unknown = isObject(value) ? value[property] : undefined;
    const single = index === undefined && Array.isArray(held) && held.length === 1 && position < names.length - 1;
    value = Array.isArray(held) ? (index !== undefined ? held[Number(index)] : single ? held[0] : undefined) : held;
    return `${at}.${name}${single ? '[0]' : ''}`;
  }, type);
};

/**
 * Cardinality, types, fixed values, slices, invariants and required bindings of one definition: a base type, or the URL of a profile.
 * The definition is known, the depth bounded.
 */
export const structure = (resource: JsonObject, type: string, definition: string): Issue[] => {
  const { bindings } = definitions();
  const { given, tokens } = collector();
  const found = check(resource, definition, given)
    .flatMap(toIssue)
    .map((issue): Issue => ({ ...issue, at: issue.at?.startsWith(type) ? indexed(resource, issue.at) : type }));
  // An element that is not one of FHIR also trips invariants: the cause is said first.
  const isInvariant = ({ code }: Issue): boolean => code === 'invariant';
  return [...found.filter((issue) => !isInvariant(issue)), ...unbound(tokens, bindings), ...found.filter(isInvariant)];
};
