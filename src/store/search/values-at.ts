import { evalFhirPathTyped, parseFhirPath, toTypedValue } from '@medplum/core';
import type { FhirPathAtom } from '@medplum/core';
import type { Resource } from '@medplum/fhirtypes';
import type { PathStep, SearchParameterDefinition, ValuePath } from '../../../profiles/search-parameters.ts';

/** One value that a parameter finds a resource by, and its R4 type. */
export interface FoundValue {
  readonly value: unknown;
  readonly path: Pick<ValuePath, 'as' | 'refersTo'>;
}

type JsonObject = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null;

// Each is parsed once: the parse takes longer than the evaluation.
const parsed = new Map<string, FhirPathAtom>();

const parsedOf = (expression: string): FhirPathAtom => {
  const known = parsed.get(expression);
  if (known !== undefined) return known;
  const atom = parseFhirPath(expression);
  parsed.set(expression, atom);
  return atom;
};

const isAt = (value: unknown, wanted: JsonObject): boolean =>
  isObject(value) && Object.entries(wanted).every(([name, text]) => value[name] === text);

const collect = (value: unknown, steps: readonly PathStep[], from: number, found: unknown[]): void => {
  if (value === undefined || value === null) return;
  if (Array.isArray(value)) {
    for (const each of value) collect(each, steps, from, found);
    return;
  }
  const step = steps[from];
  if (step === undefined) found.push(value);
  else if (typeof step !== 'string') {
    if (isAt(value, step)) collect(value, steps, from + 1, found);
  } else if (isObject(value)) collect(value[step], steps, from + 1, found);
};

/**
 * The values of a parameter in a resource. Paths are walked by themselves, and a test holds both to the same answer: the 22 of a CarePlan of
 * 6 KB take 3 us, and the library's evaluation 86 us (measured). What is no path the library evaluates.
 */
export const valuesAt = (resource: Resource, { expression, paths }: SearchParameterDefinition): readonly FoundValue[] => {
  if (paths.length === 0)
    return evalFhirPathTyped(parsedOf(expression), [toTypedValue(resource)]).map(({ value, type }) => ({ value, path: { as: type } }));
  const all: FoundValue[] = [];
  for (const path of paths) {
    const found: unknown[] = [];
    collect(resource, path.steps, 0, found);
    for (const value of found) all.push({ value, path });
  }
  return all;
};
