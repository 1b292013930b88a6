import type { Resource } from '@medplum/fhirtypes';
import type { PathStep, SearchParameterDefinition, ValuePath } from '../../../profiles/search-parameters.ts';

/** A resource that says one value under a parameter, and the text by which a search finds it. */
export interface Sample {
  readonly resource: Resource;
  readonly text: string;
}

const build = (steps: readonly PathStep[], value: unknown): unknown => {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  const inner = build(rest, value);
  return typeof step === 'string' ? { [step]: inner } : { ...step, ...(inner as object) };
};

const DAY = (n: number): string => `2026-0${n}-15`;

/** The n-th value of a type, and how a search writes it. */
const valueAsked = (definition: SearchParameterDefinition, { as, refersTo, system }: ValuePath, n: number): readonly [unknown, string] => {
  switch (as) {
    case 'CodeableConcept':
      return [{ coding: [{ system: 'https://example.org/codes', code: `code-${n}` }] }, `https://example.org/codes|code-${n}`];
    case 'Coding':
      return [{ system: 'https://example.org/codes', code: `code-${n}` }, `code-${n}`];
    case 'Identifier':
      return [{ system: 'https://example.org/ids', value: `value-${n}` }, `https://example.org/ids|value-${n}`];
    case 'ContactPoint':
      return [{ value: `01632 96000${n}` }, `0163296000${n}`];
    case 'boolean':
      return [n === 1, String(n === 1)];
    case 'code':
      return [`code-${n}`, system === undefined ? `code-${n}` : `${system}|code-${n}`];
    case 'Reference': {
      const type = refersTo ?? definition.target.find((each) => each !== 'Resource') ?? 'Basic';
      return [{ reference: `${type}/r${n}` }, `${type}/r${n}`];
    }
    case 'canonical':
    case 'uri':
    case 'url':
      return [`https://example.org/things/${n}`, `https://example.org/things/${n}`];
    case 'HumanName':
      return [{ family: n === 1 ? 'Ámber-Example' : 'Basil-Example', given: ['Test'] }, n === 1 ? 'AMBER' : 'basil'];
    case 'string':
    case 'markdown':
      return definition.is === 'string' ? [`Örder ${n} of words`, `order ${n}`] : [`word-${n}`, `word-${n}`];
    case 'date':
      return [DAY(n), DAY(n)];
    case 'dateTime':
    case 'instant':
      return [`${DAY(n)}T10:00:00Z`, DAY(n)];
    case 'Period':
      return [{ start: DAY(n), end: DAY(n) }, DAY(n)];
    case 'Timing':
      return [{ event: [`${DAY(n)}T10:00:00Z`] }, DAY(n)];
    default:
      throw new Error(`no sample of ${as}`);
  }
};

/** Two samples that differ for each path of a parameter. */
export const samplesOf = (definition: SearchParameterDefinition): readonly (readonly [Sample, Sample])[] => {
  const { type, paths } = definition;
  const toSample = (path: ValuePath, n: number): Sample => {
    const [value, text] = valueAsked(definition, path, n);
    // As much of a resource as the index reads: nothing here is validated.
    return { resource: { resourceType: type, ...(build(path.steps, value) as object) } as Resource, text };
  };
  if (paths.length > 0) return paths.map((path) => [toSample(path, 1), toSample(path, 2)]);
  const patient = (deceasedBoolean: boolean): Sample => ({
    resource: { resourceType: 'Patient', deceasedBoolean },
    text: String(deceasedBoolean),
  });
  return [[patient(true), patient(false)]];
};
